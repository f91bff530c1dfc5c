"""The C++ operations that DeepSpeed wants on CPU: where they are kept, and how they are compiled."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from medical_team.errors import MachineError, StallError

# Seconds a process waits for another one that compiles; a build takes half a minute.
_BUILD_DEADLINE_S = 600


def build_ops() -> None:
    """Compile the two operations, once a machine; a second call takes no time.

    torch guards a build by the existence of a lock file, and waits for ever on one that a killed process left behind:
    here the whole build stands behind a lock that dies with its process, and what lies around is removed.

    Raises:
        MachineError: Their folder cannot be written.
        StallError: Another process has been compiling for ten minutes.
    """
    folder = extensions_folder()
    with _build_lock(folder):
        for stale in folder.glob("*/lock"):
            stale.unlink()
        from deepspeed.ops.op_builder.cpu import FusedAdamBuilder, ShareMemCommBuilder

        for builder in (ShareMemCommBuilder(), FusedAdamBuilder()):
            builder.load(verbose=False)


def extensions_folder() -> Path:
    """Where torch keeps compiled ops: in this environment, whose torch they fit, and shared with nobody's locks."""
    return Path(os.environ.get("TORCH_EXTENSIONS_DIR", Path(sys.prefix) / "torch_extensions"))


@contextmanager
def _build_lock(folder: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(folder / "build.lock", timeout=_BUILD_DEADLINE_S)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise StallError(f"{lock.lock_file} has been held for {_BUILD_DEADLINE_S} s: end who compiles there") from None
    except OSError as error:
        raise MachineError(
            f"{folder} cannot be written ({error.strerror}): name another folder in TORCH_EXTENSIONS_DIR"
        ) from None
    try:
        yield
    finally:
        lock.release()
