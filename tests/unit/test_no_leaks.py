"""A name planted in a note is in the private records and nowhere else: no log line, metric, table or error has it."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from fakes import FakeDeck, FakeEngine, Habits, generation, make_note
from rich.console import Console

from medical_team.config import Config, GatesConfig, RewardsConfig, to_yaml
from medical_team.errors import MedicalTeamError, QuarantineLimit, RolloutError, UntoldLimit
from medical_team.game.prompts import Message, assessor_answer, attacker_answer
from medical_team.judge import AuditRequest, BatchedJudge, FailureKind, JudgeFailure
from medical_team.judge.rejudge import main
from medical_team.manager import MedicalGameManager
from medical_team.metrics import MetricsWriter, summarise
from medical_team.records import GameRecorder
from medical_team.report.summary import game_table, training_table
from medical_team.types import (
    Assessment,
    Audit,
    Deal,
    Edit,
    ErrorType,
    GameType,
    Generation,
    Note,
    Outcome,
    Role,
    Verdict,
)

NAME = "Zebulon Quarkheimer"


class NamedDeck(FakeDeck):
    """Every sentence of every note has the name in it."""

    def deal(self, game_type: GameType) -> Deal:
        deal = super().deal(game_type)
        note = make_note(deal.game_id % 20, harmful=deal.note.has_error)
        sentences = tuple(f"{NAME} {sentence}" for sentence in note.sentences)
        corrected = f"{NAME} {note.corrected_sentence}" if note.corrected_sentence else None
        named = Note(note.note_id, sentences, note.group, note.error_type, note.error_sentence_id, corrected)
        return Deal(deal.game_id, game_type, named, deal.seed)


class NamingEngine(FakeEngine):
    """Writes the name wherever a player can write."""

    async def generate(self, messages: list[Message], *, seed: int) -> Generation:
        answer = await super().generate(messages, seed=seed)
        return answer if answer.text.startswith("<think>") else generation(f"{NAME} {answer.text}", seed)

    def _attack(self, sentences: list[str], rng: random.Random) -> str:
        number = rng.randrange(len(sentences))
        replacement = sentences[number].replace("Finding", rng.choice(("Ketchup", "Mustard", "Vinegar", "Finding")))
        return attacker_answer(Edit(number, replacement, ErrorType.DIAGNOSIS), f"{NAME} hurts")

    def _assess(self, sentences: list[str], rng: random.Random, explanation: str | None) -> str:
        if rng.random() < 0.3:
            return assessor_answer(Assessment(Verdict.SAFE), f"{NAME} is well")
        answer = Assessment(Verdict.HARMFUL, 0, f"{NAME} is right.", explanation and f"{NAME} is odd.")
        return assessor_answer(answer, f"{NAME} is ill")


class GossipingJudge:
    """Fails in every way there is and repeats the note in each of its messages, as a server elsewhere might."""

    name = "gossip-1"

    def __init__(self, fails: float = 0.1, contradicts: float = 0.3, unsure: float = 0.0) -> None:
        self._fails = fails
        self._contradicts = contradicts
        self._unsure = unsure

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        return [self._one(request) for request in requests]

    def _one(self, request: AuditRequest) -> Audit | JudgeFailure:
        rng = random.Random(f"gossip-{request.game_id}")
        if rng.random() < self._fails:
            return JudgeFailure(rng.choice(list(FailureKind)), request.shown.sentences[0])
        answer = None if rng.random() < self._unsure else rng.random() >= self._contradicts
        return Audit(answer, self.name, request.shown.sentences[0], 0.5, explanation_right=False)


def make_manager(judge: GossipingJudge, recorder: GameRecorder, **others: float) -> MedicalGameManager:
    habits = Habits(malformed=0.1, truncated=0.1, fails=0.1)
    error_notes = bool(others.pop("error_notes", True))
    clean = {kind: float(error_notes or kind.source_truth is Verdict.SAFE) for kind in GameType}
    return MedicalGameManager(
        NamedDeck(error_notes=error_notes),
        {role: NamingEngine(role, habits) for role in Role},
        BatchedJudge(judge, batch_size=8, max_wait_s=0.001, deadline_s=10.0),
        mix=clean,
        gates=GatesConfig(),
        rewards=RewardsConfig(),
        concurrency=16,
        explanations=True,
        record=recorder.append,
        **{"max_deals_factor": 8.0, **others},
    )


def assert_unnamed(*texts: str) -> None:
    for text in texts:
        assert not [part for part in NAME.split() if part.casefold() in text.casefold()]


def everything_written(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".parquet"]


@pytest.fixture
def recorder(tmp_path: Path) -> GameRecorder:
    return GameRecorder(tmp_path / "run" / "games")


def test_a_run_and_its_re_judging_keep_the_name_to_themselves(
    tmp_path: Path,
    recorder: GameRecorder,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = tmp_path / "run"
    caplog.set_level(logging.DEBUG)
    manager, writer = make_manager(GossipingJudge(), recorder), MetricsWriter(run)
    outcomes = set()
    for step in (1, 2, 3):
        stats = asyncio.run(manager.collect(60)).stats
        outcomes |= {outcome for _, outcome in stats.games.outcomes}
        recorder.flush(step)
        writer.write(step, summarise(stats))
    writer.close()
    assert outcomes == set(Outcome), "every way a game can end must be in it"
    console = Console(record=True, width=200)
    for table in (game_table(writer.read()), training_table(writer.read())):
        console.print(table)
    (run / "config.yaml").write_text(
        to_yaml(Config.model_validate({"judge": {"explanations": True, "model": "judge"}}))
    )
    monkeypatch.setattr("medical_team.judge.opening.make_judge", lambda name, gates, notes: GossipingJudge(fails=0.5))
    main([str(run), "--judge", "rule", "judge.explanations=false", "--json", str(tmp_path / "report.json")])

    assert caplog.records, "failures are logged"
    shown = capsys.readouterr()
    assert_unnamed(caplog.text, shown.out, shown.err, console.export_text(), json.dumps(manager.state()))
    assert_unnamed(*(content.decode(errors="replace") for content in everything_written(tmp_path)))
    assert NAME.encode() in b"".join(path.read_bytes() for path in run.rglob("*.parquet")), "it is in the records"


@pytest.mark.parametrize(
    ("judge", "limits", "expected"),
    [
        (GossipingJudge(contradicts=1.0, fails=0.0), {"max_deals_factor": 1.0, "error_notes": False}, RolloutError),
        (GossipingJudge(unsure=0.9), {"max_untold": 0.2}, UntoldLimit),
        (GossipingJudge(contradicts=0.5, fails=0.0), {"max_quarantine": 0.2}, QuarantineLimit),
    ],
)
def test_what_ends_a_run_has_numbers_and_no_name(
    recorder: GameRecorder,
    caplog: pytest.LogCaptureFixture,
    judge: GossipingJudge,
    limits: dict[str, float],
    expected: type[MedicalTeamError],
) -> None:
    caplog.set_level(logging.DEBUG)
    manager = make_manager(judge, recorder, **limits)
    with pytest.raises(expected, match=r"\d+ of \d+") as caught:
        asyncio.run(manager.collect(120))
        manager.check_quarantine()
    assert_unnamed(str(caught.value), *getattr(caught.value, "__notes__", ()), caplog.text)
