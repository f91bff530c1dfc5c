"""The numbers of a run: their names, and where they are kept.

``summarise`` names what a step's games came to; the trainer adds losses and timing and gives all to
``MetricsWriter``, which keeps one line a step in ``metrics.jsonl`` and the same for TensorBoard.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from medical_team.game.parsing import Violation
from medical_team.judge import FailureKind
from medical_team.manager.batch import CollectStats
from medical_team.manager.tally import GameTally, Question
from medical_team.types import Baselines, GameType, Outcome, Role, Verdict


def summarise(stats: CollectStats) -> dict[str, float]:
    """The metrics of a step's games. A rate that nothing can be said about is left out.

    ``<role>/reward``, also by term and by game type, is a mean over the turns that may be trained on, win and located
    rates are over counted games, gate pass and parse rates over answers, quarantine rates over dealt adversarial games,
    the rates of what the judge said over its audits, its failures over the games it was asked about; surplus games
    count.
    ``.../all`` is over all game types together.
    """
    games = stats.games
    metrics = {"games/all": games.games, "substitutions": stats.substitutions}
    metrics |= {f"games/{kind}": count for kind, count in stats.deals.items()}
    metrics |= {f"samples/{role}/{kind}": count for (role, kind), count in stats.samples.items()}
    metrics |= {f"drops/{role}/{kind}/{why}": count for (role, kind, why), count in stats.drops.items()}
    metrics |= {f"baseline/{term.name}": getattr(stats.baselines, term.name) for term in fields(Baselines)}
    metrics |= {f"sentinel/{sentinel}": value for sentinel, value in stats.sentinels.items()}
    for kind in stats.deals:
        metrics |= dict(_rates(games, kind)) | dict(_judge_failures(games, kind))
        metrics |= dict(_judged(games, kind, (kind,)))
    metrics |= dict(_judged(games, "all", tuple(stats.deals)))
    for role in Role:
        metrics |= dict(_answers(games, role))
    for (role, part), spread in games.rewards.items():
        metrics[f"{role}/reward" if part == "total" else f"{role}/reward/{part}"] = spread.mean
    for (role, kind), spread in games.totals.items():
        metrics[f"{role}/reward/{kind}"] = spread.mean
    for phase, spread in games.seconds.items():
        metrics[f"timing/{phase}_mean"] = spread.mean
        metrics[f"timing/{phase}_max"] = spread.largest
        metrics[f"timing/{phase}_sum"] = spread.total
    return {name: float(value) for name, value in metrics.items()}


def _rates(games: GameTally, kind: GameType) -> Iterator[tuple[str, float]]:
    """How one game type went."""
    counted = games.outcomes[kind, Outcome.COUNTED]
    if counted:
        yield f"assessor/win_rate/{kind}", games.right[kind] / counted
        if kind.shown_truth is Verdict.HARMFUL:
            yield f"assessor/located_rate/{kind}", games.located[kind] / counted
    turns = games.turns[Role.ATTACKER, kind]
    if turns:
        failed = [n for (role, dealt, _), n in games.violations.items() if (role, dealt) == (Role.ATTACKER, kind)]
        yield f"attacker/gate_pass_rate/{kind}", 1.0 - sum(failed) / turns


def _judged(games: GameTally, name: str, kinds: Sequence[GameType]) -> Iterator[tuple[str, float]]:
    """What the judge made of the games of some types; only adversarial ones are audited."""
    attacked = [kind for kind in kinds if kind.has_attacker]
    played = sum(count for (kind, _), count in games.outcomes.items() if kind in attacked)
    if played:
        quarantined = sum(games.outcomes[kind, Outcome.QUARANTINED] for kind in attacked)
        yield f"quarantine_rate/{name}", quarantined / played

    def count(question: Question, *answers: bool | None) -> int:
        return sum(games.opinions[kind, question, answer] for kind in attacked for answer in answers)

    audited = count(Question.IS_ERROR, True, False, None)
    if audited:
        yield f"judge/contradicts_rate/{name}", count(Question.IS_ERROR, False) / audited
        yield f"judge/untold_rate/{name}", count(Question.IS_ERROR, None) / audited
    for question, metric in ((Question.KEEPS_TO_TYPE, "off_type"), (Question.EXPLANATION_RIGHT, "explanation_wrong")):
        answered = count(question, True, False)
        if answered:
            yield f"judge/{metric}_rate/{name}", count(question, False) / answered


def _judge_failures(games: GameTally, kind: GameType) -> Iterator[tuple[str, float]]:
    """What the judge failed of, a kind at a time: what gets dropped for it must not favour a game type unseen."""
    failed = {failure: games.judge_failures[kind, failure] for failure in FailureKind}
    audited = sum(count for (dealt, _), count in games.audits.items() if dealt is kind)
    asked = audited + sum(failed.values())
    if asked:
        for failure, count in failed.items():
            yield f"judge/failed/{failure}/{kind}", count / asked


def _answers(games: GameTally, role: Role) -> Iterator[tuple[str, float]]:
    """What one role wrote, whatever it was worth."""
    turns = sum(count for (owner, _), count in games.turns.items() if owner is role)
    if not turns:
        return
    codes: Counter[str] = Counter()
    for (owner, _, code), count in games.violations.items():
        if owner is role:
            codes[code] += count
    yield f"{role}/parse_rate", 1.0 - sum(codes[code] for code in Violation) / turns
    yield f"{role}/truncated_rate", games.truncated[role] / turns
    yield f"{role}/prompt_tokens", games.prompt_tokens[role]
    yield f"{role}/response_tokens", games.response_tokens[role]
    for code, count in codes.items():
        yield f"{role}/violations/{code}", count


METRICS = "metrics.jsonl"
"""The file in a run's folder, a line a step."""


