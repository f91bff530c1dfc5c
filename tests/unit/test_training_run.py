"""What a run decides before it starts: notes to evaluate on, the length of the schedule, what it was made with."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fakes import FakeEngine, make_note
from hypothesis import given
from hypothesis import strategies as st

from medical_team.checkpoints import CheckpointStore, TrainerState
from medical_team.config import load_config
from medical_team.data.dataset import NoteSplits
from medical_team.data.deck import Deck
from medical_team.data.fresh import FreshNotes
from medical_team.data.synthetic.compose import compose_notes
from medical_team.errors import CheckpointError, ConfigError, DataError, RewardLintError
from medical_team.training.identity import checkpoint_store, identity, newest_checkpoint, settings, start_position
from medical_team.training.notes import check_notes_for, whole_pairs
from medical_team.training.run import TrainingRun, optimizer_steps, resolve_dtype
from medical_team.training.versions import versions
from medical_team.types import ErrorType, GameType, Note, Role, Verdict


def notes_of(groups: list[list[bool]]) -> tuple[Note, ...]:
    """Notes by twin group; ``True`` is one with an error."""
    return tuple(
        Note(f"{group}-{index}", ("It is so.",), f"g{group}", ErrorType.DIAGNOSIS, 0, "It is not so.")
        if has_error
        else Note(f"{group}-{index}", ("It is so.",), f"g{group}")
        for group, members in enumerate(groups)
        for index, has_error in enumerate(members)
    )


@given(st.lists(st.lists(st.booleans(), min_size=1, max_size=4), max_size=12), st.integers(0, 20))
def test_an_evaluation_has_only_whole_pairs(groups: list[list[bool]], count: int):
    chosen = whole_pairs(notes_of(groups), count)

    assert len(chosen) <= count
    for error, clean in zip(chosen[::2], chosen[1::2], strict=True):
        assert error.group == clean.group
        assert {error.has_error, clean.has_error} == {True, False}


def test_pairs_come_in_the_order_of_the_notes():
    notes = notes_of([[True], [True, False], [False, True], [True, False]])

    assert [note.group for note in whole_pairs(notes, 4)] == ["g1", "g1", "g2", "g2"]


def test_the_schedule_counts_optimizer_steps():
    config = load_config(None, ["train.steps=5", "train.epochs=2", "rollout.batch_size=12", "train.batch_size=4"])

    assert optimizer_steps(config) == {"actor": 5 * 2 * 3, "critic": 5 * 2 * 3}
    warming_up = config.model_copy(update={"train": config.train.model_copy(update={"critic_warmup_steps": 2})})
    assert optimizer_steps(warming_up) == {"actor": 3 * 2 * 3, "critic": 5 * 2 * 3}


def test_fewer_pairs_than_an_evaluation_asks_for_are_said(caplog: pytest.LogCaptureFixture):
    notes = NoteSplits(notes_of([[True], [False]] * 4), notes_of([[True, False]] * 3))
    check_notes_for(load_config(None, ["evaluation.notes=6"]), notes)
    assert caplog.text == ""

    check_notes_for(load_config(None, ["evaluation.notes=200"]), notes)

    assert "evaluation.notes = 200, but of 6 held-out notes 6 come as twin pairs" in caplog.text


def test_notes_that_come_too_often_are_said_unless_they_are_new_in_every_round(caplog: pytest.LogCaptureFixture):
    train, held_out = notes_of([[True, False]] * 4), notes_of([[True, False]])
    config = load_config(None, ["evaluation.notes=2", "rollout.batch_size=8", "train.batch_size=8", "train.steps=60"])

    check_notes_for(config, NoteSplits(FreshNotes(train, lambda number: train, "here"), held_out))
    assert caplog.text == ""
    check_notes_for(config, NoteSplits(train, held_out))
    assert "each of the 8 notes is dealt about 45 times in train.steps = 60" in caplog.text


def test_injections_are_tried_before_and_after_a_run_and_not_within(tmp_path: Path):
    overrides = ["evaluation.notes=4", "evaluation.injections=2", f"run.dir={tmp_path}"]
    held_out = tuple(make_note(number, harmful=error) for number in range(3) for error in (True, False))
    run: Any = SimpleNamespace(
        config=load_config(None, overrides),
        notes=NoteSplits((), held_out),
        pools={Role.ASSESSOR: SimpleNamespace(drawing=lambda sampling: FakeEngine(Role.ASSESSOR))},
        _beside_training=lambda evaluation: evaluation,
    )
    run.config.run_dir.mkdir(parents=True)
    for when, tried in (("before", True), (3, False), ("after", True)):
        metrics = asyncio.run(TrainingRun._evaluation(run, when)).metrics()
        assert ("evaluation/injection_flip_rate" in metrics) is tried
    with pytest.raises(ConfigError, match=r"evaluation\.injections = 2 .* give evaluation\.notes"):
        load_config(None, ["evaluation.notes=0", "evaluation.injections=2"])


def test_a_dtype_that_is_given_is_taken():
    assert resolve_dtype(load_config(None, ["model.dtype=float32"]), "gpu") == "float32"
    assert resolve_dtype(load_config(None), "gpu") == "bfloat16"


def test_the_versions_of_the_stack_are_kept():
    assert {"python", "platform", "openrlhf", "ray", "torch"} <= set(versions())


def test_an_evaluation_without_a_held_out_pair_is_refused_before_anything_starts():
    notes = NoteSplits(notes_of([[True, False]]), notes_of([[True], [False]]))

    with pytest.raises(DataError, match=r"evaluation\.notes=0"):
        check_notes_for(load_config(), notes)
    check_notes_for(load_config(None, ["evaluation.notes=0"]), notes)


def test_a_checkpoint_of_another_run_is_refused_before_anything_starts(tmp_path: Path):
    notes = NoteSplits(notes_of([[True, False]]), notes_of([[True, False]]))
    overrides = [f"run.dir={tmp_path}", "run.resume=auto"]
    config = load_config(None, overrides)
    assert newest_checkpoint(config, checkpoint_store(config), notes) is None
    state = TrainerState(1, {}, 0.0, identity(config, notes))
    CheckpointStore(config.run_dir / "checkpoints", keep=1).save(state, lambda folder: None)

    found = newest_checkpoint(config, checkpoint_store(config), notes)
    assert found is not None and found.state == state
    other = load_config(None, [*overrides, "run.seed=18"])
    with pytest.raises(CheckpointError, match=r"run\.seed was 17, is 18"):
        newest_checkpoint(other, checkpoint_store(other), notes)


def test_what_is_configured_otherwise_is_said_key_by_key_and_allowed(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    caplog.set_level("INFO")
    notes = NoteSplits(notes_of([[True, False]]), notes_of([[True, False]]))
    overrides = [f"run.dir={tmp_path}", "run.resume=auto"]
    config = load_config(None, overrides)
    state = TrainerState(1, {}, 0.0, identity(config, notes), config=settings(config))
    checkpoint_store(config).save(state, lambda folder: None)
    other = load_config(None, [*overrides, "train.actor.learning_rate=2e-6", "vllm.num_engines=3", "train.steps=99"])

    assert newest_checkpoint(other, checkpoint_store(other), notes) is not None

    said = [record.getMessage() for record in caplog.records]
    assert said == [
        "step-000001 goes on with another setting: train.actor.learning_rate was 1e-06, is 2e-06",
        "step-000001 goes on with another setting: vllm.num_engines was 1, is 3",
    ]


@pytest.mark.parametrize(
    "changed",
    [
        "rewards.localisation=0.75",
        "game.gates.max_edited_tokens=3",
        "rollout.deals_ahead=2",
        "rollout.max_deals_factor=5",
        "judge.explanations=true",
        "cluster.actor.gpus_per_node=3",
    ],
)
def test_what_gives_deals_rewards_or_states_another_meaning_is_another_run(changed: str):
    notes = NoteSplits(notes_of([[True, False]]), ())
    key, _, value = changed.partition("=")
    judge = "judge.model=judge"  # one that can read explanations

    before, now = (identity(load_config(None, [judge, *more]), notes) for more in ([], [changed]))

    differing = [name for name in now if before[name] != now[name]]
    assert differing == ["actor ranks" if key.startswith("cluster") else key], value


def test_a_note_that_changed_is_another_data_set_and_its_text_is_not_said():
    before, now = (identity(load_config(), NoteSplits((Note("a", (text,), "g"),), ())) for text in ("It is.", "It is!"))

    assert [name for name in now if before[name] != now[name]] == ["train notes"]
    assert "It is" not in str(now["train notes"])


def test_attempts_at_a_run_begin_at_the_same_point_and_other_runs_elsewhere():
    def begins_at(*overrides: str) -> str:
        return start_position(identity(load_config(None, overrides), NoteSplits((), ())))

    assert begins_at() == begins_at("run.resume=auto", "vllm.num_engines=2")
    assert begins_at() != begins_at("run.seed=18")


def test_notes_whose_class_tells_whether_they_are_shown_with_an_error_are_refused(monkeypatch: pytest.MonkeyPatch):
    class LeakyDeck(Deck):
        """Deals clean games from clean notes alone, so that an error note always has an error."""

        def _source_class(self, game_type: GameType) -> Verdict:
            return game_type.source_truth

    config = load_config(None, ["evaluation.notes=0"])
    notes = NoteSplits(compose_notes(60, seed=3), ())
    check_notes_for(config, notes)
    monkeypatch.setattr("medical_team.training.notes.Deck", LeakyDeck)
    with pytest.raises(RewardLintError, match="remembers"):
        check_notes_for(config, notes)
