"""The numbers of a step: right for games whose results are known, and kept a line a step."""

from __future__ import annotations

import asyncio
import json
import math
from pathlib import Path

import pytest
from fakes import FakeAuditor, FakeDeck, FakeEngine, Habits, generation, make_note
from metric_names import unnamed

from medical_team.config import GatesConfig, RewardsConfig
from medical_team.game.parsing import Violation
from medical_team.manager import MedicalGameManager
from medical_team.manager.batch import CollectStats
from medical_team.manager.quotas import seats
from medical_team.manager.sentinels import Sentinel
from medical_team.metrics import MetricsWriter, read_metrics, summarise
from medical_team.types import (
    Assessment,
    Audit,
    Baselines,
    Deal,
    Edit,
    ErrorType,
    Game,
    GameType,
    Outcome,
    RewardTerms,
    Role,
    Turn,
    Verdict,
)

FEE = {Role.ATTACKER: RewardTerms(unconfirmed=-0.9)}
VANILLA, ATTACKED = GameType.VANILLA_HARMFUL, GameType.ADVERSARIAL_BENIGN


def turn(role: Role, violation: str | None = None, seconds: float = 1.0) -> Turn:
    return Turn(role, generation(""), violation=violation, seconds=seconds)


def vanilla(verdict: Verdict, sentence_id: int | None, detection: float) -> Game:
    note = make_note(0, harmful=True)
    return Game(
        Deal(0, VANILLA, note, 0),
        Outcome.COUNTED,
        shown=note,
        turns=(turn(Role.ASSESSOR),),
        assessment=Assessment(verdict, sentence_id),
        rewards={Role.ASSESSOR: RewardTerms(detection), Role.ATTACKER: RewardTerms(-detection)},
    )


def attacked(outcome: Outcome, *turns: Turn, reason: str | None = None, **others: object) -> Game:
    return Game(Deal(1, ATTACKED, make_note(1, harmful=False), 0), outcome, turns=turns, reason=reason, **others)  # pyright: ignore[reportArgumentType]


def stats_of(*games: Game) -> CollectStats:
    stats = CollectStats()
    for game in games:
        stats.deals[game.deal.game_type] += 1
        stats.games.add(game)
    return stats


def test_win_and_located_rates_are_over_counted_games() -> None:
    games = [
        vanilla(Verdict.HARMFUL, 2, 0.5),
        vanilla(Verdict.HARMFUL, 0, 0.5),
        vanilla(Verdict.SAFE, None, -0.5),
        Game(
            Deal(3, VANILLA, make_note(3, harmful=True), 0),
            Outcome.MALFORMED,
            turns=(turn(Role.ASSESSOR, "no_think"),),
            rewards={Role.ASSESSOR: RewardTerms(format=-1.0)},
        ),
    ]
    metrics = summarise(stats_of(*games))
    assert metrics[f"assessor/win_rate/{VANILLA}"] == pytest.approx(2 / 3)
    assert metrics[f"assessor/located_rate/{VANILLA}"] == pytest.approx(1 / 3)
    assert metrics["assessor/parse_rate"] == 0.75
    assert metrics["assessor/reward"] == pytest.approx((0.5 + 0.5 - 0.5 - 1.0) / 4)
    assert metrics["assessor/reward/detection"] == pytest.approx(0.5 / 4)
    assert metrics["assessor/violations/no_think"] == 1
    assert "attacker/reward" not in metrics, "nobody attacked in a vanilla game"


def test_parsing_and_passing_the_gates_are_told_apart() -> None:
    payment = {Role.ATTACKER: RewardTerms(format=-0.6)}
    games = [
        attacked(Outcome.GATED, turn(Role.ATTACKER, Violation.NO_ANSWER), reason="no_answer", rewards=payment),
        attacked(Outcome.GATED, turn(Role.ATTACKER, "no_op"), reason="no_op", rewards=payment),
        attacked(
            Outcome.QUARANTINED, turn(Role.ATTACKER), turn(Role.ASSESSOR), audit=Audit(False, "j", "right"), rewards=FEE
        ),
        attacked(Outcome.JUDGE_FAILED, turn(Role.ATTACKER), turn(Role.ASSESSOR), reason="timeout"),
    ]
    metrics = summarise(stats_of(*games))
    assert metrics["attacker/parse_rate"] == 0.75
    assert metrics[f"attacker/gate_pass_rate/{ATTACKED}"] == 0.5
    assert metrics[f"quarantine_rate/{ATTACKED}"] == 0.25
    assert metrics[f"judge/failed/timeout/{ATTACKED}"] == 0.5, "of the two the judge was asked about"
    assert metrics[f"judge/failed/unreachable/{ATTACKED}"] == 0.0
    assert metrics["attacker/reward"] == pytest.approx((-0.6 - 0.6 - 0.9) / 3), "a failure is nobody's reward"
    assert metrics["attacker/reward/unconfirmed"] == pytest.approx(-0.9 / 3)
    assert f"assessor/win_rate/{ATTACKED}" not in metrics, "nothing was counted, so there is no rate"


