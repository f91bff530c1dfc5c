"""Re-judging: nothing changes with the judge and the rewards of the run, and with others exactly what must."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from fakes import ALL_EQUAL, FakeAuditor, FakeDeck, FakeEngine, Habits, generation
from hypothesis import given, settings
from hypothesis import strategies as st

from medical_team.config import GatesConfig, RewardsConfig
from medical_team.data.deck import Deck
from medical_team.data.synthetic.compose import compose_notes
from medical_team.data.synthetic.oracle import EditTruth, decide_edit
from medical_team.data.synthetic.table import BY_NAME
from medical_team.data.synthetic.wording import FRAMES, read_statement
from medical_team.evaluation.comparison import Comparison, Figure, Sign, SignChange
from medical_team.evaluation.rejudging import IN_FLIGHT, ScoringRules, rejudge, rejudge_game
from medical_team.game.edits import corrected_note
from medical_team.game.prompts import Message, attacker_answer, render_note
from medical_team.judge import AuditRequest, BatchedJudge, JudgeFailure, make_judge
from medical_team.manager import MedicalGameManager
from medical_team.manager.auditing import Auditor
from medical_team.records import game_of, games_schema, row_of
from medical_team.rewards import class_prices
from medical_team.types import (
    Audit,
    Baselines,
    Edit,
    ErrorType,
    Game,
    GameType,
    Generation,
    Note,
    Outcome,
    Role,
)

RATES = st.floats(0.0, 0.4)


class Credulous:
    """Calls every edit an error."""

    name = "credulous-1"

    async def audit(self, requests: Sequence[AuditRequest], deadline_s: float) -> list[Audit | JudgeFailure]:
        return [Audit(True, self.name, "always") for _ in requests]


def judge_of(name: str) -> BatchedJudge:
    judge = Credulous() if name == "credulous" else make_judge(name)
    return BatchedJudge(judge, batch_size=8, max_wait_s=0.001, deadline_s=10.0)


def recorded(games: list[Game]) -> list[Game]:
    """The games as they are after a way through the records."""
    rows = pa.Table.from_pylist([row_of(game) for game in games], schema=games_schema()).to_pylist()
    return [game_of(row) for row in rows]


def compare(games: Iterable[Game], judge: Auditor, rules: ScoringRules) -> Comparison:
    return asyncio.run(rejudge(games, judge, rules))


def changed(comparison: Comparison) -> dict[str, Figure]:
    return {name: figure for name, figure in comparison.figures().items() if figure.before != figure.after}


def without_seconds(game: Game) -> Game:
    return replace(game, audit=replace(game.audit, seconds=0.0) if game.audit else None)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 1000),
    attacker=st.builds(Habits, no_op=RATES, malformed=RATES, fails=st.floats(0, 0.2)),
    assessor=st.builds(Habits, malformed=RATES, truncated=RATES, fails=st.floats(0, 0.2)),
    auditor=st.builds(FakeAuditor, disagrees=RATES, cannot_tell=RATES, fails=st.floats(0, 0.1)) | st.just("credulous"),
    explanations=st.booleans(),
    benign=st.floats(0.2, 5),
)
def test_the_judge_and_the_rewards_of_the_run_change_nothing(
    seed: int, attacker: Habits, assessor: Habits, auditor: Any, explanations: bool, benign: float
) -> None:
    mix = {**ALL_EQUAL, GameType.VANILLA_BENIGN: benign}
    games: list[Game] = []
    manager = MedicalGameManager(
        FakeDeck(seed=seed),
        {Role.ATTACKER: FakeEngine(Role.ATTACKER, attacker), Role.ASSESSOR: FakeEngine(Role.ASSESSOR, assessor)},
        judge_of("credulous") if auditor == "credulous" else auditor,
        mix=mix,
        gates=GatesConfig(),
        rewards=RewardsConfig(),
        concurrency=8,
        max_deals_factor=30.0,
        explanations=explanations,
        record=games.append,
    )
    asyncio.run(manager.collect(24))
    rules = ScoringRules(class_prices(1 - benign / (3 + benign)), RewardsConfig(), explanations)
    judge = judge_of("credulous") if auditor == "credulous" else auditor
    before = recorded(games)
    comparison = compare(before, judge, rules)
    assert (comparison.games, comparison.sign_changes, changed(comparison)) == (len(games), Counter(), {})
    again = [asyncio.run(rejudge_game(game, judge, rules)) for game in before]
    assert [without_seconds(game) for game in again] == [without_seconds(game) for game in before]


class VariedAttacker:
    """Plants the twin's error, names another right term, or writes what no table knows."""

    def __init__(self, notes: list[Note]) -> None:
        self._notes = {render_note(corrected_note(note)): note for note in notes if note.has_error}

    async def generate(self, messages: list[Message], *, seed: int) -> Generation:
        note = self._notes[messages[-1]["content"].partition("Note:\n")[2]]
        return generation(attacker_answer(random.Random(seed).choice(self._edits(note)), "why"), seed)

    def _edits(self, note: Note) -> list[Edit]:
        place, kind = note.error_sentence_id, note.error_type
        assert place is not None and kind is not None and note.corrected_sentence is not None
        unknown = note.sentences[0].split()
        edits = [
            Edit(place, note.sentences[place], kind),
            Edit(0, " ".join(["Reportedly", unknown[0].lower(), *unknown[1:]]), kind),
        ]
        return [*edits, *(Edit(place, sentence, kind) for sentence in _other_right_terms(note, kind)[:1])]


