"""Every key of the configuration with its default and its meaning, as Markdown: docs/configuration.md.

python -m medical_team.config > docs/configuration.md
"""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from medical_team.config import Config, Section

HEAD = """# Configuration

Every key, its default and its meaning, as `python -m medical_team.config > docs/configuration.md` writes them. A run
takes `--config FILE` and any number of `key.sub=value` after it; `--dry-run` prints what comes of them. The defaults
are those of the demo, for a small model on two cores: `configs/` has the ones for GPUs.
"""


def reference() -> Iterator[str]:
    """The page, line by line."""
    yield HEAD
    for name, section in Config.model_fields.items():
        yield f"## {name}\n"
        yield "| key | default | meaning |"
        yield "|---|---|---|"
        yield from (f"| `{key}` | {_default(field)} | {_meaning(field)} |" for key, field in keys(section, name))
        yield ""


def keys(field: FieldInfo, name: str) -> Iterator[tuple[str, FieldInfo]]:
    """The keys at or below a field, by their dotted names."""
    section = field.annotation
    if not (isinstance(section, type) and issubclass(section, Section)):
        yield name, field
        return
    for below, one in section.model_fields.items():
        yield from keys(one, f"{name}.{below}")


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if isinstance(value, dict):
        value = ", ".join(f"{key}: {one:g}" for key, one in value.items())
    elif isinstance(value, tuple):
        value = "[" + ", ".join(map(str, value)) + "]"
    elif isinstance(value, bool):
        value = str(value).lower()
    choices = [str(choice) for choice in _choices(field.annotation)]
    others = [f"`{choice}`" for choice in choices if choice != str(value)]
    shown = "none" if value is None else f"`{value}`"
    return shown + (f" (or {', '.join(others)})" if others else "")


def _choices(annotation: Any) -> tuple[Any, ...]:
    """The words that a key can be, where it is one of a few."""
    if get_origin(annotation) in (Union, UnionType):
        return tuple(choice for one in get_args(annotation) for choice in _choices(one))
    arguments = get_args(annotation)
    return arguments if all(isinstance(argument, str | int) for argument in arguments) else ()


def _meaning(field: FieldInfo) -> str:
    return " ".join((field.description or "").replace("``", "`").replace("|", "\\|").split())


if __name__ == "__main__":
    print("\n".join(reference()).rstrip())
