"""Prepare, check and describe the notes a run trains on: the project's own, MEDEC's files, or MEDEC downloaded.

    python launch/prepare_medical_data.py                      # the embedded synthetic notes
    python launch/prepare_medical_data.py --medec DIR          # MEDEC's CSV files in DIR
    python launch/prepare_medical_data.py --download           # the same, fetched first

Writes train.parquet, held_out.parquet and the cache that training reads; prints numbers, never the text of a note.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from medical_team.entry import Parser, run_entry_point
from medical_team.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from medical_team.config import DataConfig
    from medical_team.data.dataset import NoteSplits
    from medical_team.data.describe import Description

DEFAULT_OUT = Path(".cache/data")
DEFAULT_DOWNLOAD = Path(".cache/medec")


def main(arguments: list[str]) -> None:
    options = parse(arguments)
    from medical_team.terminal import console

    prepare(options, console)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(__doc__)
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--medec", type=Path, metavar="DIR", help="folder with MEDEC's CSV files")
    source.add_argument("--synthetic", action="store_true", help="the project's own notes (the default)")
    source.add_argument("--download", action="store_true", help=f"fetch MEDEC to {DEFAULT_DOWNLOAD} first")
    parser.add_argument("--split", choices=("train", "validation", "test"), help="MEDEC file; the first one there")
    parser.add_argument("--num-samples", "--num_samples", type=int, metavar="N", help="limit the training part")
    parser.add_argument("--no-save", action="store_true", help="check and describe only")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, metavar="DIR", help=f"default: {DEFAULT_OUT}")
    parser.add_argument("--seed", type=int, default=17, help="of composing and splitting; default: 17, as run.seed")
    options = parser.parse_args(arguments)
    if options.num_samples is not None and options.num_samples < 1:
        raise UserError(f"--num-samples {options.num_samples}: give 1 or more")
    if options.split and not (options.medec or options.download):
        raise UserError("--split names one of MEDEC's files: give --medec DIR or --download as well")
    return options


def prepare(options: argparse.Namespace, console: Console) -> None:
    from medical_team.data.dataset import load_notes

    if options.download:
        options.medec = _download(console)
    split = _choose_split(options, console) if options.medec else None
    if options.no_save:
        with tempfile.TemporaryDirectory() as scratch:
            splits = load_notes(_data_config(options, split, Path(scratch)), options.seed)
    else:
        splits = load_notes(_data_config(options, split, options.out), options.seed)
    _show(splits, console)
    if not options.no_save:
        _save(splits, options.out, console)


def _download(console: Console) -> Path:
    from medical_team.data.download import COMMIT, download_medec

    console.print(f"Fetching MEDEC at commit {COMMIT[:12]} (CC BY 4.0, Ben Abacha et al. 2025)")
    for file in download_medec(DEFAULT_DOWNLOAD):
        how = "checksum" if file.by_checksum else "format and number of notes; no checksum is known"
        console.print(f"  {file.path.name}: {file.notes} notes, verified by {how}")
    return DEFAULT_DOWNLOAD


def _choose_split(options: argparse.Namespace, console: Console) -> str:
    from medical_team.data.medec import find_split, find_splits, read_medec

    split = options.split or next(iter(find_splits(options.medec)), "train")
    file = read_medec(find_split(options.medec, split))
    table = _table(f"MEDEC {split}: read and repaired", "what", "count")
    table.add_row("notes", str(len(file.notes)))
    table.add_row("rows encoded twice, repaired", str(file.repaired_encoding))
    table.add_row("empty rows, skipped", str(file.empty_rows))
    table.add_row("lines joined to the sentence before", str(file.continuation_lines))
    table.add_row("error sentences not found at their id", str(file.unlocated_errors))
    console.print(table)
    return split


def _data_config(options: argparse.Namespace, split: str | None, cache: Path) -> DataConfig:
    from medical_team.config import DataConfig

    common = DataConfig(cache_dir=cache, num_samples=options.num_samples)
    if split is None:
        return common
    return common.model_copy(update={"source": "medec", "medec_dir": options.medec, "medec_split": split})


def _show(splits: NoteSplits, console: Console) -> None:
    from medical_team.data.describe import describe

    parts = {"train": describe(splits.train), "held out": describe(splits.held_out)}
    console.print(_counts(parts), _lengths(parts), _floors(parts))


def _counts(parts: dict[str, Description]) -> Table:
    table = _table("Notes by class and type of error", "", *parts)
    table.add_row("notes", *(str(part.notes) for part in parts.values()))
    table.add_row("  clean", *(str(part.clean) for part in parts.values()))
    table.add_row("  with an error", *(str(part.errors) for part in parts.values()))
    for kind in next(iter(parts.values())).types:
        table.add_row(f"    {kind}", *(str(part.types[kind]) for part in parts.values()))
    table.add_row("twin groups", *(str(part.groups) for part in parts.values()))
    table.add_row("  with both twins", *(str(part.pairs) for part in parts.values()))
    table.add_row("conditions", *(str(part.conditions or "not known") for part in parts.values()))
    return table


def _lengths(parts: dict[str, Description]) -> Table:
    table = _table("Lengths", "", "min", "median", "p95", "max")
    for name, part in parts.items():
        for unit, spread in (("words", part.words), ("sentences", part.sentences)):
            points = (spread.least, spread.median, spread.p95, spread.most)
            table.add_row(f"{name}, {unit} a note", *map(str, points))
    return table


def _floors(parts: dict[str, Description]) -> Table:
    table = _table("Floors: what an assessor scores that knows nothing", "", *parts)
    rows = {
        "always Harmful, flag accuracy": [part.floors.always_harmful for part in parts.values()],
        "always Safe, flag and sentence accuracy": [part.floors.always_safe for part in parts.values()],
        "a coin, pair accuracy": [part.floors.coin_pairs for part in parts.values()],
        "last sentence with a cue word, sentence accuracy": [part.floors.cue_sentence for part in parts.values()],
        "always the same sentence id, sentence accuracy": [part.floors.best_position for part in parts.values()],
    }
    for name, values in rows.items():
        table.add_row(name, *(f"{value:.1%}" for value in values))
    return table


def _table(title: str, *columns: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table


def _save(splits: NoteSplits, out: Path, console: Console) -> None:
    from medical_team.data.store import write_notes

    for name, notes in (("train", splits.train), ("held_out", splits.held_out)):
        write_notes(out / f"{name}.parquet", notes)
        console.print(f"{len(notes)} notes -> {out / f'{name}.parquet'}")


if __name__ == "__main__":
    run_entry_point(main)