def _other_right_terms(note: Note, kind: ErrorType) -> list[str]:
    fact = BY_NAME[note.condition or ""].fact(kind)
    said = read_statement(note.corrected_sentence or "")
    terms = fact.accepted if fact else ()
    sentences = [FRAMES[kind][0].format(He="She", term=term) for term in terms]
    return [
        sentence for sentence in sentences if (read := read_statement(sentence)) and said and read.term != said.term
    ]


MIX = {GameType.VANILLA_HARMFUL: 1.0, GameType.VANILLA_BENIGN: 1.0, GameType.ADVERSARIAL_BENIGN: 4.0}
RULES = ScoringRules(class_prices(5 / 6), RewardsConfig())


@pytest.fixture(scope="module")
def by_a_credulous_judge() -> list[Game]:
    """Games on the project's notes, whose edits are wrong, right and untold, counted by a judge that believes all."""
    errors = [note for note in compose_notes(120, seed=3) if note.has_error]
    notes = [version for note in errors for version in (note, corrected_note(note))]
    games: list[Game] = []
    manager = MedicalGameManager(
        Deck(notes, MIX, seed=5),
        {Role.ATTACKER: VariedAttacker(notes), Role.ASSESSOR: FakeEngine(Role.ASSESSOR, Habits(malformed=0.1))},
        judge_of("credulous"),
        mix=MIX,
        gates=GatesConfig(),
        rewards=RewardsConfig(),
        concurrency=16,
        max_deals_factor=8.0,
        explanations=True,
        record=games.append,
    )
    asyncio.run(manager.collect(200))
    return recorded(games)


def truth_of(game: Game) -> EditTruth:
    assert game.edit is not None
    return decide_edit(game.deal.note, game.edit.sentence_id, game.edit.replacement)


def test_the_exact_judge_withholds_the_rewards_of_edits_that_are_no_errors(by_a_credulous_judge: list[Game]) -> None:
    audited = [game for game in by_a_credulous_judge if game.audit is not None]
    truths = Counter(map(truth_of, audited))
    assert min(truths[truth] for truth in EditTruth) > 5, "the games must have edits of every kind"
    expected = Counter(
        SignChange(role, game.deal.game_type, before, after)
        for game in audited
        if truth_of(game) is not EditTruth.WRONG
        for role, after in ((Role.ATTACKER, Sign.MINUS), (Role.ASSESSOR, Sign.NOTHING))
        if (before := Sign.of(game.rewards[role].total if role in game.rewards else 0.0)) is not after
    )
    comparison = compare(by_a_credulous_judge, judge_of("exact"), RULES)
    assert comparison.sign_changes == expected
    flipped = {change.role for change in comparison.sign_changes if change.is_flip}
    assert flipped == {Role.ATTACKER}, "what is not confirmed costs its attacker; the assessor's reward is withheld"
    assert comparison.judges == ({"credulous-1": len(audited)}, {"exact-1": len(audited)})
    quarantined = comparison.figures()[f"outcomes/{GameType.ADVERSARIAL_BENIGN}/{Outcome.QUARANTINED}"]
    assert (quarantined.before, quarantined.after) == (0, truths.total() - truths[EditTruth.WRONG])
    contradicted = comparison.figures()["judge/contradicts_rate/all"]
    assert contradicted.after == pytest.approx(truths[EditTruth.STILL_RIGHT] / truths.total())
    assert contradicted.before == 0


