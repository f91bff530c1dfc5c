"""The turns of a broken-off step: kept as they were, answered from, and never taken for those of another."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeEngine, make_note
from hypothesis import given
from hypothesis import strategies as st

from medical_team.checkpoints import JournaledEngine, TurnJournal
from medical_team.errors import DiskFull, EngineError
from medical_team.game.prompts import Message, assessor_messages
from medical_team.types import Generation, Role

GENERATION = Generation((1, 2, 3), (4, 5), 'He said: "é\n', True, (-0.1, -1e-300), 7)
ASKED = assessor_messages(make_note(1, harmful=True))


def reopened(folder: Path, step: int = 3, position: str = "p") -> tuple[TurnJournal, int]:
    journal = TurnJournal(folder)
    return journal, journal.begin(step, position)


token_ids = st.lists(st.integers(0, 2**40), max_size=5).map(tuple)
generations = st.builds(
    Generation,
    token_ids,
    token_ids,
    st.text(),
    st.booleans(),
    st.none() | st.lists(st.floats(allow_nan=False), max_size=5).map(tuple),
    st.integers(0, 10**6),
)


@given(turns=st.dictionaries(st.text("0123456789abcdef", min_size=1), generations, max_size=4))
def test_turns_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, turns: dict[str, Generation]):
    folder = tmp_path_factory.mktemp("journal")
    journal, _ = reopened(folder)
    for key, generation in turns.items():
        journal.keep(key, generation)

    again, count = reopened(folder)

    assert count == len(turns)
    assert {key: again.answer(key) for key in turns} == turns


@given(cut=st.integers(1, 400))
def test_a_record_that_was_cut_off_is_dropped_and_the_ones_before_it_are_there(
    tmp_path_factory: pytest.TempPathFactory, cut: int
):
    folder = tmp_path_factory.mktemp("journal")
    journal, _ = reopened(folder)
    sizes = [size(folder)]
    for key in "abc":
        journal.keep(key, GENERATION)
        sizes.append(size(folder))
    left = max(sizes[0], sizes[-1] - cut)
    os.truncate(folder / "rollout.journal", left)

    again, count = reopened(folder)

    assert count == sum(end <= left for end in sizes[1:])
    again.keep("d", GENERATION)
    assert reopened(folder)[1] == count + 1, "what comes after a record that was cut off is whole"


def size(folder: Path) -> int:
    return (folder / "rollout.journal").stat().st_size


def test_a_record_that_changed_is_dropped_and_said(tmp_path: Path, caplog: Any):
    caplog.set_level("INFO")
    journal, _ = reopened(tmp_path)
    journal.keep("a", GENERATION)
    raw = (tmp_path / "rollout.journal").read_bytes()
    (tmp_path / "rollout.journal").write_bytes(raw[:-3] + b"\0" + raw[-2:])

    assert reopened(tmp_path)[1] == 0
    assert "was cut off and is dropped" in caplog.text and "He said" not in caplog.text


@pytest.mark.parametrize(("step", "position", "said"), [(4, "p", False), (3, "q", True), (2, "p", True)])
def test_turns_of_another_step_or_of_other_weights_are_set_aside(
    tmp_path: Path, step: int, position: str, said: bool, caplog: Any
):
    """And it is said where they are of a step that was broken off; those of an earlier one were learnt from."""
    caplog.set_level("INFO")
    journal, _ = reopened(tmp_path)
    journal.keep("a", GENERATION)

    again, count = reopened(tmp_path, step, position)

    assert (count, again.answer("a")) == (0, None)
    assert ("1 turns of a broken-off step are set aside" in caplog.text) is said
    assert reopened(tmp_path)[1] == 0, "they are gone"


def test_it_is_its_owners_alone(tmp_path: Path):
    old_mask = os.umask(0)
    try:
        reopened(tmp_path / "journal")
    finally:
        os.umask(old_mask)

    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "journal" / "rollout.journal").stat().st_mode & 0o777 == 0o600


def test_one_that_others_can_write_is_not_read(tmp_path: Path, caplog: Any):
    journal, _ = reopened(tmp_path)
    journal.keep("a", GENERATION)
    (tmp_path / "rollout.journal").chmod(0o622)

    assert reopened(tmp_path)[1] == 0
    assert "is not this user's alone" in caplog.text


def test_a_learnt_run_leaves_none(tmp_path: Path):
    journal, _ = reopened(tmp_path)
    journal.keep("a", GENERATION)
    journal.clear()

    assert not (tmp_path / "rollout.journal").exists()


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    journal, _ = reopened(tmp_path)

    def full(descriptor: int, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(DiskFull, match=r"rollout\.journal could not be written"):
        journal.keep("a", GENERATION)


def test_a_disk_that_fills_up_within_a_record_is_named_and_costs_that_record_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    journal, _ = reopened(tmp_path)
    journal.keep("a", GENERATION)
    write = os.write

    def nearly_full(descriptor: int, content: bytes) -> int:
        if len(content) <= 10:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, content[:-10])

    with monkeypatch.context() as patches:
        patches.setattr(os, "write", nearly_full)
        with pytest.raises(DiskFull, match=r"rollout\.journal could not be written"):
            journal.keep("b", GENERATION)

    again, count = reopened(tmp_path)
    assert (count, again.answer("a")) == (1, GENERATION)


def test_a_record_that_is_taken_in_pieces_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    journal, _ = reopened(tmp_path)
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: write(descriptor, content[:7]))

    journal.keep("a", GENERATION)

    assert reopened(tmp_path)[0].answer("a") == GENERATION


def test_a_disk_on_which_it_cannot_be_begun_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(path: Path, *_more: int) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(DiskFull, match=r"rollout\.journal could not be written"):
        TurnJournal(tmp_path).begin(1, "p")


def test_a_finished_turn_is_not_sampled_again(tmp_path: Path):
    def ask(engine: FakeEngine, seeds: range, sampling: str = "96/1.0") -> list[Generation]:
        journal, _ = reopened(tmp_path)
        journaled = JournaledEngine(engine, journal, sampling)

        async def all_of_them() -> list[Generation]:
            return [await journaled.generate(ASKED, seed=seed) for seed in seeds]

        return asyncio.run(all_of_them())

    before, after, other = FakeEngine(Role.ASSESSOR), FakeEngine(Role.ASSESSOR), FakeEngine(Role.ASSESSOR)
    first = ask(before, range(5))
    assert ask(after, range(8))[:5] == first
    assert (before.requests, after.requests) == (5, 3)
    ask(other, range(8), sampling="96/0.5")
    assert other.requests == 8, "another temperature asks for other answers"


def test_a_turn_that_fails_is_asked_again(tmp_path: Path):
    class Broken:
        async def generate(self, messages: list[Message], *, seed: int) -> Generation:
            raise EngineError("the engine is gone")

    journal, _ = reopened(tmp_path)
    with pytest.raises(EngineError):
        asyncio.run(JournaledEngine(Broken(), journal, "").generate(ASKED, seed=1))
    assert reopened(tmp_path)[1] == 0