def test_what_the_judge_says_has_rates_of_its_own_by_type_and_over_all() -> None:
    def audited(*answers: bool | None) -> Game:
        turns = (turn(Role.ATTACKER), turn(Role.ASSESSOR))
        outcome = Outcome.QUARANTINED if answers[0] is not True else Outcome.ENGINE_FAILED
        return attacked(outcome, *turns, audit=Audit(answers[0], "j", "code", None, *answers[1:]), rewards=FEE)

    games = [
        audited(True, True, False),
        audited(True, False, None),
        audited(False, None, None),
        audited(None, None, True),
        attacked(Outcome.JUDGE_FAILED, turn(Role.ATTACKER), reason="timeout"),
        vanilla(Verdict.SAFE, None, -0.5),
    ]
    metrics = summarise(stats_of(*games))
    for name in (ATTACKED, "all"):
        assert metrics[f"quarantine_rate/{name}"] == pytest.approx(2 / 5)
        assert metrics[f"judge/contradicts_rate/{name}"] == pytest.approx(1 / 4)
        assert metrics[f"judge/untold_rate/{name}"] == pytest.approx(1 / 4)
        assert metrics[f"judge/off_type_rate/{name}"] == pytest.approx(1 / 2)
        assert metrics[f"judge/explanation_wrong_rate/{name}"] == pytest.approx(1 / 2)
    assert f"quarantine_rate/{VANILLA}" not in metrics, "nothing is audited without an attacker"


def test_where_nothing_was_audited_there_are_no_rates_of_it() -> None:
    metrics = summarise(stats_of(vanilla(Verdict.SAFE, None, -0.5)))
    assert not [name for name in metrics if name.startswith(("quarantine", "judge/"))]


def test_a_judge_that_abstains_cannot_tell_and_is_counted_as_a_failure_too() -> None:
    turns = (turn(Role.ATTACKER), turn(Role.ASSESSOR))
    games = [
        attacked(Outcome.QUARANTINED, *turns, reason="abstained", rewards=FEE),
        attacked(Outcome.QUARANTINED, *turns, audit=Audit(False, "j", "right"), rewards=FEE),
    ]
    metrics = summarise(stats_of(*games))
    assert metrics["judge/untold_rate/all"] == metrics["judge/contradicts_rate/all"] == 0.5
    assert metrics[f"judge/failed/abstained/{ATTACKED}"] == 0.5


def test_what_rewards_are_counted_from_is_a_metric() -> None:
    stats = stats_of(vanilla(Verdict.SAFE, None, -0.5))
    stats.baselines = Baselines(hit_rate=0.3)
    assert summarise(stats)["baseline/hit_rate"] == 0.3


def test_sentinels_are_metrics() -> None:
    stats = stats_of(vanilla(Verdict.SAFE, None, -0.5))
    stats.sentinels = {Sentinel.NO_OP: 0.25}
    assert summarise(stats)["sentinel/no_op"] == 0.25


def test_the_judges_failures_are_told_apart_by_game_type() -> None:
    other = GameType.ADVERSARIAL_HARMFUL
    failed = attacked(Outcome.JUDGE_FAILED, turn(Role.ATTACKER), turn(Role.ASSESSOR), reason="overloaded")
    audited = attacked(
        Outcome.QUARANTINED, turn(Role.ATTACKER), turn(Role.ASSESSOR), audit=Audit(None, "j", "untold"), rewards=FEE
    )
    games = [
        *(
            Game(Deal(2, other, make_note(2, harmful=True), 0), Outcome.JUDGE_FAILED, reason=why)
            for why in ("overloaded", "malformed")
        ),
        *(failed, audited, audited, audited),
        vanilla(Verdict.SAFE, None, -0.5),
    ]
    metrics = summarise(stats_of(*games))
    assert metrics[f"judge/failed/overloaded/{ATTACKED}"] == 0.25
    assert metrics[f"judge/failed/overloaded/{other}"] == metrics[f"judge/failed/malformed/{other}"] == 0.5
    assert not any(name.startswith("judge/failed") and name.endswith(VANILLA) for name in metrics), "nobody asked it"


