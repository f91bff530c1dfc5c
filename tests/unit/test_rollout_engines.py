"""Chat templates of every kind, and pools whose every failure is an EngineError."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from medical_team.errors import EngineError, ModelError
from medical_team.rollout.engines import ChatTemplate, EnginePool, Messages, Patience, Sampling
from medical_team.rollout.supervisor import EngineSupervisor, Restart
from medical_team.types import Generation

SILENCE_S = 0.1
CHAT: Messages = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "how are you"}]


class FakeTokenizer:
    """A token a word; ``system`` says what its template does with a system turn."""

    name_or_path = "models/fake"
    chat_template = "a template"

    def __init__(self, system: str = "accepts") -> None:
        self._system = system
        self.turns: list[Messages] = []

    def apply_chat_template(self, turns: Messages, tokenize: bool = True, **options: Any) -> Any:
        if turns[0]["role"] == "system" and self._system == "raises":
            raise ValueError("System role not supported")
        if turns[0]["role"] == "system" and self._system == "drops":
            turns = turns[1:]
        self.turns.append(turns)
        text = " ".join(f"<{turn['role']}> {turn['content']}" for turn in turns)
        if not tokenize:
            return text
        assert options["add_generation_prompt"]
        return {"input_ids": list(range(len(text.split()) + 1))}


def test_a_system_turn_stays_one_where_the_template_has_it():
    tokenizer = FakeTokenizer()
    ids = ChatTemplate(tokenizer, 100)(CHAT)

    assert tokenizer.turns[-1] == CHAT
    assert ids == list(range(8))


@pytest.mark.parametrize("system", ["raises", "drops"])
def test_a_template_without_a_system_turn_gets_its_text_in_the_first_one(system: str):
    tokenizer = FakeTokenizer(system)
    ChatTemplate(tokenizer, 100)(CHAT)

    (turn,) = tokenizer.turns[-1]
    assert turn["role"] == "user"
    assert "be brief" in turn["content"] and "how are you" in turn["content"]


def test_a_prompt_that_is_too_long_never_reaches_an_engine():
    template = ChatTemplate(FakeTokenizer(), max_prompt_tokens=7)

    with pytest.raises(EngineError, match=r"8 tokens and 7 fit: raise model\.max_length"):
        template(CHAT)
    assert template.count(CHAT) == 8
    assert len(ChatTemplate(FakeTokenizer(), max_prompt_tokens=8)(CHAT)) == 8


def test_a_model_without_a_template_is_refused_by_name():
    tokenizer = FakeTokenizer()
    tokenizer.chat_template = ""

    with pytest.raises(ModelError, match="models/fake has no chat template"):
        ChatTemplate(tokenizer, 100)


@dataclass
class FakeActor:
    """A Ray actor as the pool sees it: ``answer.remote`` gives something to await."""

    respond: Callable[[], Awaitable[Any]]
    requests: list[tuple[list[int], dict[str, Any]]] = field(default_factory=list)

    @property
    def answer(self) -> Any:
        return SimpleNamespace(remote=self._remote)

    def _remote(self, prompt_ids: list[int], sampling: dict[str, Any]) -> Awaitable[Any]:
        self.requests.append((prompt_ids, sampling))
        return self.respond()


def answer(version: int = 3) -> Any:
    return SimpleNamespace(token_ids=(5, 6), text="fine", truncated=False, logprobs=(-0.1, -0.2), version=version)


async def at_once() -> Any:
    return answer()


async def never() -> Any:
    await asyncio.Event().wait()


async def no_restart(index: int) -> Any:
    raise AssertionError(f"engine {index} was started anew")


def pool_of(*actors: FakeActor, deadline_s: float = 5.0, restart: Restart = no_restart) -> EnginePool:
    engines = EngineSupervisor([*actors], restart, max_restarts=2)
    template = ChatTemplate(FakeTokenizer(), 100)
    return EnginePool(engines, range(len(actors)), template, Sampling(16, 0.7, 0.9), Patience(deadline_s, SILENCE_S))


async def test_an_answer_comes_back_with_its_prompt_and_version():
    actor = FakeActor(at_once)

    generation = await pool_of(actor).generate(CHAT, seed=2**63 - 1)

    assert generation == Generation(tuple(range(8)), (5, 6), "fine", False, (-0.1, -0.2), engine_version=3)
    assert actor.requests == [
        (list(range(8)), {"max_tokens": 16, "temperature": 0.7, "top_p": 0.9, "logprobs": None, "seed": 2**63 - 1})
    ]


async def test_requests_go_to_the_engine_with_the_fewest_in_flight():
    release = asyncio.Event()

    async def when_released() -> Any:
        await release.wait()
        return answer()

    slow, fast = FakeActor(when_released), FakeActor(at_once)
    pool = pool_of(slow, fast)
    waiting = asyncio.create_task(pool.generate(CHAT, seed=0))
    await asyncio.sleep(0)

    for seed in range(4):
        await pool.generate(CHAT, seed=seed)
    assert (len(slow.requests), len(fast.requests)) == (1, 4)

    release.set()
    await waiting
    await pool.generate(CHAT, seed=9)
    assert len(slow.requests) == 2


async def test_requests_at_once_are_spread_evenly():
    release = asyncio.Event()

    async def when_released() -> Any:
        await release.wait()
        return answer()

    actors = [FakeActor(when_released) for _ in range(3)]
    pool = pool_of(*actors)
    games = [asyncio.create_task(pool.generate(CHAT, seed=seed)) for seed in range(9)]
    await asyncio.sleep(0)

    assert [len(actor.requests) for actor in actors] == [3, 3, 3]
    release.set()
    await asyncio.gather(*games)


async def test_an_engine_that_is_late_is_an_engine_error():
    with pytest.raises(EngineError, match=r"engine 0 gave no answer within 0\.01 s"):
        await pool_of(FakeActor(never), deadline_s=0.01).generate(CHAT, seed=0)


async def test_a_request_that_the_engine_refuses_is_an_engine_error():
    from ray.exceptions import RayTaskError

    async def refused() -> Any:
        raise RayTaskError("answer", "a traceback", ValueError("too long"))

    with pytest.raises(EngineError, match="engine 0 failed: RayTaskError") as failed:
        await pool_of(FakeActor(refused)).generate(CHAT, seed=0)
    assert isinstance(failed.value.__cause__, RayTaskError)


async def dead() -> Any:
    from ray.exceptions import ActorDiedError

    raise ActorDiedError()


async def cut_off() -> Any:
    """The node with the answer is gone."""
    from ray.exceptions import OwnerDiedError

    raise OwnerDiedError("0" * 56, None, "")


async def never_back(_index: int) -> Any:
    await asyncio.Event().wait()


@pytest.mark.parametrize("loss", [dead, cut_off])
async def test_what_a_lost_engine_owed_is_asked_of_another_with_the_same_seed(loss: Callable[[], Awaitable[Any]]):
    first, second = FakeActor(loss), FakeActor(at_once)
    pool = pool_of(first, second, restart=never_back)

    assert (await pool.generate(CHAT, seed=5)).text == "fine"
    assert first.requests == second.requests
    assert first.requests[0][1]["seed"] == 5


async def test_the_only_engine_is_waited_for():
    new = FakeActor(at_once)

    async def restart(_index: int) -> Any:
        await asyncio.sleep(0)
        return new

    generation = await pool_of(FakeActor(dead), restart=restart).generate(CHAT, seed=5)

    assert generation.text == "fine"
    assert new.requests[0][1]["seed"] == 5


async def test_an_engine_that_answers_nobody_is_lost():
    new = FakeActor(at_once)

    async def restart(_index: int) -> Any:
        return new

    pool = pool_of(FakeActor(never), deadline_s=1000 * SILENCE_S, restart=restart)
    assert (await pool.generate(CHAT, seed=5)).text == "fine"


async def test_an_engine_that_answers_others_is_only_slow():
    turns = iter([never, *[at_once] * 1000])
    busy = FakeActor(lambda: next(turns)())
    pool = pool_of(busy, deadline_s=3 * SILENCE_S)
    slow = asyncio.create_task(pool.generate(CHAT, seed=0))
    await asyncio.sleep(0)
    while not slow.done():
        await pool.generate(CHAT, seed=1)
        await asyncio.sleep(SILENCE_S / 20)

    with pytest.raises(EngineError, match="gave no answer"):
        await slow


async def test_a_bug_is_no_engine_error():
    async def wrong() -> Any:
        raise KeyError("a bug of ours")

    with pytest.raises(KeyError):
        await pool_of(FakeActor(wrong)).generate(CHAT, seed=0)


@pytest.mark.parametrize("respond", [never, at_once])
async def test_a_failed_or_finished_request_is_in_flight_no_more(respond: Callable[[], Awaitable[Any]]):
    first, second = FakeActor(respond), FakeActor(at_once)
    pool = pool_of(first, second, deadline_s=0.01)

    for seed in range(3):
        try:
            await pool.generate(CHAT, seed=seed)
        except EngineError:
            continue

    assert (len(first.requests), len(second.requests)) == (3, 0), "each request found the first engine idle"


async def test_a_request_that_is_cancelled_is_in_flight_no_more():
    first, second = FakeActor(never), FakeActor(never)
    pool = pool_of(first, second)
    for _ in range(2):
        game = asyncio.create_task(pool.generate(CHAT, seed=0))
        await asyncio.sleep(0)
        game.cancel()
        await asyncio.gather(game, return_exceptions=True)

    assert (len(first.requests), len(second.requests)) == (2, 0)


async def test_a_prompt_that_does_not_fit_is_in_flight_nowhere():
    actor = FakeActor(at_once)
    engines = EngineSupervisor([actor], no_restart, 0)
    pool = EnginePool(engines, [0], ChatTemplate(FakeTokenizer(), 3), Sampling(16), Patience(60.0))

    with pytest.raises(EngineError):
        await pool.generate(CHAT, seed=0)
    assert actor.requests == []


async def test_the_same_engines_can_draw_another_way():
    actor = FakeActor(at_once)

    await pool_of(actor).drawing(Sampling(8, temperature=0.0)).generate(CHAT, seed=1)

    assert actor.requests[0][1] == {"max_tokens": 8, "temperature": 0.0, "top_p": 1.0, "logprobs": None, "seed": 1}
