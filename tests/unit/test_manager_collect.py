"""The manager hands over exactly the samples asked for, in the mix's composition, whatever the engines do."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from fakes import ALL_EQUAL, FakeAuditor, FakeDeck, FakeEngine, Habits, generation
from hypothesis import given, settings
from hypothesis import strategies as st

from medical_team.config import GatesConfig, RewardsConfig
from medical_team.errors import RolloutError
from medical_team.game.prompts import Message
from medical_team.manager import Collected, MedicalGameManager
from medical_team.manager.baselines import KEPT_STEPS
from medical_team.manager.quotas import Quotas, seats
from medical_team.types import Game, GameType, Generation, Outcome, Role

RATES = st.floats(0.0, 0.6)
MIXES = st.fixed_dictionaries({kind: st.floats(0.1, 5.0) for kind in GameType})


def make_manager(
    attacker: Any = None,
    assessor: Any = None,
    judge: Any = None,
    *,
    mix: dict[GameType, float] = ALL_EQUAL,
    record: Callable[[Game], None] | None = None,
    concurrency: int = 64,
    max_deals_factor: float = 4.0,
    deals_ahead: float = 1.0,
    deck: FakeDeck | None = None,
) -> MedicalGameManager:
    engines = {
        Role.ATTACKER: attacker or FakeEngine(Role.ATTACKER),
        Role.ASSESSOR: assessor or FakeEngine(Role.ASSESSOR),
    }
    return MedicalGameManager(
        deck or FakeDeck(),
        engines,
        judge or FakeAuditor(),
        mix=mix,
        gates=GatesConfig(),
        rewards=RewardsConfig(),
        concurrency=concurrency,
        max_deals_factor=max_deals_factor,
        deals_ahead=deals_ahead,
        record=record,
    )


def collect(manager: MedicalGameManager, count: int) -> Collected:
    return asyncio.run(manager.collect(count))


def class_counts(samples: Any) -> Counter[bool]:
    """Assessor samples by whether the note shown was a clean one."""
    return Counter(sample.game_type is GameType.VANILLA_BENIGN for sample in samples if sample.role is Role.ASSESSOR)


@settings(deadline=None, max_examples=60)
@given(
    mix=MIXES,
    no_op=RATES,
    malformed=RATES,
    disagrees=RATES,
    fails=st.floats(0, 0.3),
    count=st.integers(1, 40),
    ahead=st.sampled_from([1.0, 2.5]),
)
def test_exactly_the_samples_asked_for_in_the_class_share_of_the_mix(
    mix: dict[GameType, float],
    no_op: float,
    malformed: float,
    disagrees: float,
    fails: float,
    count: int,
    ahead: float,
) -> None:
    games: list[Game] = []
    manager = make_manager(
        FakeEngine(Role.ATTACKER, Habits(no_op=no_op, malformed=malformed, fails=fails)),
        FakeEngine(Role.ASSESSOR, Habits(malformed=malformed, fails=fails)),
        FakeAuditor(disagrees=disagrees, fails=fails),
        mix=mix,
        record=games.append,
        deals_ahead=ahead,
    )
    try:
        collected = collect(manager, count)
    except RolloutError as error:
        assert any(character.isdigit() for character in str(error))
        return
    samples, stats = collected.samples, collected.stats
    assert len(samples) == count == stats.samples.total()
    # As many of each role, and of each class, as the quotas say.
    slots = Quotas(mix).take(count)
    assert Counter(sample.role for sample in samples) == Counter(
        {role: sum(slots[role, kind] for kind in GameType) for role in Role if any(slots[role, k] for k in GameType)}
    )
    assert class_counts(samples)[True] == slots[Role.ASSESSOR, GameType.VANILLA_BENIGN]
    # Every seat of every dealt game is a sample or a drop with a reason.
    dealt = sum(len(seats(kind)) * number for kind, number in stats.deals.items())
    assert dealt == count + stats.drops.total()
    assert stats.deals.total() == len(games) == stats.games.games
    assert all(set(game.rewards) <= set(seats(game.deal.game_type)) for game in games)
    assert [game.deal.game_id for game in games] == sorted(game.deal.game_id for game in games)


@settings(deadline=None, max_examples=20)
@given(mix=MIXES, steps=st.lists(st.integers(1, 12), min_size=5, max_size=15))
def test_over_many_steps_the_assessors_classes_are_the_mix_to_within_one(
    mix: dict[GameType, float], steps: list[int]
) -> None:
    manager = make_manager(FakeEngine(Role.ATTACKER, Habits(no_op=0.3, malformed=0.2)), mix=mix)
    seen: Counter[bool] = Counter()
    for count in steps:
        seen += class_counts(collect(manager, count).samples)
    share = mix[GameType.VANILLA_BENIGN] / sum(mix.values())
    assert abs(seen[True] - share * seen.total()) < 1


@settings(deadline=None, max_examples=30)
@given(pace=st.integers(0, 10_000), concurrency=st.integers(1, 40))
def test_what_is_selected_does_not_depend_on_who_answers_first(pace: int, concurrency: int) -> None:
    def play(turns_of_loop: Callable[[int], int], concurrency: int) -> tuple[Any, Any]:
        habits = Habits(no_op=0.3, malformed=0.3, fails=0.1)
        manager = make_manager(
            FakeEngine(Role.ATTACKER, habits, turns_of_loop),
            FakeEngine(Role.ASSESSOR, habits, turns_of_loop),
            FakeAuditor(disagrees=0.2),
            concurrency=concurrency,
        )
        collected = collect(manager, 20)
        return collected.samples, collected.stats.drops

    assert play(lambda seed: random.Random(seed ^ pace).randrange(20), concurrency) == play(lambda seed: 1, 64)


def test_samples_carry_the_tokens_and_the_total_reward_of_their_turn() -> None:
    games: dict[int, Game] = {}
    manager = make_manager(record=lambda game: games.update({game.deal.game_id: game}))
    for sample in collect(manager, 24).samples:
        game = games[sample.game_id]
        turn = game.turn(sample.role)
        assert turn is not None
        assert sample.response_ids == turn.generation.response_ids
        assert sample.prompt_ids == turn.generation.prompt_ids
        assert sample.reward == game.rewards[sample.role].total


def test_attacker_samples_are_taken_in_deal_order_whether_counted_or_gated() -> None:
    games: dict[int, Game] = {}
    manager = make_manager(
        FakeEngine(Role.ATTACKER, Habits(no_op=0.5)), record=lambda game: games.update({game.deal.game_id: game})
    )
    attacks = [sample.game_id for sample in collect(manager, 60).samples if sample.role is Role.ATTACKER]
    adversarial = [number for number, game in sorted(games.items()) if len(seats(game.deal.game_type)) == 2]
    assert attacks == adversarial[: len(attacks)]
    assert {games[number].outcome for number in attacks} == {Outcome.COUNTED, Outcome.GATED}
    assert len(adversarial) > len(attacks)


def test_an_edit_that_the_judge_cannot_tell_trains_its_attacker_alone() -> None:
    games: dict[int, Game] = {}
    record = lambda game: games.update({game.deal.game_id: game})  # noqa: E731
    collected = collect(make_manager(judge=FakeAuditor(cannot_tell=0.8), record=record), 48)
    outcomes = {role: Counter(games[s.game_id].outcome for s in collected.samples if s.role is role) for role in Role}
    assert outcomes[Role.ATTACKER][Outcome.QUARANTINED] > 0 == outcomes[Role.ASSESSOR][Outcome.QUARANTINED]
    attacks = [(games[s.game_id].outcome, s.reward) for s in collected.samples if s.role is Role.ATTACKER]
    untold, told = (
        [reward for outcome, reward in attacks if (outcome is Outcome.QUARANTINED) is unconfirmed]
        for unconfirmed in (True, False)
    )
    assert max(untold) < min(told)
    assert collected.stats.deals.total() <= 4 * 32 + 32, "what is dealt for the assessor's slots stays in the budget"


def test_malformed_assessors_are_trained_on_and_their_attackers_are_not() -> None:
    stats = collect(make_manager(assessor=FakeEngine(Role.ASSESSOR, Habits(malformed=0.5))), 30).stats
    malformed = {role for role, _, reason in stats.drops if reason == "malformed"}
    assert malformed == {Role.ATTACKER}


def test_an_attacker_that_never_passes_leaves_the_harmful_class_to_vanilla_games() -> None:
    collected = collect(make_manager(FakeEngine(Role.ATTACKER, Habits(no_op=1.0))), 12)
    by_type = Counter(sample.game_type for sample in collected.samples if sample.role is Role.ASSESSOR)
    assert by_type == {GameType.VANILLA_HARMFUL: 6, GameType.VANILLA_BENIGN: 2}
    assert collected.stats.substitutions == 4
    assert collected.stats.samples[Role.ATTACKER, GameType.ADVERSARIAL_BENIGN] == 2
    # 8 games are needed; the budget of 4 times as many is used before anything is replaced.
    assert collected.stats.deals.total() == 4 * 8 + 4


def test_without_error_notes_nothing_takes_the_place_of_a_failed_attack() -> None:
    """Clean notes alone can be played on; a vanilla harmful game would have no note."""
    mix = {GameType.VANILLA_BENIGN: 1.0, GameType.ADVERSARIAL_BENIGN: 1.0}
    clean = FakeDeck(error_notes=False)
    half = make_manager(FakeEngine(Role.ATTACKER, Habits(no_op=0.5)), mix=mix, deck=clean)
    assert collect(half, 9).stats.deals.keys() == mix.keys()

    never = make_manager(FakeEngine(Role.ATTACKER, Habits(no_op=1.0)), mix=mix, deck=clean)
    with pytest.raises(RolloutError) as caught:
        collect(never, 9)
    assert "of 9 samples are missing, all of them of adversarial games" in str(caught.value)
    assert "assessor of adversarial_benign)" in str(caught.value)
    assert "gated (no_op), " in str(caught.value) and "warm-start the model (model.path)" in str(caught.value)

    untold = make_manager(judge=FakeAuditor(cannot_tell=0.9, disagrees=0.3), mix=mix, deck=clean)
    with pytest.raises(RolloutError, match=r"ended as \d+ quarantined \(untold\), .*judge\.name"):
        collect(untold, 60)


def test_an_attacker_part_that_cannot_be_filled_is_an_error_with_numbers() -> None:
    manager = make_manager(assessor=FakeEngine(Role.ASSESSOR, Habits(malformed=1.0)))
    with pytest.raises(RolloutError, match=r"[12] of 6 samples are missing.*after 3[23] games.*malformed"):
        collect(manager, 6)


@pytest.mark.parametrize("judge_fails, engine_fails", [(1.0, 0.0), (0.0, 1.0)])
def test_when_most_games_fail_the_step_ends_with_the_counts(judge_fails: float, engine_fails: float) -> None:
    engine = FakeEngine(Role.ASSESSOR, Habits(fails=engine_fails))
    with pytest.raises(RolloutError, match=r"failed in \d+ of \d+ games"):
        collect(make_manager(assessor=engine, judge=FakeAuditor(fails=judge_fails)), 12)


def test_a_vanilla_run_has_no_attacker_and_asks_no_judge() -> None:
    class NoJudge:
        async def audit_one(self, request: Any) -> Any:
            raise AssertionError("nobody attacked")

    mix = {GameType.VANILLA_HARMFUL: 1.0, GameType.VANILLA_BENIGN: 1.0}
    collected = collect(make_manager(judge=NoJudge(), mix=mix), 10)
    assert {sample.role for sample in collected.samples} == {Role.ASSESSOR}
    assert collected.stats.deals.total() == 10


def test_nothing_is_asked_for_no_samples() -> None:
    assert collect(make_manager(), 0).samples == ()


def test_a_resumed_manager_deals_and_selects_the_same() -> None:
    habits = Habits(no_op=0.3, malformed=0.2)
    manager = make_manager(FakeEngine(Role.ATTACKER, habits))
    collect(manager, 7)
    resumed = make_manager(FakeEngine(Role.ATTACKER, habits))
    resumed.restore(json.loads(json.dumps(manager.state())))
    assert [collect(manager, 7).samples for _ in range(3)] == [collect(resumed, 7).samples for _ in range(3)]


def test_a_game_goes_on_while_another_is_still_at_its_first_turn() -> None:
    """An assessor turn of one adversarial game starts before the attacker turn of another has ended."""

    class Attacker(FakeEngine):
        def __init__(self) -> None:
            super().__init__(Role.ATTACKER)
            self.release = asyncio.Event()

        async def generate(self, messages: list[Message], *, seed: int) -> Generation:
            if self.requests == 0:
                self.requests += 1
                await self.release.wait()
            return await super().generate(messages, seed=seed)

    class Assessor(FakeEngine):
        async def generate(self, messages: list[Message], *, seed: int) -> Generation:
            if "Ketchup" in str(messages) or "Mustard" in str(messages) or "Vinegar" in str(messages):
                attacker.release.set()
            return await super().generate(messages, seed=seed)

    async def play() -> Collected:
        return await asyncio.wait_for(manager.collect(12), timeout=10)

    attacker = Attacker()
    manager = make_manager(attacker, Assessor(Role.ASSESSOR))
    assert len(asyncio.run(play()).samples) == 12


def test_a_replacement_is_dealt_while_later_games_are_still_played() -> None:
    """The first game is gated; its replacement is asked about although the last one is not over."""

    class Attacker(FakeEngine):
        async def generate(self, messages: list[Message], *, seed: int) -> Generation:
            number, self.requests = self.requests, self.requests + 1
            if number == 0:
                return generation("no format", seed)
            if number == 1:
                await release.wait()
            if number == 2:
                release.set()
            return await FakeEngine(Role.ATTACKER).generate(messages, seed=seed)

    async def play() -> Collected:
        nonlocal release
        release = asyncio.Event()
        return await asyncio.wait_for(make_manager(Attacker(Role.ATTACKER)).collect(6), timeout=10)

    release: Any = None
    assert asyncio.run(play()).stats.deals.total() == 5


def test_no_more_games_are_in_flight_than_allowed() -> None:
    class Counting(FakeEngine):
        busy = most = 0

        async def generate(self, messages: list[Message], *, seed: int) -> Generation:
            Counting.busy += 1
            Counting.most = max(Counting.most, Counting.busy)
            answer = await super().generate(messages, seed=seed)
            Counting.busy -= 1
            return answer

    collect(make_manager(Counting(Role.ATTACKER), Counting(Role.ASSESSOR), concurrency=3), 40)
    assert Counting.most == 3


def test_an_unexpected_exception_names_its_game_and_stops_the_others() -> None:
    class Broken(FakeEngine):
        stopped = 0

        async def generate(self, messages: list[Message], *, seed: int) -> Generation:
            self.requests += 1
            if self.requests == 3:
                raise KeyError("a bug")
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                Broken.stopped += 1
                raise
            raise AssertionError("was not cancelled")

    async def play() -> int:
        with pytest.raises(KeyError) as caught:
            await manager.collect(16)
        assert any("in game" in note for note in caught.value.__notes__)
        return len(asyncio.all_tasks())

    engine = Broken(Role.ASSESSOR)
    manager = make_manager(engine, engine)
    assert asyncio.run(play()) == 1
    assert Broken.stopped > 0


def test_cancelling_a_collect_leaves_no_task_and_a_manager_that_works() -> None:
    async def play() -> Collected:
        task = asyncio.create_task(manager.collect(12))
        for _ in range(3):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(asyncio.all_tasks()) == 1
        return await manager.collect(12)

    manager = make_manager()
    assert len(asyncio.run(play()).samples) == 12


def test_a_manager_may_be_used_from_one_event_loop_after_another() -> None:
    manager = make_manager(concurrency=2)
    assert [len(collect(manager, 6).samples) for _ in range(3)] == [6, 6, 6]


def test_memory_does_not_grow_with_the_games_played() -> None:
    import gc
    import tracemalloc

    manager = make_manager(FakeEngine(Role.ATTACKER, Habits(no_op=0.3, malformed=0.1)))
    played = sum(collect(manager, 48).stats.deals.total() for _ in range(KEPT_STEPS))
    tracemalloc.start()
    played += sum(collect(manager, 48).stats.deals.total() for _ in range(2))
    gc.collect()
    early, _ = tracemalloc.get_traced_memory()
    played += sum(collect(manager, 48).stats.deals.total() for _ in range(15))
    gc.collect()
    late, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert played > 600
    assert late - early < 50_000


def test_a_step_trains_on_a_deal_at_most_once_a_role() -> None:
    samples = collect(make_manager(FakeEngine(Role.ATTACKER, Habits(no_op=0.5))), 48).samples
    assert len({(sample.game_id, sample.role) for sample in samples}) == 48
    assert list(samples) == sorted(samples, key=lambda sample: sample.game_id)


def test_adversarial_games_dealt_ahead_are_dropped_when_they_were_not_needed() -> None:
    collected = collect(make_manager(deals_ahead=3.0), 6)
    deals = collected.stats.deals
    assert deals[GameType.ADVERSARIAL_BENIGN] == deals[GameType.ADVERSARIAL_HARMFUL] == 3
    assert deals[GameType.VANILLA_BENIGN] == deals[GameType.VANILLA_HARMFUL] == 1
    assert len(collected.samples) == 6
    surplus = Counter(role for role, _, why in collected.stats.drops.elements() if why == "surplus")
    assert surplus == {Role.ATTACKER: 4, Role.ASSESSOR: 4}
