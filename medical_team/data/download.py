"""MEDEC from its public repository, at a pinned commit. Driven by ``launch/prepare_medical_data.py --download``.

What is known of each file is checked before any of them appears in the folder: the validation split by its SHA-256,
all three by the format and by the number of notes that the paper gives. Checksums of the training and test files are
not known to this project; a commit hash and TLS vouch for them, and the report says which was verified how.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from medical_team.data.medec import read_medec
from medical_team.errors import DataError

COMMIT = "49c59dcba43a7af8717590a405b11a57f42b04df"
BASE_URL = f"https://raw.githubusercontent.com/abachaa/MEDEC/{COMMIT}/MEDEC-MS"

_CHUNK = 1 << 16

# The largest of the files is about 5 MB; whatever is ten times that is not one of them.
_MAX_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of the repository. ``notes``: rows with content, as published. ``sha256``: ``None`` where not known."""

    name: str
    notes: int
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file that is in place. ``by_checksum``: verified by SHA-256, else by format and number of notes."""

    path: Path
    notes: int
    by_checksum: bool


PUBLISHED_NOTES: Mapping[str, int] = {"train": 2189, "validation": 574, "test": 597}
"""Notes of each split, as the paper gives them."""

FILES = (
    RemoteFile("MEDEC-Full-TrainingSet-with-ErrorType.csv", notes=PUBLISHED_NOTES["train"]),
    RemoteFile(
        "MEDEC-MS-ValidationSet-with-GroundTruth-and-ErrorType.csv",
        notes=PUBLISHED_NOTES["validation"],
        sha256="7571aec311e2fb88d9084082af2323aa579d102e1d5e1a06faf930fe4fd3977d",
    ),
    RemoteFile("MEDEC-MS-TestSet-with-GroundTruth-and-ErrorType.csv", notes=PUBLISHED_NOTES["test"]),
)


def download_medec(
    folder: Path,
    base_url: str = BASE_URL,
    files: Sequence[RemoteFile] = FILES,
    timeout_s: float = 30.0,
    deadline_s: float = 300.0,
) -> tuple[Downloaded, ...]:
    """Fetch and verify all files, then move them into ``folder``: either all of them appear, or none does.

    ``timeout_s`` bounds each wait for the server, ``deadline_s`` each file as a whole.

    Raises:
        DataError: One sentence with the file and what went wrong: no answer, a wrong checksum, not enough notes.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".download-", dir=folder) as temporary:
            partial = [Path(temporary) / file.name for file in files]
            for file, path in zip(files, partial, strict=True):
                _fetch(f"{base_url}/{file.name}", path, timeout_s, time.monotonic() + deadline_s)
                _verify(file, path)
            return tuple(
                Downloaded(path.replace(folder / path.name), file.notes, file.sha256 is not None)
                for file, path in zip(files, partial, strict=True)
            )
    except OSError as error:
        raise DataError(f"{folder} cannot be written: {error.strerror or error}") from None
    finally:
        with contextlib.suppress(OSError):  # it stays unless it is empty
            folder.rmdir()


def _fetch(url: str, path: Path, timeout_s: float, deadline: float) -> None:
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as response, path.open("wb") as file:
            size = 0
            while chunk := response.read(_CHUNK):
                size += file.write(chunk)
                if time.monotonic() > deadline:
                    raise TimeoutError
                if size > _MAX_BYTES:
                    raise DataError(f"{url} is larger than any file of MEDEC: nothing was kept")
            _check_length(response, size)
    except urllib.error.HTTPError as error:
        raise DataError(
            f"{url} answered {error.code} {error.reason}: get the file by hand and use --medec DIR"
        ) from None
    except TimeoutError:
        raise DataError(
            f"{url} did not answer in time: try again, or get the file by hand and use --medec DIR"
        ) from None
    except (urllib.error.URLError, http.client.HTTPException, ConnectionError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        raise DataError(f"{url} could not be fetched ({reason}): check the network, or use --medec DIR") from None


def _check_length(response: http.client.HTTPResponse, size: int) -> None:
    """``read`` with an amount does not complain about a connection that closes early."""
    promised = response.headers.get("Content-Length")
    if promised is not None and int(promised) != size:
        raise http.client.IncompleteRead(b"", int(promised) - size)


def _verify(file: RemoteFile, path: Path) -> None:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if file.sha256 is not None and digest != file.sha256:
        raise DataError(f"{file.name} has SHA-256 {digest[:12]}..., expected {file.sha256[:12]}...: nothing was kept")
    try:
        found = len(read_medec(path).notes)
    except DataError as error:
        detail = str(error).removeprefix(str(path)).lstrip(": ")
        raise DataError(f"{file.name} as downloaded is not what it should be ({detail}): nothing was kept") from None
    if found != file.notes:
        raise DataError(f"{file.name} as downloaded holds {found} notes, expected {file.notes}: nothing was kept")
