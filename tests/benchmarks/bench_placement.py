"""How a run's start and its driver grow with the cluster: real Ray and placement, actors that do nothing.

    python tests/benchmarks/bench_placement.py [--gpus 8 64 ...] [--engines 1 8 64] [--runs 3] [--games 4000]

For each number of (logical) GPUs a whole run is planned and placed: half of them are engines, a quarter actors, an
eighth each of critics and references. ``training.cluster`` does it as it does in a run; only the actors' classes are
replaced by ones that load nothing. Every actor is a process: sizes whose processes would not fit into this host's
memory are planned and not placed. Then the driver's own cost of a game, through the pools of a run over engines that
answer at once, by number of engines and of games in flight. Medians and ranges over the runs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter, process_time
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from fakes import ALL_EQUAL, FakeAuditor, FakeDeck, FakeEngine, Habits

from medical_team.backends import prepare
from medical_team.config import Config, GatesConfig, RewardsConfig, load_config
from medical_team.game.prompts import ATTACKER_SYSTEM
from medical_team.manager import MedicalGameManager
from medical_team.planning.placement import placement_plan
from medical_team.rollout.engines import EnginePool, Patience, Sampling
from medical_team.rollout.supervisor import EngineSupervisor
from medical_team.types import Role

GPUS_A_NODE = 8
BYTES_AN_ACTOR = 80e6  # of an idle worker process, its own memory; measured below
SPARE_BYTES = 3e9
IN_FLIGHT = (64, 512)


class Idle:
    """An actor that loads nothing: the constructor's arguments and the calls of all of ``Cluster``'s actors."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        """Nothing to load."""

    def get_master_addr_port(self) -> tuple[str, int]:
        return "127.0.0.1", 1

    def init_model_from_pretrained(self, *_args: Any) -> None:
        """Nothing to load."""

    def ready(self) -> str:
        return "idle"


@dataclass(frozen=True, slots=True)
class Placed:
    """Seconds until Ray was there, every actor was placed and started, and every one had answered."""

    ray_s: float
    placed_s: float
    loaded_s: float
    bytes_an_actor: float


def shape(gpus: int) -> Config:
    """A configuration for so many GPUs."""

    def group(count: int) -> dict[str, int]:
        per_node = min(count, GPUS_A_NODE)
        return {"gpus_per_node": per_node, "nodes": count // per_node}

    parts = {"actor": group(gpus // 4), "critic": group(gpus // 8), "reference": group(gpus // 8)}
    keys = [f"cluster.{part}.{key}={value}" for part, sizes in parts.items() for key, value in sizes.items()]
    samples = max(24, gpus)
    more = [f"vllm.num_engines={gpus // 2}", f"rollout.batch_size={samples}", "judge.name=rule"]
    return load_config(None, [*keys, *more, "cluster.backend=cpu", "rollout.micro_batch_size=1"])


def place(gpus: int) -> Placed:
    """Place a run in a process of its own, which Ray leaves its traces in."""
    command = [sys.executable, __file__, "--place", str(gpus)]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return Placed(**json.loads(said.splitlines()[-1]))


def place_here(gpus: int) -> Placed:
    prepare()
    import ray

    from medical_team.training import cluster

    for actor in ("EngineActor", "PolicyActor", "CriticActor", "ReferenceActor"):
        setattr(cluster, actor, Idle)
    config = shape(gpus)
    plan = placement_plan(config)
    began = perf_counter()
    ray.init(num_gpus=plan.gpus, num_cpus=plan.cpus, include_dashboard=False, logging_level=logging.WARNING)
    there = perf_counter()
    placing = cluster.Cluster(config, "cpu", "float32")
    placed = perf_counter()
    placing.load(SimpleNamespace(critic=SimpleNamespace(model_name_or_path="none")), None, 1)
    loaded = perf_counter()
    size = statistics.median(own_bytes("ray::Idle"))
    ray.shutdown()
    return Placed(there - began, placed - there, loaded - placed, size)


def own_bytes(title: str) -> list[float]:
    """Memory that processes of a title have for themselves."""
    sizes = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdecimal() and title in (folder / "cmdline").read_text():
                lines = (folder / "smaps_rollup").read_text().splitlines()
                private = [int(line.split()[1]) for line in lines if line.startswith("Private_")]
                sizes.append(sum(private) * 1024.0)
        except OSError:
            continue  # it ended meanwhile
    return sizes


def fits(gpus: int) -> bool:
    available = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemAvailable"))
    return gpus * BYTES_AN_ACTOR + SPARE_BYTES < int(available.split()[1]) * 1024


class Handles:
    """Handles of engines that answer at once, as Ray's look; they know how long the answers took to make."""

    def __init__(self) -> None:
        habits = Habits(no_op=0.2, malformed=0.05)
        self._by_role = {role: FakeEngine(role, habits, turns_of_loop=lambda seed: 1) for role in Role}
        self._asked: dict[int, list[dict[str, str]]] = {}
        self.seconds = 0.0

    def template(self, messages: list[dict[str, str]]) -> list[int]:
        """One token, by which the messages are found again."""
        self._asked[id(messages)] = messages
        return [id(messages)]

    def handle(self) -> Any:
        return SimpleNamespace(answer=SimpleNamespace(remote=self._answer))

    async def _answer(self, prompt_ids: list[int], sampling: dict[str, Any]) -> Any:
        messages = self._asked.pop(prompt_ids[0])
        role = Role.ATTACKER if messages[0]["content"] == ATTACKER_SYSTEM else Role.ASSESSOR
        await asyncio.sleep(0)
        began = process_time()
        answer = self._by_role[role].answer(messages, sampling["seed"]).text
        self.seconds += process_time() - began
        return SimpleNamespace(token_ids=(1, 2), text=answer, truncated=False, logprobs=None, version=1)


