"""Layers that a warm start leaves as they are."""

from __future__ import annotations

import pytest
from tiny_llama import tiny_model

from medical_team.errors import ConfigError
from medical_team.training.warm_start import freeze

pytestmark = pytest.mark.contract


def test_the_first_layers_and_the_embedding_stay_as_they_are():
    model = tiny_model()

    freeze(model, 1)

    learning = [block.self_attn.q_proj.weight.requires_grad for block in model.model.layers]
    assert learning == [False, True]
    assert not model.get_input_embeddings().weight.requires_grad


@pytest.mark.parametrize("layers", [2, 30])
def test_one_layer_must_be_left_to_learn(layers: int):
    with pytest.raises(ConfigError, match=rf"warm_start\.frozen_layers = {layers}, and the model has 2: choose fewer"):
        freeze(tiny_model(), layers)
