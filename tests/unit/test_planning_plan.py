"""What a run holds by place and moment, and what of it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medical_team.checkpoints import CheckpointStore, TrainerState
from medical_team.config import Config, load_config
from medical_team.errors import ConfigError
from medical_team.planning.cards import FILL, card_named
from medical_team.planning.groups import Lengths
from medical_team.planning.host import Host, this_host
from medical_team.planning.memory import Moment, Part, Place, Process
from medical_team.planning.nodes import fullest_node
from medical_team.planning.plan import RunPlan, plan_run

HOST = Host(memory=64e9, free_disk=1e15, multiplies_bfloat16=True)
THREE_B = "model.path=Qwen/Qwen2.5-3B-Instruct"
TOGETHER = ("cluster.colocate_all=true", "vllm.gpu_memory_utilization=0.4")


def configured(*overrides: str) -> Config:
    return load_config(None, [THREE_B, *overrides])


def planned(*overrides: str, backend: str = "gpu", host: Host = HOST, lengths: Lengths | None = None) -> RunPlan:
    return plan_run(configured(*overrides), "gpu" if backend == "gpu" else "cpu", host, lengths)


def process(plan: RunPlan, name: str) -> Process:
    return next(each for place in plan.places for each in place.processes if each.name == name)


def test_groups_apart_are_on_places_of_their_own():
    plan = planned("vllm.num_engines=2", "vllm.tensor_parallel_size=2", "cluster.node_gpus=8")

    assert [(place.name, place.count) for place in plan.places] == [
        ("actor", 1),
        ("reference", 1),
        ("critic", 1),
        ("engines", 4),
    ]
    assert sum(place.count for place in plan.places) == plan.placement.gpus


def test_the_judge_of_colocated_groups_is_on_one_of_their_gpus():
    four = [f"cluster.{name}.gpus_per_node=4" for name in ("actor", "critic", "reference")]
    judge = ("judge.name=vllm", "judge.llm.gpu_memory_utilization=0.2")
    plan = planned(*TOGETHER, *four, *judge, "vllm.num_engines=4", "rollout.batch_size=48")

    assert [place.count for place in plan.places] == [1, 3]
    assert "judge (vllm)" in plan.places[0].name and "judge (vllm)" not in plan.places[1].name
    assert plan.places[0].held(Moment.ROLLOUT) > plan.places[1].held(Moment.ROLLOUT)


def test_who_takes_turns_holds_the_most_of_one_and_not_of_all():
    at_once, in_turns = planned(*TOGETHER).places[0], planned(*TOGETHER, "vllm.enable_sleep=true").places[0]

    assert in_turns.peak()[1] < at_once.peak()[1]
    everything = in_turns.held(Moment.ACTOR_UPDATE) + in_turns.held(Moment.ROLLOUT)
    assert in_turns.peak()[1] == max(map(in_turns.held, in_turns.moments)) < everything


def test_asleep_a_group_keeps_its_parameters_and_the_rest_is_on_the_host():
    actor = process(planned(*TOGETHER, "vllm.enable_sleep=true"), "actor")

    assert set(actor.held(Moment.ROLLOUT)) == {Part.PARAMETERS, Part.RUNTIME}
    awake = actor.held(Moment.ACTOR_UPDATE)
    assert actor.host == awake[Part.GRADIENTS] + awake[Part.OPTIMIZER]


def test_an_engine_asleep_keeps_no_weights_and_no_cache():
    engine = process(planned(*TOGETHER, "vllm.enable_sleep=true"), "engines")

    assert set(engine.held(Moment.ACTOR_UPDATE)) == {Part.RUNTIME}


def test_an_engine_awake_takes_the_share_it_is_given():
    engine = process(planned("vllm.gpu_memory_utilization=0.5"), "engines")

    assert sum(engine.held(Moment.ROLLOUT).values()) == pytest.approx(0.5 * card_named("A100-80").memory)


def test_a_rank_of_an_engine_holds_one_key_value_head_at_least():
    """Qwen2.5-3B has two: over four GPUs a sequence takes as much of each as over two."""

    def cached(ranks: int) -> float:
        """Bytes of the cache a sequence."""
        engine = process(planned(f"vllm.tensor_parallel_size={ranks}"), "engines")
        return engine.held(Moment.ROLLOUT)[Part.KV_CACHE] / (engine.cached_sequences or 0)

    assert cached(2) == pytest.approx(cached(1) / 2)
    assert cached(4) == pytest.approx(cached(2))


def test_in_turns_the_critic_learns_while_the_actor_keeps_its_weights():
    plan = planned(*TOGETHER, "vllm.enable_sleep=true")
    actor, critic = process(plan, "actor"), process(plan, "critic")

    for learns, waits, moment in ((critic, actor, Moment.CRITIC_UPDATE), (actor, critic, Moment.ACTOR_UPDATE)):
        assert Part.OPTIMIZER in learns.held(moment) and learns.passing(moment) > 0
        assert set(waits.held(moment)) == {Part.PARAMETERS, Part.RUNTIME}


def test_on_cpu_the_optimizer_finds_no_memory_free():
    actor = process(planned(backend="cpu"), "actor").held(Moment.UPDATE)

    assert actor[Part.STEP] > 0 and actor[Part.ACTIVATIONS] > 0


def test_on_gpu_an_update_takes_the_larger_of_pass_and_step():
    for learner, parts in (("actor", {Part.ACTIVATIONS, Part.LOGITS}), ("critic", {Part.STEP})):
        held = process(planned("train.gradient_checkpointing=true"), learner).during[Moment.UPDATE]
        assert set(held) in (parts, {Part.STEP}) and sum(held.values()) > 0


def test_forward_passes_on_one_gpu_wait_for_each_other():
    one, other = ({Moment.FORWARDS: {Part.LOGITS: size}} for size in (3.0, 5.0))
    both = (Process("one", {}, during=one), Process("other", {}, during=other))

    assert Place(1, both, (Moment.FORWARDS,)).held(Moment.FORWARDS) == 5
    assert Place(1, both, (Moment.FORWARDS,), forwards_in_turns=False).held(Moment.FORWARDS) == 8


def test_zero_divides_over_the_ranks_and_the_reference_only_at_stage_3():
    def held(name: str, stage: int, ranks: int, part: Part) -> float:
        shapes = [f"cluster.{group}.gpus_per_node={ranks}" for group in ("actor", "reference")]
        plan = planned(*shapes, f"train.zero_stage={stage}", "rollout.batch_size=48", "train.estimator=reinforce")
        return process(plan, name).held(Moment.UPDATE)[part]

    assert held("actor", 2, 4, Part.OPTIMIZER) == held("actor", 2, 1, Part.OPTIMIZER) / 4
    assert held("reference", 2, 4, Part.PARAMETERS) == held("reference", 2, 1, Part.PARAMETERS)
    assert held("reference", 3, 4, Part.PARAMETERS) == held("reference", 3, 1, Part.PARAMETERS) / 4


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ("train.gradient_checkpointing=true", Part.ACTIVATIONS),
        ("train.micro_batch_size=1", Part.LOGITS),
        ("train.offload_optimizer=true", Part.OPTIMIZER),
    ],
)
def test_what_is_there_to_save_memory_saves_it(change: str, part: Part):
    before, after = (process(planned("model.max_length=4096", *more), "actor") for more in ((), (change,)))

    assert after.held(Moment.UPDATE)[part] < before.held(Moment.UPDATE)[part]


def test_a_run_that_fits_has_no_problem():
    plan = planned()

    assert plan.fits and plan.problems == ()


def test_a_card_that_is_too_small_is_told_with_who_when_and_how_much():
    (problem,) = planned(*TOGETHER, "vllm.enable_sleep=true", "cluster.card=48").problems

    assert "the GPU of actor, reference, critic, engines" in problem
    assert "at actor update" in problem and f"{48 * FILL:.1f} GB of 48 GB" in problem


@pytest.mark.parametrize(
    ("overrides", "key"),
    [
        (["vllm.gpu_memory_utilization=0.05"], "vllm.gpu_memory_utilization"),
        (["judge.name=vllm", "judge.llm.gpu_memory_utilization=0.05"], "judge.llm.gpu_memory_utilization"),
    ],
)
def test_an_engine_without_room_for_one_sequence_is_refused(overrides: list[str], key: str):
    (problem,) = planned(*overrides).problems

    assert problem.startswith(key) and "one sequence" in problem


def test_ranks_that_do_not_divide_the_heads_or_leave_the_node_are_refused():
    assert any("does not divide the model's 16" in each for each in planned("vllm.tensor_parallel_size=3").problems)
    assert any(
        "more than the 2 GPUs of a node" in each
        for each in planned("vllm.tensor_parallel_size=4", "cluster.node_gpus=2").problems
    )


OFFLOADED = (*TOGETHER, "vllm.enable_sleep=true", "train.offload_optimizer=true", "train.gradient_checkpointing=true")


def test_a_save_copies_the_states_beside_what_the_host_holds():
    plan = planned(*OFFLOADED)
    (place,) = plan.places

    assert plan.node is not None
    assert plan.node.kept == sum(each.host for each in place.processes)
    assert plan.node.copied == pytest.approx(plan.checkpoint)
    assert Moment.SAVE not in place.moments, "nothing of it is on the GPU"


def test_a_node_that_cannot_hold_the_copy_is_refused_with_the_numbers():
    node = planned(*OFFLOADED).node
    assert node is not None
    enough = node.in_a_save / 0.5 / 1e9 + 1

    half = "cluster.max_memory_share=0.5"
    assert planned(*OFFLOADED, half, f"cluster.node_memory_gb={enough}").problems == ()
    (problem,) = planned(*OFFLOADED, half, f"cluster.node_memory_gb={enough - 2}").problems
    assert "the host of a node" in problem and "in a save" in problem and f"{node.copied / 1e9:.1f} GB" in problem
    assert "cluster.node_memory_gb" in problem


@given(
    counts=st.lists(st.integers(1, 40), min_size=1, max_size=5),
    sizes=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=5, max_size=5),
    gpus=st.integers(1, 8),
)
def test_the_fullest_node_is_the_fullest_of_all(counts: list[int], sizes: list[tuple[int, int]], gpus: int):
    def process(host: int, copy: int) -> Process:
        return Process("one", {}, during={Moment.SAVE: {Part.COPY: copy}}, host=host)

    places = [Place(count, (process(*size),), ()) for count, size in zip(counts, sizes, strict=False)]
    ranks = [sum(size) for count, size in zip(counts, sizes, strict=False) for _ in range(count)]

    fullest = fullest_node(places, gpus)

    assert fullest.in_a_save == max(sum(ranks[first : first + gpus]) for first in range(0, len(ranks), gpus))


def test_on_cpu_a_save_is_a_moment_of_its_own():
    plan = planned(backend="cpu")
    (place,) = plan.places

    assert plan.node is None
    assert place.held(Moment.SAVE) == pytest.approx(place.held(Moment.ROLLOUT) + plan.checkpoint)
    assert planned("cluster.node_memory_gb=16", backend="cpu", host=Host(1e15, 1e15, True)).problems


def test_too_little_disk_is_told_with_the_run_and_the_numbers():
    plan = planned("run.name=mine", host=Host(64e9, 1e9, True))

    assert not plan.fits and "runs/mine has 1.0 GB free" in plan.disk_problem and "checkpoint.keep" in plan.disk_problem


@pytest.mark.parametrize(("there", "more"), [(0, 3), (1, 2), (2, 1), (5, 1)])
def test_room_is_asked_for_checkpoints_that_are_not_there_yet(there: int, more: int):
    size = planned().checkpoint

    for free, fits in ((more + 0.1, True), (more - 0.1, False)):
        host = Host(64e9, free * size, True, checkpoints=there)
        assert planned("checkpoint.keep=2", "run.min_free_gb=0", host=host).fits is fits


def test_a_host_knows_the_checkpoints_that_a_run_has(tmp_path: Path):
    store = CheckpointStore(tmp_path / "checkpoints", keep=2)
    store.save(TrainerState(1, {}, 0.0, {}), lambda folder: None)
    broken = store.save(TrainerState(2, {}, 0.0, {}), lambda folder: None)
    assert this_host(tmp_path).checkpoints == 2

    (broken / "manifest.json").unlink()
    assert this_host(tmp_path).checkpoints == 1


def test_a_checkpoint_is_of_both_models():
    with_critic, without = planned().checkpoint, planned("train.estimator=reinforce").checkpoint

    assert 1.8 < with_critic / without < 2.2
    assert planned("checkpoint.keep=4").disk == 5 * with_critic


def test_on_cpu_all_processes_share_the_host():
    plan = planned("cluster.actor.gpus_per_node=2", "rollout.batch_size=8", backend="cpu")
    (place,) = plan.places

    assert [each.name for each in place.processes].count("actor") == 2
    assert place.peak()[1] == sum(sum(each.held(place.peak()[0]).values()) for each in place.processes)
    assert plan.card is None


def test_a_host_that_is_too_small_is_refused():
    (problem,) = planned(backend="cpu", host=Host(16e9, 1e15, True)).problems

    assert "all processes" in problem and "the host has 16.0 GB" in problem


def test_float32_takes_more_than_bfloat16():
    short, long = (
        planned(backend="cpu", host=Host(1e15, 1e15, multiplies)).places[0].peak()[1] for multiplies in (True, False)
    )
    assert long > short


def test_shorter_samples_take_less():
    short, long = (
        planned(backend="cpu", host=Host(1e15, 1e15, True), lengths=lengths).places[0].held(Moment.UPDATE)
        for lengths in (Lengths(100, 20), None)
    )
    assert short < long


def test_samples_are_shared_between_the_roles_by_the_mix():
    batches = planned("rollout.batch_size=12", "train.batch_size=6", "train.epochs=2").batches

    assert batches.by_role == {"attacker": pytest.approx(3), "assessor": pytest.approx(9)}
    assert batches.optimizer_steps == 4
    assert batches.forward_passes["actor"] == 6 and batches.backward_passes == {"actor": 3, "critic": 3}
    assert batches.tokens == 12 * 1024


def test_how_often_a_note_is_dealt_is_planned_where_notes_come_again():
    medec = ["data.source=medec", "data.medec_dir=MEDEC", "rollout.batch_size=384", "train.steps=1000"]

    assert planned().batches.deals_a_note is None
    assert planned(*medec).batches.deals_a_note == pytest.approx(288 * 1000 / (0.8 * 2189))
    assert planned(*medec, "data.num_samples=100").batches.deals_a_note == pytest.approx(2880)


@pytest.mark.parametrize(("name", "gigabytes"), [("rtx-4090", 25.76), ("A100-80", 85.9), ("40", 40), ("33.5", 33.5)])
def test_a_card_has_a_name_or_a_size(name: str, gigabytes: float):
    assert card_named(name).memory / 1e9 == pytest.approx(gigabytes, abs=0.01)


@pytest.mark.parametrize("name", ["A100-81", "", "0", "-4", "inf", "nan"])
def test_a_card_that_is_none_is_refused_with_the_table(name: str):
    with pytest.raises(ConfigError, match=r"cluster\.card = .*H100-80"):
        card_named(name)


def test_this_host_is_read_without_a_folder_that_exists(tmp_path):
    host = this_host(tmp_path / "not" / "there")

    assert host.memory > 1e9 and host.free_disk > 0


def test_on_cpu_a_given_memory_is_what_is_shown_and_what_is_refused_by():
    plan = planned("cluster.node_memory_gb=8", backend="cpu")

    assert plan.host.memory == pytest.approx(0.95 * 8e9)
    assert any("7.6 GB" in problem for problem in plan.problems)