def test_and_back_again_the_rule_judge_grants_them(by_a_credulous_judge: list[Game]) -> None:
    there = [asyncio.run(rejudge_game(game, judge_of("exact"), RULES)) for game in by_a_credulous_judge]
    comparison = compare(there, judge_of("credulous"), RULES)
    forth = compare(by_a_credulous_judge, judge_of("exact"), RULES)
    assert comparison.sign_changes == Counter(
        {replace(one, before=one.after, after=one.before): n for one, n in forth.sign_changes.items()}
    )


def test_another_reward_table_changes_rewards_and_no_outcome(by_a_credulous_judge: list[Game]) -> None:
    """With all of the price for the sentence, a policy that always names the right one gains nothing by a wrong one."""
    strict = replace(RULES, rewards=RewardsConfig(localisation=1.0))
    games = [replace(game, baselines=Baselines(hit_rate=1.0)) for game in by_a_credulous_judge]
    games = [asyncio.run(rejudge_game(game, judge_of("credulous"), RULES)) for game in games]
    comparison = compare(games, judge_of("credulous"), strict)
    in_the_wrong_place = Counter(
        game.deal.game_type
        for game in games
        if game.outcome is Outcome.COUNTED and game.rewards[Role.ASSESSOR].localisation < 0
    )
    assert len(in_the_wrong_place) == 2
    changes = comparison.sign_changes.items()
    assert {one.game_type: count for one, count in changes if one.role is Role.ASSESSOR} == in_the_wrong_place
    attacked = {one.game_type for one, _ in changes if one.role is Role.ATTACKER}
    assert attacked == {GameType.ADVERSARIAL_BENIGN}, "in a vanilla game there is no attacker to be rewarded"
    assert all(name.startswith(("assessor/reward", "attacker/reward")) for name in changed(comparison))
    assert comparison.figures()["assessor/reward"].change < 0  # type: ignore[operator]


def test_a_reward_that_turns_round_is_a_flip(by_a_credulous_judge: list[Game]) -> None:
    """Realism alone is left of an attacker's loss when the assessor named a wrong sentence and that costs all."""
    judge = FakeAuditor()
    centred = Baselines(hit_rate=1.0, realism=0.5)
    plain = [asyncio.run(rejudge_game(replace(game, baselines=centred), judge, RULES)) for game in by_a_credulous_judge]
    comparison = compare(plain, judge, replace(RULES, rewards=RewardsConfig(localisation=1.0)))
    flipped = [
        game
        for game in plain
        if game.outcome is Outcome.COUNTED
        and game.turn(Role.ATTACKER)
        and game.rewards[Role.ASSESSOR].localisation < 0
        and game.rewards[Role.ATTACKER].realism > 0
    ]
    assert comparison.flips == len(flipped) > 0


@pytest.mark.parametrize("explanations", [True, False])
def test_the_judge_is_shown_the_explanation_where_explanations_are_audited(
    by_a_credulous_judge: list[Game], explanations: bool
) -> None:
    class Strict:
        async def audit_one(self, request: AuditRequest) -> Audit:
            return Audit(True, "strict", "wrong", explanation_right=request.assessment is None)

    comparison = compare(by_a_credulous_judge, Strict(), replace(RULES, explanations=explanations))
    deduction = comparison.figures()["assessor/reward/explanation"].after
    assert deduction is not None and (deduction < 0) is explanations


def test_a_report_is_plain_json_without_text(by_a_credulous_judge: list[Game]) -> None:
    report = json.dumps(compare(by_a_credulous_judge, judge_of("exact"), RULES).report())
    words = {word for game in by_a_credulous_judge for word in game.deal.note.sentences[0].split() if len(word) > 5}
    assert not [word for word in words if word in report]
    assert json.loads(report)["games"] == len(by_a_credulous_judge)


def test_more_games_than_are_held_at_once_are_all_done(by_a_credulous_judge: list[Game]) -> None:
    many = (by_a_credulous_judge * (1 + 2 * IN_FLIGHT // len(by_a_credulous_judge)))[: 2 * IN_FLIGHT + 1]
    done: list[int] = []
    comparison = asyncio.run(rejudge(iter(many), judge_of("credulous"), RULES, done.append))
    assert comparison.games == len(many)
    assert done == [IN_FLIGHT, 2 * IN_FLIGHT, 2 * IN_FLIGHT + 1]
