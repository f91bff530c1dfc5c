"""Dockerfiles and .dockerignore, read as far as the tests of docker/ look at them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction, its lines joined: ``COPY`` and what stands behind it."""

    name: str
    value: str


def instructions(file: Path) -> tuple[Instruction, ...]:
    """All of them in order; comments are left out, also between continued lines."""
    lines = [line for line in file.read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return tuple(Instruction(*line.split(maxsplit=1)) for line in joined.splitlines() if line.strip())


def values(file: Path, name: str) -> list[str]:
    return [each.value for each in instructions(file) if each.name == name]


def defaults(file: Path) -> dict[str, str]:
    """Build arguments and what they are where nobody gives them."""
    return dict(value.split("=", 1) for value in values(file, "ARG"))


def base_images(file: Path) -> list[str]:
    """What each stage starts from, build arguments filled in."""
    return [filled_in(value.split()[0], defaults(file)) for value in values(file, "FROM")]


def copied(file: Path) -> Iterator[str]:
    """Paths of the repository that are copied into the image, build arguments filled in."""
    for value in values(file, "COPY"):
        words = shlex.split(filled_in(value, defaults(file)))
        if not words[0].startswith("--from"):
            yield from words[:-1]


def filled_in(text: str, arguments: dict[str, str]) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda match: arguments.get(match[1], match[0]), text)


def is_ignored(path: str, patterns: list[str]) -> bool:
    """Whether the build leaves out a path; as in .dockerignore, the last pattern that fits it or a parent decides."""
    parts = Path(path).parts
    parents = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
    ignored = False
    for pattern in patterns:
        wanted = pattern.removeprefix("!")
        if any(fnmatch(parent, wanted) or fnmatch(f"/{parent}", wanted.replace("**", "*")) for parent in parents):
            ignored = not pattern.startswith("!")
    return ignored


def ignore_patterns(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if line.strip() and not line.startswith("#")]
