"""Sentinels: each sees what it watches for, says so once, and keeps quiet about ordinary play."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable
from dataclasses import replace

import pytest
from fakes import ALL_EQUAL, FakeAuditor, FakeDeck, FakeEngine, Habits, generation, make_note
from hypothesis import given
from hypothesis import strategies as st

from medical_team.config import GatesConfig, RewardsConfig
from medical_team.game.edits import apply_edit
from medical_team.manager import MedicalGameManager
from medical_team.manager.edit_memory import REMEMBERED, EditMemory
from medical_team.manager.sentinels import ENOUGH, GAMES, LIMITS, STEPS, Sentinel, Sentinels
from medical_team.types import (
    Assessment,
    Deal,
    Edit,
    ErrorType,
    Game,
    GameType,
    Note,
    Outcome,
    Role,
    Turn,
    Verdict,
)

SAFE = Assessment(Verdict.SAFE)
KINDS = tuple(ErrorType)


def answered(assessment: Assessment | None, *, harmful: bool) -> Game:
    note = make_note(0, harmful=harmful)
    game_type = GameType.VANILLA_HARMFUL if harmful else GameType.VANILLA_BENIGN
    turn = Turn(Role.ASSESSOR, generation(""))
    return Game(Deal(0, game_type, note, 0), Outcome.COUNTED, shown=note, turns=(turn,), assessment=assessment)


def attacked(number: int, kind: ErrorType, replacement: str | None = None, note: Note | None = None) -> Game:
    """A game with an edit that passed the gates: another one for every number."""
    note = note or make_note(number, harmful=False)
    edit = Edit(0, replacement or f"Unheard of number {number}.", kind)
    deal = Deal(number, GameType.ADVERSARIAL_BENIGN, note, 0)
    turn = Turn(Role.ATTACKER, generation(""))
    return Game(deal, Outcome.QUARANTINED, shown=apply_edit(note, edit), edit=edit, turns=(turn,))


def copied(number: int) -> Game:
    turn = Turn(Role.ATTACKER, generation(""), violation="no_op")
    deal = Deal(number, GameType.ADVERSARIAL_BENIGN, make_note(number, harmful=False), 0)
    edit = Edit(0, deal.note.sentences[0], ErrorType.DIAGNOSIS)
    return Game(deal, Outcome.GATED, edit=edit, turns=(turn,), reason="no_op")


def harmful(words: int = 5) -> Assessment:
    return Assessment(Verdict.HARMFUL, 0, "Right.", " ".join(["word"] * words))


def read(*steps: Iterable[Game]) -> dict[Sentinel, float]:
    sentinels, readings = Sentinels(), {}
    for step in steps:
        for game in step:
            sentinels.add(game)
        readings = sentinels.end_step()
    return readings


def assessor_step(on_error: list[Assessment], on_clean: list[Assessment]) -> list[Game]:
    return [
        *(answered(answer, harmful=True) for answer in on_error),
        *(answered(answer, harmful=False) for answer in on_clean),
    ]


@pytest.mark.parametrize(
    ("on_error", "on_clean", "value"),
    [
        ([harmful()] * 60, [harmful()] * 20, 1.0),
        ([SAFE] * 60, [SAFE] * 20, 1.0),
        ([harmful()] * 60, [SAFE] * 20, 0.0),
        ([SAFE] * 60, [harmful()] * 20, 0.0),
        ([harmful(), SAFE] * 30, [harmful(), SAFE] * 10, 0.5),
        ([harmful()] * 60, [harmful(), SAFE] * 10, 0.5),
    ],
)
def test_one_verdict_is_what_is_said_of_both_classes(
    on_error: list[Assessment], on_clean: list[Assessment], value: float
) -> None:
    assert read(assessor_step(on_error, on_clean))[Sentinel.ONE_VERDICT] == pytest.approx(value)


def test_a_mix_of_nearly_one_class_is_no_alarm_for_who_reads() -> None:
    step = assessor_step([harmful()] * 980, [SAFE] * 20)
    assert read(step)[Sentinel.ONE_VERDICT] == 0.0


def test_copies_are_counted_among_all_attacks() -> None:
    games = [*(copied(number) for number in range(8)), *(attacked(number, KINDS[0]) for number in range(24))]
    assert read(games)[Sentinel.NO_OP] == 0.25


@pytest.mark.parametrize(
    ("kinds", "value"), [(KINDS, 0.0), (KINDS[:1], 1.0), (KINDS[:2], pytest.approx(0.569, abs=1e-3))]
)
def test_edits_of_one_type_are_a_collapse(kinds: tuple[ErrorType, ...], value: float) -> None:
    games = [attacked(number, kinds[number % len(kinds)]) for number in range(40)]
    assert read(games)[Sentinel.TYPE_COLLAPSE] == pytest.approx(value)


def test_explanations_have_a_length_and_a_drift_in_either_direction() -> None:
    short, long = assessor_step([harmful(4)] * 20, []), assessor_step([harmful(12)] * 20, [])
    assert read(short)[Sentinel.EXPLANATION_WORDS] == 4
    assert Sentinel.EXPLANATION_DRIFT not in read(short), "one step has no trend"
    assert read(short, short)[Sentinel.EXPLANATION_DRIFT] == 1
    assert read(short, long)[Sentinel.EXPLANATION_DRIFT] == read(long, short)[Sentinel.EXPLANATION_DRIFT] == 3


def test_an_edit_is_a_duplicate_on_the_same_note_and_by_the_same_words() -> None:
    first, second = Note("one", ("He takes 5 mg of aspirin daily.",), "g"), Note("two", ("Give aspirin today.",), "h")
    memory = EditMemory()

    def repeats(note: Note, replacement: str) -> bool:
        return memory.repeats(attacked(0, KINDS[0], replacement, note))

    assert not repeats(first, "He takes 5 mg of heparin daily.")
    assert repeats(first, "He takes 5 mg of  HEPARIN daily")
    assert repeats(second, "Give heparin today."), "the same words in another note"
    assert not repeats(second, "Give warfarin today.")
    assert not repeats(first, "He takes 50 mg of aspirin daily.")


def test_the_memory_of_edits_is_bounded() -> None:
    memory = EditMemory()
    for number in range(REMEMBERED):
        memory.repeats(attacked(number, KINDS[0]))
    assert len(memory.state()) == REMEMBERED
    assert memory.repeats(attacked(REMEMBERED - 1, KINDS[0]))


def test_an_edit_that_keeps_coming_back_is_not_forgotten() -> None:
    memory, favourite = EditMemory(), attacked(0, KINDS[0])
    memory.repeats(favourite)
    for number in range(1, REMEMBERED):
        memory.repeats(attacked(number, KINDS[0]))
        if number % 100 == 0:
            assert memory.repeats(favourite)


def test_repeated_edits_have_a_share() -> None:
    same = make_note(0, harmful=False)
    games = [attacked(number, KINDS[0], f"Unheard of number {number % 10}.", same) for number in range(40)]
    assert read(games)[Sentinel.DUPLICATE_EDITS] == pytest.approx(30 / 40)


def test_what_has_been_seen_too_rarely_is_not_read() -> None:
    few = [
        *assessor_step([harmful()] * (ENOUGH - 1), [SAFE] * (ENOUGH - 1)),
        *(attacked(number, KINDS[0]) for number in range(ENOUGH - 1)),
    ]
    assert read(few) == {}


def test_the_window_forgets_old_steps_and_keeps_enough_of_small_ones() -> None:
    large = assessor_step([harmful()] * GAMES, [harmful()] * GAMES)
    good = assessor_step([harmful()] * GAMES, [SAFE] * GAMES)
    assert read(large, *[good] * (STEPS - 1))[Sentinel.ONE_VERDICT] > 0
    assert read(large, *[good] * STEPS)[Sentinel.ONE_VERDICT] == 0
    small = assessor_step([harmful()], [harmful()])
    assert read(*[small] * (3 * STEPS))[Sentinel.ONE_VERDICT] == 1


def test_a_warning_comes_when_a_limit_is_passed_and_not_again_until_it_was_below() -> None:
    always, reads = assessor_step([SAFE] * 400, [SAFE] * 400), assessor_step([harmful()] * 400, [SAFE] * 400)
    sentinels, said = Sentinels(), []
    for step in (always, always, *[reads] * STEPS, *[always] * STEPS):
        for game in step:
            sentinels.add(game)
        sentinels.end_step()
        said.append(sentinels.warnings())
    assert said[0] == [
        "sentinel one_verdict: 1.00 over the last 1 step(s), above 0.95; docs/judge.md says what that means"
    ]
    assert said[1] == []
    assert [bool(lines) for lines in said].count(True) == 2 and said[-1]


FINISHED = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([SAFE, harmful(3), harmful(50), None]), st.booleans()).map(
            lambda drawn: answered(drawn[0], harmful=drawn[1])
        ),
        st.tuples(st.integers(0, 30), st.sampled_from(KINDS)).map(lambda drawn: attacked(*drawn)),
        st.integers(0, 30).map(copied),
    ),
    max_size=60,
)


@given(before=st.lists(FINISHED, max_size=4), after=FINISHED)
def test_resumed_sentinels_read_what_the_first_ones_would(before: list[list[Game]], after: list[Game]) -> None:
    sentinels = Sentinels()
    for step in before:
        for game in step:
            sentinels.add(game)
        sentinels.end_step()
    resumed = Sentinels()
    resumed.restore(json.loads(json.dumps(sentinels.state())))
    for one in (sentinels, resumed):
        for game in after:
            one.add(game)
    readings = sentinels.end_step()
    assert readings == resumed.end_step()
    assert all(0 <= value <= 1 for name, value in readings.items() if not name.startswith("explanation"))


def make_manager(attacker: Habits, assessor: Habits) -> MedicalGameManager:
    return MedicalGameManager(
        FakeDeck(notes=400),
        {Role.ATTACKER: FakeEngine(Role.ATTACKER, attacker), Role.ASSESSOR: FakeEngine(Role.ASSESSOR, assessor)},
        FakeAuditor(),
        mix=ALL_EQUAL,
        gates=GatesConfig(),
        rewards=RewardsConfig(),
        concurrency=64,
        max_deals_factor=4.0,
    )


def test_the_manager_reads_them_each_step_and_warns_without_text(caplog: pytest.LogCaptureFixture) -> None:
    manager = make_manager(Habits(no_op=0.5), Habits(says_harmful=0.0))
    with caplog.at_level(logging.WARNING):
        stats = asyncio.run(manager.collect(240)).stats
    assert stats.sentinels[Sentinel.ONE_VERDICT] == 1.0
    assert stats.sentinels[Sentinel.NO_OP] > LIMITS[Sentinel.NO_OP]
    lines = [record.getMessage() for record in caplog.records]
    for sentinel in (Sentinel.ONE_VERDICT, Sentinel.NO_OP, Sentinel.TYPE_COLLAPSE, Sentinel.DUPLICATE_EDITS):
        assert sum(line.startswith(f"sentinel {sentinel}:") for line in lines) == 1, "all edits swap one word alike"


def test_watching_changes_no_game() -> None:
    """Readings go to the metrics and nowhere else: the state that deals and selects is the same without them."""
    manager, unwatched = (make_manager(Habits(no_op=0.3), Habits()) for _ in range(2))
    asyncio.run(manager.collect(24))
    unwatched.restore({key: manager.state()[key] for key in ("deck", "quotas", "baselines")})
    first, second = (asyncio.run(one.collect(24)) for one in (manager, unwatched))
    assert first.samples == second.samples
    assert replace(first.stats, sentinels={}, games=None) == replace(second.stats, sentinels={}, games=None)  # type: ignore[arg-type]
