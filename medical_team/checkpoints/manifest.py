"""The list of a checkpoint's files, with size and SHA-256 each, written when everything else is there.

SHA-256: processors compute it faster than disks write, a person can check it with ``sha256sum``, and unlike a checksum
it cannot be met by chance or on purpose. The list has a digest of its own and one spelling, so that it cannot change
unseen either.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from medical_team.errors import CheckpointError

NAME = "manifest.json"
FORMAT = 2

# Read at a time; large enough that hashing runs without Python's lock nearly always.
_BLOCK_BYTES = 1 << 22


@dataclass(frozen=True, slots=True)
class FileEntry:
    """What a file must be: its size in bytes and its SHA-256 in hexadecimal."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """All files of a checkpoint but the manifest itself, by path below its folder (``/`` between parts)."""

    step: int
    files: Mapping[str, FileEntry]

    @property
    def total_bytes(self) -> int:
        return sum(entry.size for entry in self.files.values())

    def encode(self) -> bytes:
        content = {
            "format": FORMAT,
            "step": self.step,
            "files": {name: asdict(self.files[name]) for name in sorted(self.files)},
        }
        return _spell(content | {"sha256": hashlib.sha256(_spell(content)).hexdigest()})


def read_manifest(checkpoint: Path) -> Manifest:
    """The manifest of a checkpoint, whole and as it was written.

    Raises:
        CheckpointError: It is missing, damaged or of another format; the message is the reason alone.
    """
    try:
        raw = (checkpoint / NAME).read_bytes()
    except FileNotFoundError:
        raise CheckpointError(f"it has no {NAME}, which is written last: it was never finished") from None
    except OSError as error:
        raise CheckpointError(f"its {NAME} cannot be read ({error.strerror})") from None
    try:
        content = json.loads(raw)
        written = content["format"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise CheckpointError(f"its {NAME} is damaged") from None
    if isinstance(written, int) and written != FORMAT:
        raise CheckpointError(f"it has format {written}, and this version reads {FORMAT}")
    try:
        files = {str(name): FileEntry(**entry) for name, entry in content["files"].items()}
        manifest = Manifest(content["step"], files)
    except (AttributeError, KeyError, TypeError):
        raise CheckpointError(f"its {NAME} is damaged") from None
    if manifest.encode() != raw:
        raise CheckpointError(f"its {NAME} is damaged")
    return manifest


def entry_of(path: Path) -> FileEntry:
    """Size and digest of a file on the disk."""
    digest = hashlib.sha256()
    size = 0
    with open(path, "rb", buffering=0) as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            size += len(block)
    return FileEntry(size, digest.hexdigest())


def _spell(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=1) + "\n").encode()