class MetricsWriter:
    """Appends a run's metrics, a step at a time; what is written survives a crash right after.

    Args:
        run_dir: The run's folder; ``metrics.jsonl`` and ``tensorboard/`` are written there.
    """

    def __init__(self, run_dir: Path) -> None:
        self._path = run_dir / METRICS
        self._events = run_dir / "tensorboard"
        self._board: TensorBoard | None = None
        run_dir.mkdir(parents=True, exist_ok=True)

    def write(self, step: int, metrics: Mapping[str, float]) -> None:
        """Add the line of a step. Values that are no finite number become null."""
        finite = {name: value if math.isfinite(value) else None for name, value in metrics.items()}
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, **finite}) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.show(step, metrics)

    def show(self, step: int, metrics: Mapping[str, float]) -> None:
        """To TensorBoard only: what is kept elsewhere, an evaluation for instance."""
        if self._board is None:
            self._board = TensorBoard(self._events, first_step=step)
        self._board.write(step, {name: value for name, value in metrics.items() if math.isfinite(value)})

    def read(self) -> list[dict[str, Any]]:
        """One mapping a step, ``step`` among its keys, as far as lines are complete."""
        return read_metrics(self._path)

    def discard_after(self, step: int) -> None:
        """Forget later steps, and a line that a crash cut off: a run that resumes after ``step`` writes them anew."""
        kept = [line for line in self.read() if line["step"] <= step]
        unfinished = self._path.with_suffix(".tmp")
        unfinished.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
        unfinished.replace(self._path)

    def close(self) -> None:
        if self._board is not None:
            self._board.close()
            self._board = None


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The lines of a ``metrics.jsonl``; a last line that a crash cut off is left out."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1]]


class TensorBoard:
    """Scalars for TensorBoard, by its own event writer: no torch is needed for that."""

    def __init__(self, folder: Path, first_step: int) -> None:
        from tensorboard.compat.proto import event_pb2, summary_pb2
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        # Protobuf makes the messages' classes at import, out of sight of a type checker.
        self._events: Any = event_pb2
        self._summaries: Any = summary_pb2
        self._writer = EventFileWriter(str(folder))
        # Tells TensorBoard to forget what an earlier attempt wrote from this step on.
        session = self._events.SessionLog(status=self._events.SessionLog.START)
        self._add(first_step, session_log=session)

    def write(self, step: int, metrics: Mapping[str, float]) -> None:
        values = [self._summaries.Summary.Value(tag=name, simple_value=value) for name, value in metrics.items()]
        self._add(step, summary=self._summaries.Summary(value=values))
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()

    def _add(self, step: int, **content: Any) -> None:
        self._writer.add_event(self._events.Event(wall_time=time.time(), step=step, **content))


__all__ = ["METRICS", "GameTally", "MetricsWriter", "read_metrics", "summarise"]
