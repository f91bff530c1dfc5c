"""The shape of a model, from its folder or its name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medical_team.errors import ModelError
from medical_team.planning.shapes import shape_of


def write_settings(folder: Path, **settings: object) -> str:
    sizes = {
        "model_type": "llama",
        "num_hidden_layers": 2,
        "hidden_size": 8,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "intermediate_size": 16,
        "vocab_size": 10,
        "tie_word_embeddings": False,
    }
    (folder / "config.json").write_text(json.dumps(sizes | settings))
    return str(folder)


# As the model cards and the weights' indices count them.
@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("Qwen/Qwen2.5-0.5B-Instruct", 494_032_768),
        ("Qwen/Qwen2.5-1.5B-Instruct", 1_543_714_304),
        ("Qwen/Qwen2.5-3B", 3_085_938_688),
        ("Qwen/Qwen2.5-7B-Instruct", 7_615_616_512),
        ("Qwen/Qwen2.5-14B-Instruct", 14_770_033_664),
        ("Qwen/Qwen2.5-32B-Instruct", 32_763_876_352),
        ("meta-llama/Llama-3.1-8B-Instruct", 8_030_261_248),
        ("HuggingFaceTB/SmolLM2-135M-Instruct", 134_515_008),
    ],
)
def test_a_well_known_model_has_its_parameters(name: str, parameters: int):
    assert shape_of("model.path", name).parameters == parameters


def test_the_default_judge_is_known():
    assert shape_of("judge.model", "google/medgemma-4b-it").parameters == pytest.approx(3.88e9, rel=0.01)


def test_a_folder_says_its_own_shape(tmp_path: Path):
    shape = shape_of("model.path", write_settings(tmp_path))

    layer = 2 * 8 * 8 + 2 * 8 * 4 + 3 * 8 * 16 + 2 * 8
    assert (shape.layers, shape.heads, shape.kv_heads, shape.head_size) == (2, 4, 2, 2)
    assert shape.parameters == 2 * 80 + 2 * layer + 8


def test_a_tied_head_is_counted_once(tmp_path: Path):
    own = shape_of("model.path", write_settings(tmp_path)).parameters
    tied = shape_of("model.path", write_settings(tmp_path, tie_word_embeddings=True)).parameters

    assert own - tied == 10 * 8


def test_a_model_of_text_and_images_has_its_text_model(tmp_path: Path):
    text = json.loads(Path(write_settings(tmp_path), "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gemma3", "text_config": text}))

    assert shape_of("judge.model", str(tmp_path)).layers == 2


def test_a_critic_has_no_vocabulary_and_may_have_fewer_layers(tmp_path: Path):
    shape = shape_of("model.path", write_settings(tmp_path))

    assert shape.value_parameters == shape.parameters - 80 + 8
    assert shape.cut(1).layers == 1
    assert shape.cut(None) == shape


@pytest.mark.parametrize("name", ["somebody/unknown-9B", "/nowhere/at-all"])
def test_an_unknown_name_says_how_to_give_the_shape(name: str):
    with pytest.raises(ModelError) as refused:
        shape_of("judge.model", name)

    message = str(refused.value)
    assert f"judge.model = {name} is unknown" in message
    assert "config.json" in message and "qwen2.5-7b" in message


def test_settings_without_a_number_name_it(tmp_path: Path):
    with pytest.raises(ModelError, match=r"config\.json has no num_hidden_layers"):
        shape_of("model.path", write_settings(tmp_path, num_hidden_layers=None))
