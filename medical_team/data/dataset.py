"""From a configuration to the notes a run trains on and the ones it is evaluated on. The door of this room.

Reading and composing are cached as Parquet under a name that says what the file depends on; whatever changes, the
name changes with it, and a stale file is never read.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from medical_team.config import DataConfig
from medical_team.data import medec, store
from medical_team.data.checks import check_notes
from medical_team.data.splits import limit_by_group, split_by_group
from medical_team.data.synthetic.compose import compose_notes
from medical_team.errors import DataError
from medical_team.types import Note

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NoteSplits:
    """Notes to train on, and notes kept for evaluation: of other twin groups (MEDEC) or conditions (synthetic)."""

    train: tuple[Note, ...]
    held_out: tuple[Note, ...]


def load_notes(config: DataConfig, seed: int) -> NoteSplits:
    """Read or compose the notes, check them and split them.

    The same configuration and seed give the same splits. ``data.num_samples`` limits the train part only, so that
    an evaluation does not depend on it.

    Raises:
        DataError: A file is missing or malformed; nothing is cached then.
    """
    notes = _load_synthetic(config, seed) if config.source == "synthetic" else _load_medec(config)
    train, held_out = split_by_group(notes, config.held_out, seed)
    if config.num_samples is not None:
        train = limit_by_group(train, config.num_samples, seed)
    if not train:
        raise DataError(
            f"data.num_samples = {config.num_samples} leaves no whole twin group to train on: use 2 or more"
        )
    return NoteSplits(train, held_out)


def _load_synthetic(config: DataConfig, seed: int) -> tuple[Note, ...]:
    key = _key("synthetic", str(config.synthetic_notes), str(seed), *_digests(_synthetic_sources()))
    cached = config.cache_dir / f"synthetic-{config.synthetic_notes}-{key}.parquet"
    if cached.exists():
        return _read_cached(cached)
    notes = compose_notes(config.synthetic_notes, seed)
    return _keep(cached, notes, "the synthetic notes")


def _load_medec(config: DataConfig) -> tuple[Note, ...]:
    if config.medec_dir is None:
        raise DataError("data.source=medec needs data.medec_dir, the folder with MEDEC's CSV files")
    path = medec.find_split(config.medec_dir, config.medec_split)
    key = _key("medec", *_digests([path, Path(medec.__file__)]))
    cached = config.cache_dir / f"medec-{config.medec_split}-{key}.parquet"
    if cached.exists():
        return _read_cached(cached)
    return _keep(cached, medec.read_medec(path).notes, str(path))


def _read_cached(path: Path) -> tuple[Note, ...]:
    notes = store.read_notes(path)
    check_notes(notes, str(path))
    log.info("%d notes from the cache %s", len(notes), path)
    return notes


def _keep(path: Path, notes: Sequence[Note], source: str) -> tuple[Note, ...]:
    check_notes(notes, source)
    store.write_notes(path, notes)
    log.info("%d notes of %s kept as %s", len(notes), source, path)
    return tuple(notes)


def _synthetic_sources() -> list[Path]:
    return sorted(path for path in (Path(__file__).parent / "synthetic").rglob("*") if path.suffix in (".py", ".yaml"))


def _digests(paths: Sequence[Path]) -> list[str]:
    try:
        return [hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest() for path in paths]
    except OSError as error:
        raise DataError(f"{error.filename} cannot be read: {error.strerror}") from None


def _key(*parts: str) -> str:
    return hashlib.blake2b("/".join(parts).encode(), digest_size=6).hexdigest()
