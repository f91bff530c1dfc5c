"""From a file and the command line to a checked configuration, and back to YAML. Every refusal is one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError
from yaml import YAMLError
from yaml.error import MarkedYAMLError

from medical_team.config.whole import Config
from medical_team.errors import ConfigError

# The flags of the scripts this project replaces, one that is typed often, and the keys they are short for.
SHORT_FORMS = {
    "--model_id": "model.path",
    "--judge_model_id": "judge.model",
    "--num_samples": "data.num_samples",
    "--max_rounds": "train.steps",
    "--resume": "run.resume",
}

# What YAML says of a tab and of a sign that it keeps for itself.
_BAD_START = "cannot start any token"
_BAD_START_HINT = ": indent with blanks, not tabs, and quote a value that starts with a sign"


def load_config(path: Path | None = None, overrides: Sequence[str] = ()) -> Config:
    """Defaults, then the YAML file, then ``key.sub=value`` overrides.

    Raises:
        ConfigError: The file is missing or no YAML mapping, a key is unknown, or values do not go together.
    """
    layers = []
    if path is not None:
        layers.append(_read_yaml(path))
    for override in overrides:
        if "=" not in override or override.startswith("-"):
            raise ConfigError(f"{override!r} is no override: write key.sub=value, for instance train.steps=20")
        layers.append(_parse_override(override))
    source = str(path) if path else "the command line"
    try:
        merged: Any = OmegaConf.to_container(OmegaConf.merge({}, *layers), resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise ConfigError(f"{source}: {_first_line(error)}") from None
    try:
        return Config.model_validate(merged)
    except ValidationError as error:
        raise ConfigError(_describe(error, source)) from None


def expand_short_forms(arguments: Sequence[str]) -> list[str]:
    """``--num_samples 40`` and ``--num_samples=40`` become ``data.num_samples=40``; the rest stays as it is."""
    expanded: list[str] = []
    pending: str | None = None
    for argument in arguments:
        if pending is not None and argument.startswith("--"):
            break
        if pending is not None:
            expanded.append(f"{pending}={argument}")
            pending = None
            continue
        flag, equals, value = argument.partition("=")
        if flag not in SHORT_FORMS:
            expanded.append(argument)
        elif equals:
            expanded.append(f"{SHORT_FORMS[flag]}={value}")
        else:
            pending = SHORT_FORMS[flag]
    if pending is not None:
        flag = next(flag for flag, key in SHORT_FORMS.items() if key == pending)
        raise ConfigError(f"{flag} has no value: write {flag} VALUE, or {pending}=VALUE")
    return expanded


def to_yaml(config: Config) -> str:
    """The resolved configuration, loadable again."""
    return OmegaConf.to_yaml(OmegaConf.create(config.model_dump(mode="json")))


def _read_yaml(path: Path) -> Any:
    try:
        loaded = OmegaConf.load(path)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such configuration file; configs/ has the ones that ship") from None
    except IsADirectoryError:
        raise ConfigError(f"{path} is a folder: --config takes one YAML file") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is no UTF-8 (byte {error.start}): save it as UTF-8") from None
    except (YAMLError, OmegaConfBaseException) as error:
        raise ConfigError(f"{path} is no YAML: {_first_line(error)}") from None
    except OSError as error:
        # OmegaConf's own, for a file that holds neither sections nor a list, has no reason of the system's.
        if error.strerror is not None:
            raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
        loaded = None
    if not OmegaConf.is_dict(loaded):
        raise ConfigError(f"{path} must hold sections (run:, model:, ...) at its top level")
    return loaded


def _parse_override(override: str) -> Any:
    try:
        return OmegaConf.from_dotlist([override])
    except (OmegaConfBaseException, YAMLError) as error:
        raise ConfigError(f"override {override!r}: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    """What is wrong and, in a file, on which line of it."""
    if isinstance(error, MarkedYAMLError) and error.problem and error.problem_mark:
        hint = _BAD_START_HINT if _BAD_START in error.problem else ""
        return f"{error.problem} (line {error.problem_mark.line + 1}){hint}"
    first = str(error).splitlines()[0]
    key = getattr(error, "full_key", None)
    return f"{key}: {first}" if key else first


def _describe(error: ValidationError, source: str) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"]).removesuffix(".[key]")
    if first["type"] == "extra_forbidden":
        section = ".".join(str(part) for part in first["loc"][:-1]) or "the top level"
        return f"{source}: unknown key {key!r}; known at {section}: {', '.join(_known_keys(first['loc'][:-1]))}"
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "value_error":
        return f"{source}: {message}"
    if first["type"] == "model_type":
        return f"{source}: {key} is a section: write its keys below it ({', '.join(_known_keys(first['loc']))})"
    return f"{source}: {key}: {message}, got {first.get('input')!r}"


def _known_keys(location: Sequence[Any]) -> list[str]:
    section: Any = Config
    for part in location:
        section = section.model_fields[part].annotation
    return sorted(section.model_fields)
