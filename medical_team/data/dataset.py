"""From a configuration to the notes a run trains on and the ones it is evaluated on. The door of this room.

What is read is cached as Parquet under a name that says what the file depends on; whatever changes, the name changes
with it, and a stale file is never read. Synthetic notes are composed in a fraction of a second, and are not cached.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from medical_team.config import DataConfig
from medical_team.data import medec, store
from medical_team.data.checks import check_notes
from medical_team.data.fresh import FreshNotes
from medical_team.data.splits import limit_by_group, split_by_group
from medical_team.data.synthetic.compose import MIN_NOTES, compose_notes, unfamiliar_share
from medical_team.data.synthetic.table import BY_NAME, CONDITIONS
from medical_team.errors import DataError
from medical_team.types import Note

# What a split costs whose wrong terms are right only for conditions that are held out, beside one that lacks types.
_FAMILIARITY = 6.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NoteSplits:
    """Notes to train on, and notes kept for evaluation: of other twin groups (MEDEC) or conditions (synthetic).

    Synthetic notes to train on are ``FreshNotes``: the deck has new ones composed for each of its rounds.
    """

    train: tuple[Note, ...]
    held_out: tuple[Note, ...]


def load_notes(config: DataConfig, seed: int) -> NoteSplits:
    """Read or compose the notes, check them and split them.

    The same configuration and seed give the same splits. ``data.num_samples`` limits the train part only, so that
    an evaluation does not depend on it.

    Raises:
        DataError: A file is missing or malformed; nothing is cached then.
    """
    splits = _compose_synthetic(config, seed) if config.source == "synthetic" else _split_medec(config, seed)
    if not splits.train:
        raise DataError(
            f"data.num_samples = {config.num_samples} leaves no whole twin group to train on: use 2 or more"
        )
    return splits


def _split_medec(config: DataConfig, seed: int) -> NoteSplits:
    train, held_out = split_by_group(_load_medec(config), config.held_out, seed)
    return NoteSplits(_limited(train, config, seed), held_out)


def _compose_synthetic(config: DataConfig, seed: int) -> NoteSplits:
    """Epoch 0 decides which conditions are held out, and is evaluated on; the epochs after it are trained on."""
    first = compose_notes(config.synthetic_notes, seed)
    check_notes(first, "the synthetic notes")
    train, held_out = split_by_group(first, config.held_out, seed, _unfamiliar_without)
    conditions = tuple(BY_NAME[name] for name in sorted({note.condition or "" for note in train}))
    count = max(MIN_NOTES, len(train))

    def compose_round(number: int) -> tuple[Note, ...]:
        return _limited(compose_notes(count, seed, number + 1, conditions), config, seed)

    made_from = _key(repr((count, config.num_samples, seed)), *_digests(_synthetic_sources()))
    return NoteSplits(FreshNotes(compose_round(0), compose_round, made_from), held_out)


def _unfamiliar_without(held_out: Set[str]) -> float:
    return _FAMILIARITY * unfamiliar_share([one for one in CONDITIONS if one.name not in held_out])


def _limited(train: tuple[Note, ...], config: DataConfig, seed: int) -> tuple[Note, ...]:
    return train if config.num_samples is None else limit_by_group(train, config.num_samples, seed)


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
