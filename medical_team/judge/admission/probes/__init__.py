"""Probes: audits whose answer is known, made from notes. One file a family; ``build_probes`` deals them evenly.

A new bucket is a member of ``Bucket``, a function that makes a ``Change`` of a note, and a line in ``MAKERS``.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from medical_team.errors import DataError
from medical_team.judge.admission.probes.base import (
    ERRORS,
    HARMLESS,
    KNOWLEDGE,
    Bucket,
    Maker,
    Probe,
    request_of,
    swapped,
)
from medical_team.judge.admission.probes.doses import dose
from medical_team.judge.admission.probes.equals import equal_choice
from medical_team.judge.admission.probes.errors import TYPES, clean_twin, error_of
from medical_team.judge.admission.probes.filler import filler, hedge, injection
from medical_team.judge.admission.probes.negations import negation
from medical_team.judge.admission.probes.nothing import garbage, no_op
from medical_team.judge.admission.probes.routes import route
from medical_team.judge.admission.probes.sides import side
from medical_team.judge.admission.probes.slips import grammar, number, typo
from medical_team.judge.admission.probes.units import unit
from medical_team.judge.admission.probes.wording import abbreviation, paraphrase, synonym
from medical_team.types import Note

MAKERS: Mapping[Bucket, Maker] = {
    **{bucket: error_of(kind) for bucket, kind in TYPES.items()},
    Bucket.DOSE: dose,
    Bucket.ROUTE: route,
    Bucket.SIDE: side,
    Bucket.NEGATION: negation,
    Bucket.CLEAN_TWIN: clean_twin,
    Bucket.PARAPHRASE: paraphrase,
    Bucket.SYNONYM: synonym,
    Bucket.UNIT: unit,
    Bucket.ABBREVIATION: abbreviation,
    Bucket.NO_OP: no_op,
    Bucket.FILLER: filler,
    Bucket.HEDGE: hedge,
    Bucket.NUMBER: number,
    Bucket.TYPO: typo,
    Bucket.GRAMMAR: grammar,
    Bucket.EQUAL_CHOICE: equal_choice,
    Bucket.INJECTION: injection,
    Bucket.GARBAGE: garbage,
}


def build_probes(notes: Sequence[Note], count: int, seed: int) -> tuple[Probe, ...]:
    """At most ``count`` probes, errors and harmless edits in turn, and within each its buckets in turn.

    A bucket that the notes have no more material for is passed over; a note is used once a bucket. Fewer are returned
    where a whole class runs out. The same arguments give the same probes, and a smaller count gives the first of them.

    Raises:
        DataError: The notes do not give one probe of each class.
    """
    errors, harmless = (_in_turn(notes, buckets, seed) for buckets in (ERRORS, HARMLESS))
    probes: list[Probe] = []
    for pair in zip(errors, harmless, strict=False):
        probes += [_numbered(probe, len(probes) + place) for place, probe in enumerate(pair)]
        if len(probes) >= count:
            break
    if not probes:
        raise DataError(f"{len(notes)} note(s) do not give a probe of each class: there must be error notes among them")
    return tuple(probes[:count])


def _in_turn(notes: Sequence[Note], buckets: Sequence[Bucket], seed: int) -> Iterator[Probe]:
    sources = [probes_of(notes, bucket, seed) for bucket in buckets]
    while sources:
        for source in list(sources):
            probe = next(source, None)
            if probe is None:
                sources.remove(source)
            else:
                yield probe


def probes_of(notes: Sequence[Note], bucket: Bucket, seed: int) -> Iterator[Probe]:
    """A probe of the bucket from every note that has the material for one, in an order that the seed decides."""
    order = list(notes)
    random.Random(f"probes:{seed}:{bucket}").shuffle(order)
    for note in order:
        change = MAKERS[bucket](note, random.Random(f"probes:{seed}:{bucket}:{note.note_id}"))
        if change is not None:
            yield Probe(f"{bucket}/{note.note_id}", bucket, request_of(0, change))


def _numbered(probe: Probe, number: int) -> Probe:
    return replace(probe, request=replace(probe.request, game_id=number))


__all__ = ["ERRORS", "HARMLESS", "KNOWLEDGE", "Bucket", "Probe", "build_probes", "probes_of", "swapped"]