def driver_cost(engines: int, in_flight: int, games: int) -> float:
    """Microseconds of this process a game, what the engines do taken off."""
    return asyncio.run(_driver_cost(engines, in_flight, games))


async def _driver_cost(engines: int, in_flight: int, games: int) -> float:
    async def never(index: int) -> Any:
        raise AssertionError("no engine is lost here")

    handles = Handles()
    supervisor = EngineSupervisor([handles.handle() for _ in range(engines)], never, 0)
    template: Any = handles.template
    pool = EnginePool(supervisor, range(engines), template, Sampling(16), Patience(900.0, 300.0))
    manager = MedicalGameManager(
        FakeDeck(notes=200),
        dict.fromkeys(Role, pool),
        FakeAuditor(),
        mix=ALL_EQUAL,
        gates=GatesConfig(),
        rewards=RewardsConfig(),
        concurrency=in_flight,
        max_deals_factor=4.0,
    )
    played, began = 0, process_time()
    while played < games:
        collected = await manager.collect(2 * in_flight)
        played += collected.stats.deals.total()
    return (process_time() - began - handles.seconds) / played * 1e6


def spread(values: list[float], unit: str) -> str:
    return f"{statistics.median(values):.3g} {unit} ({min(values):.3g} to {max(values):.3g})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gpus", type=int, nargs="*", default=[8, 64])
    parser.add_argument("--engines", type=int, nargs="*", default=[1, 8, 64])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--games", type=int, default=4000)
    parser.add_argument("--place", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.place:
        print(json.dumps(asdict(place_here(arguments.place))))
        return
    logging.disable(logging.WARNING)  # the fakes' games are not varied enough for the sentinels
    for gpus in arguments.gpus:
        began = perf_counter()
        plan = placement_plan(shape(gpus))
        planned = f"{plan.gpus} GPUs: planned in {(perf_counter() - began) * 1e3:.0f} ms"
        if not fits(gpus):
            print(f"{planned}; their processes do not fit into this host's memory")
            continue
        runs = [place(gpus) for _ in range(arguments.runs)]
        print(
            f"{planned}; Ray {spread([run.ray_s for run in runs], 's')}, "
            f"placed {spread([run.placed_s for run in runs], 's')}, "
            f"all answer {spread([run.loaded_s for run in runs], 's')}; "
            f"{runs[-1].bytes_an_actor / 1e6:.0f} MB an actor",
            flush=True,
        )
    driver_cost(1, IN_FLIGHT[0], arguments.games // 4)  # what is imported and compiled at first use
    for engines in arguments.engines:
        for in_flight in IN_FLIGHT:
            costs = [driver_cost(engines, in_flight, arguments.games) for _ in range(arguments.runs)]
            print(
                f"{engines} engines, {in_flight} games in flight: {spread(costs, 'us')} of the driver a game",
                flush=True,
            )


if __name__ == "__main__":
    main()
