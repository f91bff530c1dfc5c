"""What a run is doing, written down: games, engines, actors, threads. No word of a note is in it.

Asked for by the watchdog when a run stalls, when it loses a worker, and by SIGQUIT.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from medical_team.safekeeping import open_private


@dataclass(frozen=True, slots=True)
class GameState:
    """A game in flight: its type, its age, and the seconds it has waited for each thing that it waits for."""

    game_id: int
    game_type: str
    seconds: float
    waits: dict[str, float]


@dataclass(frozen=True, slots=True)
class EngineState:
    """An engine: the turns it owes, the seconds since it last answered, and whether it serves."""

    engine: int
    owes: int
    silent_s: float
    serving: bool


@dataclass(frozen=True, slots=True)
class ActorState:
    """A process of Ray's as Ray knows it."""

    name: str
    state: str
    pid: int
    node: str


@dataclass(frozen=True, slots=True)
class RunState:
    """A run at one moment.

    Attributes:
        reason: Why it was written down.
        phase: What the driver waits for, and for how many seconds.
        threads: The driver's, by name: file, line and function, innermost last.
    """

    reason: str
    step: int
    phase: str
    phase_s: float
    games: Sequence[GameState]
    engines: Sequence[EngineState]
    actors: Sequence[ActorState]
    threads: dict[str, list[str]]

    def to_text(self) -> str:
        """For who reads it on a terminal."""
        lines = [f"{self.reason}", f"step {self.step}, {self.phase} for {self.phase_s:.0f} s", ""]
        lines.append(f"{len(self.games)} game(s) in flight")
        lines += [
            f"  game {game.game_id} ({game.game_type}), {game.seconds:.0f} s: {_waits(game)}" for game in self.games
        ]
        lines += ["", "engines"]
        lines += [
            f"  engine {one.engine}: owes {one.owes} turn(s), last heard {one.silent_s:.0f} s ago"
            + ("" if one.serving else ", lost")
            for one in self.engines
        ]
        lines += ["", "actors"]
        lines += [f"  {actor.name}: {actor.state}, pid {actor.pid} on {actor.node}" for actor in self.actors]
        for name, stack in self.threads.items():
            lines += ["", f"thread {name}", *(f"  {frame}" for frame in stack)]
        return "\n".join(lines) + "\n"


def _waits(game: GameState) -> str:
    waits = ", ".join(f"{what} for {seconds:.0f} s" for what, seconds in game.waits.items())
    return f"waits for {waits}" if waits else "waits for nothing"


def write(state: RunState, folder: Path) -> Path:
    """Write ``state-<time>.json`` and ``.txt`` below ``folder``, for their owner alone; the path of the text."""
    now = datetime.now(UTC)
    content = {"written": now.isoformat(), "host": socket.gethostname(), "pid": os.getpid()} | asdict(state)
    path = folder / f"state-{now:%Y%m%dT%H%M%S.%f}.txt"
    for file_path, text in ((path.with_suffix(".json"), json.dumps(content, indent=1)), (path, state.to_text())):
        with open(file_path, "w", encoding="utf-8", opener=open_private) as file:
            file.write(text)
    return path


def thread_stacks() -> dict[str, list[str]]:
    """Where every thread of this process is; no values of variables."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return {
        f"{names.get(number, 'unknown')} ({number})": [
            f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_stack(top)
        ]
        for number, top in sys._current_frames().items()
    }


def actor_states() -> list[ActorState]:
    """All actors that Ray's head knows; ``ray.util.state`` would need the dashboard."""
    from ray._private import state

    found: dict[str, dict[str, Any]] = state.actors()
    return [
        ActorState(one["ActorClassName"], one["State"], one["Pid"], one["Address"]["IPAddress"])
        for one in found.values()
    ]
