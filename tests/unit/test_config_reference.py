"""docs/configuration.md says every key."""

from __future__ import annotations

from pathlib import Path

from medical_team.config import Config, load_config
from medical_team.config.__main__ import keys, reference

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_page_is_what_the_program_prints():
    assert PAGE.read_text() == "\n".join(reference()).rstrip() + "\n", "python -m medical_team.config writes it"


def test_every_key_has_a_meaning():
    found = [key for name, section in Config.model_fields.items() for key in keys(section, name)]

    assert len(found) > 100
    assert [key for key, field in found if not field.description] == []


def test_the_defaults_can_be_given():
    found = [pair for name, section in Config.model_fields.items() for pair in keys(section, name)]
    defaults = {key: field.get_default(call_default_factory=True) for key, field in found}
    plain = {key: value for key, value in defaults.items() if isinstance(value, bool | int | float)}

    assert load_config(None, [f"{key}={value}" for key, value in plain.items()]) == Config()