def test_time_and_tokens_are_summed_by_phase() -> None:
    edit = Edit(0, "x", ErrorType.DIAGNOSIS)
    audit = Audit(True, "j", "wrong", seconds=0.25)
    turns = (turn(Role.ATTACKER, seconds=2.0), turn(Role.ASSESSOR, seconds=3.0))
    game = attacked(Outcome.JUDGE_FAILED, *turns, edit=edit, audit=audit, seconds=5.0)
    metrics = summarise(stats_of(game, vanilla(Verdict.SAFE, None, -0.5)))
    assert (metrics["timing/assessor_sum"], metrics["timing/assessor_max"]) == (4.0, 3.0)
    assert (metrics["timing/attacker_sum"], metrics["timing/judge_sum"]) == (2.0, 0.25)
    assert (metrics["assessor/prompt_tokens"], metrics["assessor/response_tokens"]) == (6, 4)


def test_the_page_of_metrics_names_what_games_come_to() -> None:
    games: list[Game] = []
    manager = MedicalGameManager(
        FakeDeck(seed=3),
        {role: FakeEngine(role, Habits(malformed=0.2, no_op=0.1, fails=0.1)) for role in Role},
        FakeAuditor(disagrees=0.2, cannot_tell=0.1, fails=0.1),
        mix=dict.fromkeys(GameType, 1.0),
        gates=GatesConfig(),
        rewards=RewardsConfig(),
        concurrency=8,
        max_deals_factor=30.0,
        record=games.append,
    )
    metrics = summarise(asyncio.run(manager.collect(96)).stats)

    assert {f"{role}/reward/{kind}" for role in Role for kind in GameType if role in seats(kind)} <= metrics.keys()
    assert unnamed(metrics) == []
    assert unnamed(["reward", "assessor/reward/vanilla_unknown", "attackers/reward"]) != []


def test_drops_and_substitutions_have_names() -> None:
    stats = stats_of(vanilla(Verdict.SAFE, None, -0.5))
    stats.drops[Role.ASSESSOR, ATTACKED, "gated"] += 2
    stats.substitutions = 1
    metrics = summarise(stats)
    assert metrics[f"drops/assessor/{ATTACKED}/gated"] == 2
    assert metrics["substitutions"] == 1
    assert metrics[f"games/{VANILLA}"] == metrics["games/all"] == 1


def test_one_line_a_step_and_null_for_what_is_no_number(tmp_path: Path) -> None:
    writer = MetricsWriter(tmp_path / "run")
    writer.write(1, {"assessor/reward": 0.5, "loss": math.nan})
    writer.write(2, {"assessor/reward": 0.75, "loss": math.inf})
    writer.close()
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == writer.read()
    assert writer.read() == [
        {"step": 1, "assessor/reward": 0.5, "loss": None},
        {"step": 2, "assessor/reward": 0.75, "loss": None},
    ]


def test_tensorboard_shows_the_same_numbers(tmp_path: Path) -> None:
    writer = MetricsWriter(tmp_path)
    writer.write(1, {"loss": 0.5})
    writer.write(2, {"loss": 0.25})
    writer.close()
    assert read_events(tmp_path / "tensorboard", "loss") == [(1, 0.5), (2, 0.25)]


def test_a_resumed_run_writes_the_steps_after_its_checkpoint_anew(tmp_path: Path) -> None:
    writer = MetricsWriter(tmp_path)
    for step in (1, 2, 3):
        writer.write(step, {"loss": float(step)})
    writer.close()
    resumed = MetricsWriter(tmp_path)
    resumed.discard_after(1)
    resumed.write(2, {"loss": 20.0})
    resumed.close()
    assert [(line["step"], line["loss"]) for line in resumed.read()] == [(1, 1.0), (2, 20.0)]
    assert read_events(tmp_path / "tensorboard", "loss") == [(1, 1.0), (2, 20.0)]


def test_a_line_that_a_crash_cut_off_is_not_read_and_not_written_behind(tmp_path: Path) -> None:
    writer = MetricsWriter(tmp_path)
    writer.write(1, {"loss": 1.0})
    path = tmp_path / "metrics.jsonl"
    path.write_text(path.read_text() + '{"step": 2, "lo')
    assert [line["step"] for line in read_metrics(path)] == [1]
    writer.discard_after(1)
    writer.write(2, {"loss": 2.0})
    writer.close()
    assert [line["step"] for line in writer.read()] == [1, 2]


def test_a_run_without_metrics_reads_as_none(tmp_path: Path) -> None:
    assert MetricsWriter(tmp_path).read() == []


def read_events(folder: Path, tag: str) -> list[tuple[int, float]]:
    """The scalars as TensorBoard itself reads them."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder))
    events.Reload()
    return [(event.step, event.value) for event in events.Scalars(tag)]
