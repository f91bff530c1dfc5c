"""What a judge decides of every gold edit and every harmless edit that notes give, and how often rightly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.table import Table

from medical_team.game.edits import corrected_note
from medical_team.judge.admission.asking import AS_USUAL, Asking, Said, ask
from medical_team.judge.admission.probes import HARMLESS, probes_of
from medical_team.judge.admission.probes.base import change_of, request_of
from medical_team.judge.protocol import AuditRequest, Judge
from medical_team.types import Note


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was said of the edits of one kind.

    Attributes:
        kind: An error type or a bucket of harmless edits.
        is_error: The known answer.
        said: How often the judge said what.
    """

    kind: str
    is_error: bool
    said: Counter[Said]

    @property
    def edits(self) -> int:
        return self.said.total()

    @property
    def decided(self) -> int:
        return self.said[Said.ERROR] + self.said[Said.NO_ERROR]

    @property
    def right(self) -> int:
        return self.said[Said.ERROR if self.is_error else Said.NO_ERROR]


async def measure_coverage(
    judge: Judge, notes: Sequence[Note], seed: int, how: Asking = AS_USUAL
) -> tuple[Coverage, ...]:
    """Ask about the gold error of every note that has one, and about a harmless edit of every kind in every note.

    Raises:
        JudgeOutage: The judge stayed away.
    """
    rows: dict[tuple[bool, str], list[AuditRequest]] = {}
    for kind, request in gold_edits(notes):
        rows.setdefault((True, kind), []).append(request)
    for bucket in HARMLESS:
        rows[False, bucket.value] = [probe.request for probe in probes_of(notes, bucket, seed)]
    covered: list[Coverage] = []
    for (is_error, kind), requests in rows.items():
        answers = await ask(judge, requests, how)
        covered.append(Coverage(kind, is_error, Counter(answer.said for answer in answers)))
    return tuple(covered)


def gold_edits(notes: Sequence[Note]) -> Iterator[tuple[str, AuditRequest]]:
    """The gold error of each note, planted in the note without it, and its type."""
    for note in notes:
        if note.error_sentence_id is not None and note.error_type is not None:
            wrong = note.sentences[note.error_sentence_id]
            change = change_of(corrected_note(note), note.error_sentence_id, wrong, note.error_type)
            yield note.error_type.value, request_of(0, change)


def coverage_table(rows: Sequence[Coverage]) -> Table:
    """Numbers and names, no text of a note."""
    table = Table(title="gold errors and harmless edits", title_justify="left")
    table.add_column("edits")
    for column in ("of them", "decided", "rightly", "called an error"):
        table.add_column(column, justify="right")
    for is_error, whole in ((True, "gold errors"), (False, "harmless")):
        of_class = [row for row in rows if row.is_error is is_error and row.edits]
        for row in sorted(of_class, key=lambda row: row.kind):
            table.add_row(*_cells(row))
        table.add_section()
        said: Counter[Said] = sum((row.said for row in of_class), Counter())
        table.add_row(*_cells(Coverage(f"all {whole}", is_error, said)))
        table.add_section()
    return table


def _cells(row: Coverage) -> tuple[str, ...]:
    return (
        row.kind.replace("_", " "),
        str(row.edits),
        f"{row.decided} ({row.decided / max(1, row.edits):.1%})",
        str(row.right),
        str(row.said[Said.ERROR]),
    )
