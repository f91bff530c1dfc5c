"""A rollout that makes no progress is ended, and what the run was doing is written down without a word of a note."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from medical_team.errors import JudgeOutage, StallError, WorkerLost
from medical_team.manager.flight import Awaited, GamesInFlight
from medical_team.rollout.supervisor import Place
from medical_team.training import watchdog as module
from medical_team.training.state_dump import ActorState
from medical_team.training.watchdog import Watchdog
from medical_team.training.workers import Workers
from medical_team.types import Deal, GameType, Note


class Clock:
    """Time that passes by being asked for."""

    def __init__(self, tick: float) -> None:
        self.now, self._tick = 0.0, tick

    def __call__(self) -> float:
        self.now += self._tick
        return self.now


@pytest.fixture(autouse=True)
def no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOKS_EVERY_S", 0.001)
    monkeypatch.setattr(module, "actor_states", lambda: [ActorState("PolicyActor", "DEAD", 7, "10.0.0.1")])


@pytest.fixture
def deal(clean_note: Note) -> Deal:
    return Deal(5, GameType.ADVERSARIAL_BENIGN, clean_note, seed=1)


def states(folder: Path) -> list[dict]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob("state-*.json"))]


def watchdog(folder: Path, flight: GamesInFlight, stall_s: float = 50.0) -> Watchdog:
    place = Place(0, None, in_flight=1, heard_at=0.0, serving=False)
    return Watchdog(flight, stall_s, folder, engines=lambda: [place])


async def stuck(flight: GamesInFlight, deal: Deal) -> None:
    with flight.playing(deal), flight.waiting(deal.game_id, Awaited.JUDGE):
        await asyncio.Event().wait()


def test_a_rollout_without_progress_ends_and_says_what_it_waited_for(tmp_path: Path, deal: Deal):
    flight = GamesInFlight(now=Clock(tick=1.0))
    dog = watchdog(tmp_path, flight)
    dog.begins("rollout", step=3)

    with pytest.raises(StallError, match=r"^the rollout has stalled: .* cluster.stall_s = 50 s"), dog.writing_down():
        asyncio.run(dog.watching(stuck(flight, deal)))

    (state,) = states(tmp_path)
    assert (state["step"], state["phase"]) == (3, "rollout")
    (game,) = state["games"]
    assert (game["game_id"], game["game_type"]) == (5, "adversarial_benign")
    assert list(game["waits"]) == ["judge"] and game["waits"]["judge"] > 40
    assert (state["engines"][0]["owes"], state["engines"][0]["serving"]) == (1, False)
    assert state["actors"] == [{"name": "PolicyActor", "state": "DEAD", "pid": 7, "node": "10.0.0.1"}]
    assert any("test_training_watchdog" in frame for stack in state["threads"].values() for frame in stack)
    assert flight.games == (), "its games were cancelled"


def test_the_state_is_its_owners_and_holds_no_word_of_a_note(tmp_path: Path, deal: Deal):
    flight = GamesInFlight()

    async def dump_while_playing() -> None:
        with flight.playing(deal), flight.waiting(deal.game_id, Awaited.ATTACKER):
            watchdog(tmp_path, flight).dump("asked for")

    asyncio.run(dump_while_playing())

    files = sorted(tmp_path.iterdir())
    assert [path.suffix for path in files] == [".json", ".txt"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)
    assert "game 5 (adversarial_benign)" in files[1].read_text() and "attacker for" in files[1].read_text()
    for path in files:
        assert not any(sentence in path.read_text() for sentence in deal.note.sentences)


def test_a_rollout_that_goes_on_slowly_is_left_alone(tmp_path: Path, deal: Deal):
    flight = GamesInFlight(now=Clock(tick=1.0))

    async def slowly() -> str:
        with flight.playing(deal):
            for _ in range(30):
                with flight.waiting(deal.game_id, Awaited.ASSESSOR):
                    await asyncio.sleep(0.005)
        return "over"

    assert asyncio.run(watchdog(tmp_path, flight, stall_s=40.0).watching(slowly())) == "over"
    assert states(tmp_path) == []


def test_what_a_rollout_raises_comes_out(tmp_path: Path):
    async def fails() -> None:
        raise JudgeOutage("away")

    with pytest.raises(JudgeOutage, match="away"):
        asyncio.run(watchdog(tmp_path, GamesInFlight()).watching(fails()))


def test_a_lost_worker_ends_a_rollout_and_is_written_down(tmp_path: Path, deal: Deal):
    class Lost(Workers):
        def check(self, phase: str) -> None:
            raise WorkerLost(f"actor rank 1 is lost during {phase}")

    flight = GamesInFlight()
    dog = Watchdog(flight, 50.0, tmp_path, workers=Lost({}))

    with pytest.raises(WorkerLost, match="during the rollout"), dog.writing_down():
        asyncio.run(dog.watching(stuck(flight, deal)))
    assert [state["reason"] for state in states(tmp_path)] == ["actor rank 1 is lost during the rollout"]


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Watchdog]:
    dog = watchdog(tmp_path, GamesInFlight())
    dog.listen()
    yield dog
    dog.close()


def test_a_run_that_is_asked_writes_it_down_and_goes_on(tmp_path: Path, listening: Watchdog):
    os.kill(os.getpid(), signal.SIGQUIT)
    os.kill(os.getpid(), signal.SIGQUIT)

    assert [state["reason"] for state in states(tmp_path)] == ["asked for by SIGQUIT"] * 2


def test_a_head_that_does_not_answer_does_not_keep_the_state_from_being_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fails() -> list[ActorState]:
        raise ConnectionError("no head")

    monkeypatch.setattr(module, "actor_states", fails)
    watchdog(tmp_path, GamesInFlight()).dump("asked for")

    assert states(tmp_path)[0]["actors"] == []
