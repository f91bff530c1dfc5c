"""The cache of audits: what is asked once, what is kept, and what becomes of a bad file."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import make_note
from virtual_time import run_in_virtual_time

from medical_team.errors import JudgeOutage, JudgeTimeout, JudgeUnreachable
from medical_team.judge import AuditRequest, BatchedJudge, FailureKind, JudgeFailure
from medical_team.judge.cache.cached import CachedJudge, key_of
from medical_team.judge.deadline import Deadline, standing_still
from medical_team.types import Assessment, Audit, Edit, ErrorType, GameType, Verdict


class CountingJudge:
    """Answers by content and remembers the games it was asked about; may fail, and may wait until it is let go."""

    def __init__(self, name: str = "counting-1") -> None:
        self.name = name
        self.asked: list[int] = []
        self.fails: FailureKind | None = None
        self.raises: bool | Exception = False
        self.says_it_is: str | None = None
        self.gate: asyncio.Event | None = None

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        self.asked += [request.game_id for request in requests]
        if self.gate:
            await self.gate.wait()
        if self.raises:
            raise self.raises if isinstance(self.raises, Exception) else JudgeUnreachable("gone")
        if self.fails:
            return [JudgeFailure(self.fails) for _ in requests]
        judge = self.says_it_is or self.name
        return [Audit(True, judge, request.edit.replacement, 0.5, None, False) for request in requests]


def request(content: int, game_id: int = 0) -> AuditRequest:
    note = make_note(0, harmful=True)
    edit = Edit(0, f"content-{content}", ErrorType.DIAGNOSIS)
    return AuditRequest(game_id, GameType.ADVERSARIAL_HARMFUL, note, edit, note)


@pytest.fixture
def judge() -> CountingJudge:
    return CountingJudge()


async def test_what_was_audited_is_not_asked_again_whatever_the_game(tmp_path: Path, judge: CountingJudge):
    cached = CachedJudge(judge, tmp_path / "audits.sqlite")
    first = await cached.audit([request(1, 0), request(2, 1), request(1, 2)], 1.0)
    second = await cached.audit([request(2, 3), request(3, 4)], 1.0)
    assert len(judge.asked) == 3, "the same edit in two games of a batch is asked about once"
    assert [getattr(answer, "reason", None) for answer in first + second] == [
        f"content-{number}" for number in (1, 2, 1, 2, 3)
    ]
    assert first[1] == second[0] == Audit(True, "counting-1", "content-2", 0.5, None, False)
    assert cached.hit_rate == pytest.approx(2 / 5)


async def test_a_resumed_run_finds_its_audits(tmp_path: Path, judge: CountingJudge):
    before = CachedJudge(judge, tmp_path / "run" / "audits.sqlite")
    await before.audit([request(1), request(2)], 1.0)
    before.close()
    after = CachedJudge(CountingJudge(), tmp_path / "run" / "audits.sqlite")
    assert after.hit_rate == 0.0
    assert all(isinstance(answer, Audit) for answer in await after.audit([request(2), request(1)], 1.0))
    assert after.hit_rate == 1.0


async def test_a_failure_is_not_kept(tmp_path: Path, judge: CountingJudge):
    cached = CachedJudge(judge, tmp_path / "audits.sqlite")
    judge.fails = FailureKind.ABSTAINED
    assert await cached.audit([request(1)], 1.0) == [JudgeFailure(FailureKind.ABSTAINED)]
    judge.fails, judge.raises = None, True
    with pytest.raises(JudgeUnreachable):
        await cached.audit([request(1)], 1.0)
    judge.raises = False
    assert isinstance((await cached.audit([request(1)], 1.0))[0], Audit)


async def test_another_judge_or_prompt_version_has_audits_of_its_own(tmp_path: Path, judge: CountingJudge):
    await CachedJudge(judge, tmp_path / "audits.sqlite").audit([request(1)], 1.0)
    other = CountingJudge("counting-2")
    await CachedJudge(other, tmp_path / "audits.sqlite").audit([request(1)], 1.0)
    assert other.asked == [0]


async def test_an_audit_by_somebody_else_is_not_kept_under_this_judges_name(tmp_path: Path, judge: CountingJudge):
    cached = CachedJudge(judge, tmp_path / "audits.sqlite")
    judge.says_it_is = "restarted-as-another"
    await cached.audit([request(1)], 1.0)
    await cached.audit([request(1)], 1.0)
    assert len(judge.asked) == 2


async def test_what_a_judge_said_can_be_forgotten_and_that_of_others_stays(tmp_path: Path, judge: CountingJudge):
    cached = CachedJudge(judge, tmp_path / "audits.sqlite")
    await cached.audit([request(1)], 1.0)
    judge.name = "counting-2"
    await cached.audit([request(1)], 1.0)

    cached.forget("counting-1")
    await cached.audit([request(1)], 1.0)
    assert len(judge.asked) == 2, "the second judge's audit is still there"
    cached.close()
    resumed = CountingJudge()
    again = CachedJudge(resumed, tmp_path / "audits.sqlite")
    await again.audit([request(1)], 1.0)
    assert resumed.asked == [0], "the first judge's is not"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medical_team.judge.cache.store.BUSY_MS", 0)


@pytest.mark.usefixtures("impatient")
async def test_where_audits_cannot_be_deleted_the_file_goes(
    tmp_path: Path, judge: CountingJudge, caplog: pytest.LogCaptureFixture
):
    path = tmp_path / "audits.sqlite"
    cached = CachedJudge(judge, path)
    await cached.audit([request(1)], 1.0)
    other = sqlite3.connect(path)
    other.execute("BEGIN IMMEDIATE")
    cached.forget(judge.name)
    other.close()
    assert not path.exists() and "deleted" in caplog.text
    assert isinstance((await cached.audit([request(1)], 1.0))[0], Audit)


@pytest.mark.usefixtures("impatient")
async def test_a_file_that_was_given_up_is_forgotten_too(tmp_path: Path, judge: CountingJudge):
    path = tmp_path / "audits.sqlite"
    cached = CachedJudge(judge, path)
    await cached.audit([request(1)], 1.0)
    other = sqlite3.connect(path)
    other.execute("BEGIN IMMEDIATE")
    await cached.audit([request(2)], 1.0)
    other.close()
    cached.forget(judge.name)
    assert not path.exists()


def test_the_key_is_of_all_that_decides_and_of_nothing_else():
    base = request(1)
    error_note, clean_note = make_note(0, harmful=True), make_note(0, harmful=False)
    others = [
        request(2),
        replace(base, game_type=GameType.ADVERSARIAL_BENIGN),
        replace(base, note=clean_note),
        replace(base, note=replace(error_note, corrected_sentence="Another.")),
        replace(base, shown=clean_note),
        replace(base, edit=replace(base.edit, sentence_id=1)),
        replace(base, edit=replace(base.edit, error_type=ErrorType.TREATMENT)),
        replace(base, assessment=Assessment(Verdict.HARMFUL, 0, "Right.", "Why.")),
        replace(base, assessment=Assessment(Verdict.HARMFUL, 0, "Right.", "Why not.")),
    ]
    keys = [key_of(one, "judge-1") for one in (base, *others)] + [key_of(base, "judge-2")]
    assert len(set(keys)) == len(keys)
    assert key_of(replace(base, game_id=99), "judge-1") == keys[0]


async def test_what_is_being_asked_is_not_asked_twice(tmp_path: Path, judge: CountingJudge):
    cached = CachedJudge(judge, tmp_path / "audits.sqlite")
    judge.gate = asyncio.Event()
    asked = [asyncio.create_task(cached.audit([request(1, game), request(2, game)], 1.0)) for game in range(5)]
    await asyncio.sleep(0.01)
    judge.gate.set()
    answers = await asyncio.gather(*asked)
    assert judge.asked == [0, 0]
    assert all([audit.reason for audit in pair] == ["content-1", "content-2"] for pair in answers)
    assert cached.hit_rate == 0.8


async def test_who_waits_for_anothers_audit_does_not_pay_for_the_judges_absence(tmp_path: Path, judge: CountingJudge):
    class Away(CountingJudge):
        async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
            with standing_still():
                await asyncio.sleep(0.6)
            return await super().audit(requests, deadline_s)

    async def ask() -> list[Audit | JudgeFailure]:
        async with Deadline(0.3):
            return await cached.audit([request(1)], 0.3)

    cached = CachedJudge(Away(), tmp_path / "audits.sqlite")
    first, second = await asyncio.gather(ask(), ask())
    assert first == second and isinstance(first[0], Audit)


async def asked_at_once(cached: CachedJudge, judge: CountingJudge, times: int) -> list[asyncio.Task]:
    """So many equal requests, of which the judge has been asked the first and the others wait for it."""
    judge.gate = asyncio.Event()
    tasks = [asyncio.create_task(cached.audit([request(1, game)], 60.0)) for game in range(times)]
    for _ in range(3):
        await asyncio.sleep(0)
    assert judge.asked == [0]
    return tasks


async def test_who_waits_for_anothers_audit_asks_itself_when_that_one_is_cancelled(
    tmp_path: Path, judge: CountingJudge
):
    cached = CachedJudge(judge, tmp_path / "audits.sqlite")
    first, second, third = await asked_at_once(cached, judge, 3)
    first.cancel()
    judge.gate.set()
    outcomes = await asyncio.wait_for(asyncio.gather(first, second, third, return_exceptions=True), timeout=30)
    assert isinstance(outcomes[0], asyncio.CancelledError)
    assert [type(outcome) for outcome in outcomes[1:]] == [list, list]
    assert judge.asked == [0, 1], "one of the two asks, the other takes its audit"


async def test_who_waits_for_anothers_audit_gets_the_failure_in_its_place(tmp_path: Path, judge: CountingJudge):
    cached = CachedJudge(judge, tmp_path / "audits.sqlite")
    tasks = await asked_at_once(cached, judge, 3)
    judge.fails = FailureKind.MALFORMED
    judge.gate.set()
    assert await asyncio.gather(*tasks) == [[JudgeFailure(FailureKind.MALFORMED)]] * 3
    assert judge.asked == [0]


async def test_a_whole_batch_that_failed_fails_for_who_waited_only_what_was_in_it(tmp_path: Path, judge: CountingJudge):
    cached = CachedJudge(judge, tmp_path / "audits.sqlite")
    await cached.audit([request(2)], 1.0)
    judge.asked.clear()
    (first,) = await asked_at_once(cached, judge, 1)
    second = asyncio.create_task(cached.audit([request(1), request(2)], 60.0))
    await asyncio.sleep(0)
    judge.raises = True
    judge.gate.set()
    with pytest.raises(JudgeUnreachable):
        await first
    failed, kept = await second
    assert failed == JudgeFailure(FailureKind.UNREACHABLE, "gone") and isinstance(kept, Audit)
    assert judge.asked == [0]


async def test_a_judge_that_stays_away_is_an_outage_for_who_waited_too(tmp_path: Path, judge: CountingJudge):
    cached = CachedJudge(judge, tmp_path / "audits.sqlite")
    tasks = await asked_at_once(cached, judge, 2)
    judge.raises = JudgeOutage("away for too long")
    judge.gate.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [JudgeOutage, JudgeOutage]


# What a deadline within is shorter than the one around it.
SHARE = 0.011


class Hanging(CountingJudge):
    """Never answers; says that it is away for the first so many seconds of each asking."""

    def __init__(self, away_s: float = 0.0) -> None:
        super().__init__()
        self._away_s = away_s

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        self.asked += [request.game_id for request in requests]
        with standing_still():
            await asyncio.sleep(self._away_s)
        await asyncio.Event().wait()
        raise AssertionError("it never answers")


async def ends_of(judge: CountingJudge, path: Path, starts: Sequence[float], deadline_s: float) -> list[float]:
    """When equal requests end without an audit, by when they are made; in seconds, as games ask for them."""
    audits = BatchedJudge(CachedJudge(judge, path), batch_size=1, max_wait_s=0.0, deadline_s=deadline_s)

    async def ask(game: int, start: float) -> float:
        await asyncio.sleep(start)
        with pytest.raises(JudgeTimeout):
            await audits.audit_one(request(1, game))
        return asyncio.get_running_loop().time()

    return await asyncio.gather(*(ask(game, start) for game, start in enumerate(starts)))


@pytest.mark.parametrize("starts", [[0.0] * 6, [0.0, 0.05, 0.1, 0.15, 0.19]])
def test_a_judge_that_hangs_costs_equal_requests_one_deadline_each(tmp_path: Path, starts: list[float]):
    ends = run_in_virtual_time(ends_of(Hanging(), tmp_path / "audits.sqlite", starts, 0.2))
    assert ends == pytest.approx([start + 0.2 for start in starts], rel=SHARE)


def test_who_waits_stands_still_as_long_as_who_asks_and_no_longer(tmp_path: Path):
    ends = run_in_virtual_time(ends_of(Hanging(away_s=5.0), tmp_path / "audits.sqlite", [0.0] * 6, 0.2))
    assert ends == pytest.approx([5.2] * 6, rel=SHARE)


def test_who_comes_while_the_judge_is_away_stands_still_too(tmp_path: Path):
    ends = run_in_virtual_time(ends_of(Hanging(away_s=5.0), tmp_path / "audits.sqlite", [0.0, 4.0], 0.2))
    assert ends[0] == pytest.approx(5.2, rel=SHARE)
    assert ends[1] == pytest.approx(5.2, rel=SHARE)


def test_who_asks_in_the_place_of_another_has_what_is_left_of_its_own_deadline(tmp_path: Path):
    given: list[float] = []

    class Slow(Hanging):
        async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
            given.append(deadline_s)
            return await super().audit(requests, deadline_s)

    run_in_virtual_time(ends_of(Slow(), tmp_path / "audits.sqlite", [0.0, 0.15], 0.2))
    assert given == pytest.approx([0.2, 0.15], rel=2 * SHARE)


@pytest.mark.parametrize("content", [b"this is no database" * 100, b"SQLite format 3\x00" + b"\xff" * 5000])
async def test_a_damaged_file_is_one_warning_and_a_new_file(
    tmp_path: Path, judge: CountingJudge, content: bytes, caplog: pytest.LogCaptureFixture
):
    path = tmp_path / "audits.sqlite"
    path.write_bytes(content)
    cached = CachedJudge(judge, path)
    for _ in range(3):
        assert isinstance((await cached.audit([request(1)], 1.0))[0], Audit)
    assert judge.asked == [0]
    assert [record.levelname for record in caplog.records] == ["WARNING"]


async def test_a_file_damaged_within_the_run_is_one_too(
    tmp_path: Path, judge: CountingJudge, caplog: pytest.LogCaptureFixture
):
    path = tmp_path / "audits.sqlite"
    cached = CachedJudge(judge, path)
    await cached.audit([request(number) for number in range(200)], 1.0)
    cached.close()
    cached = CachedJudge(judge, path)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    answers = await cached.audit([request(number) for number in range(200)], 1.0)
    answers += await cached.audit([request(number) for number in range(200)], 1.0)
    assert all(isinstance(answer, Audit) for answer in answers)
    assert cached.hit_rate >= 0.5 and len(caplog.records) == 1


async def test_a_file_that_cannot_be_written_costs_a_warning(
    tmp_path: Path, judge: CountingJudge, caplog: pytest.LogCaptureFixture
):
    path = tmp_path / "audits.sqlite"
    cached = CachedJudge(judge, path)
    other = sqlite3.connect(path)
    other.execute("BEGIN EXCLUSIVE")
    assert isinstance((await cached.audit([request(1)], 1.0))[0], Audit)
    other.close()
    assert len(caplog.records) == 1 and path.exists()


async def test_the_file_is_its_owners_and_has_no_text(tmp_path: Path, judge: CountingJudge):
    path = tmp_path / "audits.sqlite"
    cached = CachedJudge(judge, path)
    asked = replace(request(1), edit=Edit(0, "Mr Xanthopoulos", ErrorType.DIAGNOSIS))
    judge.audit = _coded  # an audit whose reason is a code, as it should be
    await cached.audit([asked], 1.0)
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert b"Xanthopoulos" not in file.read_bytes() and b"Finding" not in file.read_bytes()


async def _coded(requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
    return [Audit(True, "counting-1", "wrong") for _ in requests]
