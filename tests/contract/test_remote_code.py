"""A model folder's own code: upstream executes it unasked, a process that refuses does not."""

from __future__ import annotations

import importlib
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import upstream
from tiny_llama import tiny_model

from medical_team.backends.remote_code import DECIDERS, LOADER, TRUST_VARIABLE, refuse_remote_code, trust_environment
from medical_team.errors import ModelError

pytestmark = pytest.mark.contract

CODE = """
from pathlib import Path
from transformers import LlamaConfig, LlamaForCausalLM
Path({executed!r}).write_text("executed")
class Config(LlamaConfig):
    model_type = {kind!r}
class Model(LlamaForCausalLM):
    config_class = Config
"""


def untouched(name: str) -> Any:
    """A fresh copy of the module: another test may have let this process refuse already."""
    spec = importlib.util.find_spec(name)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that a model's code would write; what the test replaces in transformers is put back after it."""
    upstreams, loader = untouched(LOADER), importlib.import_module(LOADER)
    for module in (upstreams, loader):
        monkeypatch.setattr(module, "HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.syspath_prepend(str(tmp_path / "modules"))
    monkeypatch.delenv(TRUST_VARIABLE, raising=False)
    for name in DECIDERS:
        module = importlib.import_module(name)
        monkeypatch.setattr(module, "resolve_trust_remote_code", upstreams.resolve_trust_remote_code)
    monkeypatch.setattr(loader, "get_class_in_module", upstreams.get_class_in_module)
    return tmp_path / "executed"


def model_with_code(executed: Path, kind: str) -> str:
    folder = executed.with_name(f"model_{kind}")
    tiny_model().save_pretrained(folder)
    (folder / "spy.py").write_text(CODE.format(executed=str(executed), kind=kind))
    settings = json.loads((folder / "config.json").read_text())
    settings |= {"model_type": kind, "auto_map": {"AutoConfig": "spy.Config", "AutoModelForCausalLM": "spy.Model"}}
    (folder / "config.json").write_text(json.dumps(settings))
    return str(folder)


def load_policy(path: str) -> Any:
    from openrlhf.models import Actor

    return Actor(path, attn_implementation="sdpa", param_dtype="fp32")


def load_critic(path: str) -> Any:
    from openrlhf.models import get_llm_for_sequence_regression

    return get_llm_for_sequence_regression(path, "critic", attn_implementation="sdpa", param_dtype="fp32")


def look_at_settings(path: str) -> Any:
    from openrlhf.utils.utils import is_vlm_model

    return is_vlm_model(path)


LOADERS = [load_policy, load_critic, look_at_settings]


@pytest.mark.parametrize("load", LOADERS)
def test_a_known_model_is_loaded_without_its_own_code(executed: Path, load: Callable[[str], Any]):
    refuse_remote_code()
    load(model_with_code(executed, "llama"))

    assert not executed.exists()


@pytest.mark.parametrize("load", [load_policy, load_critic])
def test_a_model_that_needs_its_own_code_is_refused(executed: Path, load: Callable[[str], Any]):
    refuse_remote_code()
    with pytest.raises(ModelError, match=r"look at it, then set model.trust_remote_code=true"):
        load(model_with_code(executed, "spies_own"))

    assert not executed.exists()


@pytest.mark.parametrize("trusted", ["by nobody's refusing", "by the configuration"])
def test_a_trusted_models_code_is_executed(executed: Path, monkeypatch: pytest.MonkeyPatch, trusted: str):
    if trusted == "by the configuration":
        for name, value in trust_environment(True).items():
            monkeypatch.setenv(name, value)
        refuse_remote_code()
    load_policy(model_with_code(executed, "spies_own"))

    assert executed.exists()


def test_whichever_way_leads_to_the_import_it_does_not_happen(executed: Path):
    refuse_remote_code()
    folder = model_with_code(executed, "llama")
    with pytest.raises(ModelError, match="Model is code of the model's folder"):
        importlib.import_module(LOADER).get_class_from_dynamic_module("spy.Model", folder)

    assert not executed.exists()


def test_every_place_of_transformers_that_decides_is_replaced():
    root = upstream.folder("transformers")
    deciding = {
        ".".join(("transformers", *path.relative_to(root).with_suffix("").parts))
        for path in root.rglob("*.py")
        if "resolve_trust_remote_code" in path.read_text(encoding="utf-8")
    }

    assert deciding == set(DECIDERS)


def test_the_actors_refuse_before_upstream_is_imported():
    lines = (Path(__file__).parents[2] / "medical_team" / "training" / "actors.py").read_text().splitlines()

    assert lines.index("refuse_remote_code()") < next(i for i, line in enumerate(lines) if "from openrlhf" in line)
