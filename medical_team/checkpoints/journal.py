"""The turns of the step under way, so that a step that was broken off is played on and not played anew.

What is dealt and how it is seeded is known from the checkpoint; what was sampled is not, and an engine may sample
another answer among other neighbours. So each finished turn is appended to a file, and a resumed step takes from there
what is there. A process that is killed loses nothing of it; a host that loses power may lose the last turns, and a
record that was cut off is noticed and dropped. It holds clinical text: folder and file are their owner's alone.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import zlib
from array import array
from base64 import b64decode, b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from medical_team.checkpoints import files
from medical_team.errors import CheckpointWriteError
from medical_team.game.prompts import Message
from medical_team.manager.engine import Engine
from medical_team.types import Generation

logger = logging.getLogger(__name__)

FOLDER = "journal"
NAME = "rollout.journal"
FORMAT = 1


class TurnJournal:
    """The turns of one step at a time, in ``rollout.journal`` below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._descriptor: int | None = None
        self._turns: dict[str, Generation] = {}

    def begin(self, step: int, position: str) -> int:
        """Start the journal of ``step``, or go on with it.

        ``position`` names the state of the run before the step: turns sampled from any other are set aside.

        Returns:
            Number of turns that are there already.

        Raises:
            CheckpointWriteError: It cannot be written; ``DiskFull`` where that is why.
        """
        self.close()
        header = {"format": FORMAT, "step": step, "position": position}
        lines = self._read()
        if lines and lines[0] == header:
            self._turns = {line["key"]: _decode(line) for line in lines[1:]}
        elif len(lines) > 1 and lines[0]["step"] >= step:  # of an earlier step: that one was finished
            logger.info("%d turns of a broken-off step are set aside: no checkpoint leads up to it", len(lines) - 1)
        if self._turns:
            logger.info("step %d goes on: %d of its turns were answered before", step, len(self._turns))
        try:
            files.make_folder(self._path.parent)
            self._descriptor = self._open(0 if self._turns else os.O_TRUNC)
            if self._turns:  # what a crash cut off must not stand before the next record
                os.ftruncate(self._descriptor, _whole_bytes(self._path))
        except OSError as error:
            raise self._failure(error) from None
        if not self._turns:
            self._append(header)
        return len(self._turns)

    def answer(self, key: str) -> Generation | None:
        return self._turns.get(key)

    def keep(self, key: str, generation: Generation) -> None:
        """Append a finished turn.

        Raises:
            CheckpointWriteError: It cannot be written; ``DiskFull`` where that is why.
        """
        if self._descriptor is not None:
            self._append({"key": key, **_encode(generation)})

    def close(self) -> None:
        """Let go of the file; what is in it stays."""
        self._turns = {}
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def clear(self) -> None:
        """Forget all turns: no step will be played on."""
        self.close()
        self._path.unlink(missing_ok=True)

    def _open(self, flags: int) -> int:
        flags |= os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        descriptor = os.open(self._path, flags, files.PRIVATE_FILE)
        os.fchmod(descriptor, files.PRIVATE_FILE)
        return descriptor

    def _append(self, record: dict[str, Any]) -> None:
        assert self._descriptor is not None, "a journal that was begun"
        line = _line(record)
        try:
            while line:  # a disk that fills up takes a part first, and says why with the next
                line = line[os.write(self._descriptor, line) :]
        except OSError as error:
            raise self._failure(error) from None

    def _failure(self, error: OSError) -> CheckpointWriteError:
        return files.failure(error.errno, f"{self._path} could not be written ({error.strerror})")

    def _read(self) -> list[dict[str, Any]]:
        """All whole records, up to the first that is not; none of a file that somebody else may have written."""
        try:
            found = self._path.lstat()
        except FileNotFoundError:
            return []
        if self._path.is_symlink() or found.st_uid not in (os.geteuid(), 0) or found.st_mode & 0o022:
            logger.warning("%s is not this user's alone, and is not read", self._path)
            self._path.unlink()
            return []
        raw = self._path.read_bytes()
        records, whole = _records(raw)
        if whole < len(raw):
            logger.info("the last record of %s was cut off and is dropped", self._path)
        return records


class JournaledEngine:
    """The Engine protocol over another engine: what the journal has is not sampled again.

    Args:
        engine: Who answers what is not there.
        journal: Of the run.
        sampling: Whatever else decides about an answer beside seed, prompt and weights.
    """

    def __init__(self, engine: Engine, journal: TurnJournal, sampling: str) -> None:
        self._engine = engine
        self._journal = journal
        self._sampling = sampling

    async def generate(self, messages: list[Message], *, seed: int) -> Generation:
        """As the engine's; a turn that fails is not kept."""
        key = turn_key(messages, seed, self._sampling)
        kept = self._journal.answer(key)
        if kept is not None:
            return kept
        generation = await self._engine.generate(messages, seed=seed)
        self._journal.keep(key, generation)
        return generation


def turn_key(messages: Sequence[Message], seed: int, sampling: str) -> str:
    """What decides about an answer, as 128 bits in hexadecimal."""
    content = json.dumps([seed, sampling, messages]).encode()
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _line(record: dict[str, Any]) -> bytes:
    content = json.dumps(record, separators=(",", ":")).encode()
    return b"%08x %b\n" % (zlib.crc32(content), content)


def _records(raw: bytes) -> tuple[list[dict[str, Any]], int]:
    """Records up to the first that is not whole, and how many bytes they take."""
    records: list[dict[str, Any]] = []
    whole = 0
    for line in raw.splitlines(keepends=True):
        checksum, _, content = line.rstrip(b"\n").partition(b" ")
        if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(content):
            break
        records.append(json.loads(content))
        whole += len(line)
    return records, whole


def _whole_bytes(path: Path) -> int:
    return _records(path.read_bytes())[1]


def _encode(generation: Generation) -> dict[str, Any]:
    return {
        "prompt": _pack("q", generation.prompt_ids),
        "response": _pack("q", generation.response_ids),
        "text": generation.text,
        "truncated": generation.truncated,
        "logprobs": None if generation.logprobs is None else _pack("d", generation.logprobs),
        "version": generation.engine_version,
    }


def _decode(line: dict[str, Any]) -> Generation:
    logprobs = line["logprobs"]
    return Generation(
        prompt_ids=tuple(_unpack("q", line["prompt"])),
        response_ids=tuple(_unpack("q", line["response"])),
        text=line["text"],
        truncated=line["truncated"],
        logprobs=None if logprobs is None else tuple(_unpack("d", logprobs)),
        engine_version=line["version"],
    )


def _pack(kind: str, numbers: Sequence[float]) -> str:
    return b64encode(array(kind, numbers).tobytes()).decode()


def _unpack(kind: str, packed: str) -> array[Any]:
    return array(kind, b64decode(packed))
