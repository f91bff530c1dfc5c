"""Which actors a run starts, and what they ask of the cluster."""

from __future__ import annotations

import pytest

from medical_team.config import load_config
from medical_team.errors import MachineError
from medical_team.planning.placement import Plan, PlanRow, placement_plan


def plan(*overrides: str) -> Plan:
    return placement_plan(load_config(None, overrides))


def row(name: str, *overrides: str) -> PlanRow:
    (found,) = (row for row in plan(*overrides).rows if row.name == name)
    return found


def names(*overrides: str) -> list[str]:
    return [row.name for row in plan(*overrides).rows]


def test_ppo_starts_all_groups_on_places_of_their_own():
    assert names() == ["actor", "reference", "critic", "engines", "judge (exact)"]
    assert plan().gpus == 4
    assert plan().cpus == 5
    assert not any(row.shares for row in plan().rows)


def test_reinforce_has_no_critic():
    assert "critic" not in names("train.estimator=reinforce")


def test_without_a_kl_penalty_there_is_no_reference():
    assert "reference" not in names("train.kl_coef=0")


def test_two_pools_have_as_many_engines_each():
    pools = plan("vllm.pools=by_role", "vllm.num_engines=2").rows[3:5]

    assert pools == (PlanRow("attacker engines", 2, 2), PlanRow("assessor engines", 2, 2))


def test_an_engine_takes_a_gpu_a_rank():
    assert row("engines", "vllm.num_engines=2", "vllm.tensor_parallel_size=4").gpus == 8


def test_a_group_takes_its_nodes_times_its_gpus():
    assert row("actor", "cluster.actor.nodes=3", "cluster.actor.gpus_per_node=1").actors == 3


def test_colocated_groups_live_on_the_actors_gpus():
    together = plan("cluster.colocate_all=true")

    assert together.gpus == 1
    assert {row.name: row.shares for row in together.rows[1:4]} == dict.fromkeys(
        ("reference", "critic", "engines"), "actor"
    )


def test_actor_and_reference_alone_can_share():
    assert row("reference", "cluster.colocate_actor_ref=true").shares == "actor"
    assert plan("cluster.colocate_actor_ref=true").gpus == 3


def test_the_judge_needs_no_gpu_and_goes_by_its_name():
    assert row("judge (rule)", "judge.name=rule") == PlanRow("judge (rule)", 1, 0)


def test_a_language_model_judge_takes_gpus_of_its_own():
    assert row("judge (vllm)", "judge.name=vllm", "judge.llm.gpus=2") == PlanRow("judge (vllm)", 1, 2)
    assert plan("judge.name=vllm").gpus == plan("judge.name=rule").gpus + 1


def test_a_language_model_judge_shares_where_all_is_colocated():
    together = ("judge.name=vllm", "cluster.colocate_all=true", "judge.llm.gpu_memory_utilization=0.1")

    assert row("judge (vllm)", *together) == PlanRow("judge (vllm)", 1, 0, "actor")
    assert plan(*together).gpus == 1


def test_a_judge_behind_http_is_not_started_here():
    assert row("judge (http)", "judge.http.urls=[http://localhost:8000]") == PlanRow("judge (http)", 0, 0)


def test_a_panel_has_an_actor_a_member():
    rows = names("judge.name=panel", "judge.panel.members=[rule,vllm]")

    assert rows[-2:] == ["judge (rule)", "judge (vllm)"]


def test_a_cluster_that_is_too_small_is_refused_with_the_numbers():
    with pytest.raises(MachineError) as refused:
        plan("vllm.num_engines=2").check_fits(3)

    message = str(refused.value)
    assert "needs 5 GPUs (actor 1, reference 1, critic 1, engines 2) and the cluster has 3" in message
    assert "vllm.num_engines" in message


def test_a_cluster_that_is_large_enough_is_taken():
    plan().check_fits(4)
    plan().check_fits(8)


def test_nodes_are_filled_in_the_order_of_the_rows():
    wide = plan("cluster.actor.gpus_per_node=6", "rollout.batch_size=12", "vllm.num_engines=4")

    assert wide.gpus == 12 and wide.nodes(8) == 2
    nodes = {row.name: list(wide.nodes_of(row, 8)) for row in wide.rows}
    assert nodes == {"actor": [1], "reference": [1], "critic": [1], "engines": [2], "judge (exact)": []}
    assert list(wide.nodes_of(wide.rows[0], 4)) == [1, 2]


def test_who_shares_is_on_its_hosts_nodes():
    together = plan(
        "cluster.colocate_actor_ref=true",
        "cluster.actor.gpus_per_node=4",
        "cluster.reference.gpus_per_node=4",
        "rollout.batch_size=8",
    )

    assert together.nodes_of(together.rows[1], 2) == together.nodes_of(together.rows[0], 2) == range(1, 3)
