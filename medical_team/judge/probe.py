"""Put a judge to admission and show what it scored: probes with known answers, by what their edits do.

    python -m medical_team.judge.probe --judge rule
    python -m medical_team.judge.probe --judge http --url http://localhost:8000 --notes MEDEC_DIR --json report.json

    python -m medical_team.judge.probe --judge rule --notes MEDEC_DIR --gold

Exit code 0 when the judge reaches the thresholds, 1 when it does not, 2 for bad input. Training puts its judge to the
same admission before its first step, whatever the judge is made of. Overrides such as
judge.admission.min_specificity=0.9 come last. With --gold the judge is asked, instead, about the gold error of every
note and about a harmless edit of every kind in every note, and the exit code is 0.

With a slow judge, ask little: --probes 16 --injected 1 are 16 probes, each asked twice or three times, and each of some
eighty injected texts in one edit. The report is shown, and written, before any injected text is tried.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from medical_team.entry import Parser, run_entry_point

if TYPE_CHECKING:
    from medical_team.config import Config
    from medical_team.judge.admission import AdmissionReport
    from medical_team.judge.admission.injections import Flips
    from medical_team.judge.protocol import Judge
    from medical_team.types import Note

logger = logging.getLogger(__name__)

NOT_ADMITTED = 1
SYNTHETIC = "synthetic"


def main(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    from medical_team.errors import UserError

    if options.json is not None and not options.json.absolute().parent.is_dir():
        raise UserError(f"--json {options.json}: there is no such folder")
    if options.injected < 0:
        raise UserError(f"--injected {options.injected}: a number of probes, or 0 to leave injected text out")
    if options.gold:
        asyncio.run(show_coverage(configuration(options)))
        return 0
    report = asyncio.run(examine(configuration(options), options.injected, options.json))
    return 0 if report.admitted else NOT_ADMITTED


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = Parser(__doc__)
    parser.add_argument("--judge", required=True, help="rule, exact, vllm, http or panel")
    parser.add_argument("--url", action="append", default=[], help="of an http judge; may be given several times")
    parser.add_argument("--model", help="of a vllm judge or an OpenAI-compatible endpoint")
    parser.add_argument("--notes", default=SYNTHETIC, metavar="DIR", help="folder with MEDEC's CSV files")
    parser.add_argument("--probes", type=int, metavar="N", help="how many; default: judge.admission.probes")
    parser.add_argument(
        "--injected", type=int, default=16, metavar="N", help="probes that each injected text is tried on; default: 16"
    )
    parser.add_argument("--gold", action="store_true", help="what it decides of all gold errors and harmless edits")
    parser.add_argument("--seed", type=int, default=17, help="of notes and probes; default: 17, as run.seed")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report there, too")
    parser.add_argument("overrides", nargs="*", metavar="key.sub=value", help="of the configuration")
    return parser.parse_intermixed_args(list(arguments))


def configuration(options: argparse.Namespace) -> Config:
    """The configuration that the options stand for; everything else as in training.

    Raises:
        UserError: An option has no such value, or they do not go together.
    """
    from medical_team.config import load_config
    from medical_team.data.medec import find_splits
    from medical_team.errors import ConfigError, DataError

    overrides = [f"judge.name={options.judge}", f"run.seed={options.seed}"]
    if options.url:
        overrides.append(f"judge.http.urls={json.dumps(options.url)}")
    if options.model is not None:
        overrides.append(f"judge.model={options.model}")
    if options.probes is not None:
        overrides.append(f"judge.admission.probes={options.probes}")
    if options.notes != SYNTHETIC:
        splits = find_splits(Path(options.notes))
        if not splits:
            raise DataError(f"--notes {options.notes} holds no MEDEC file")
        overrides += ["data.source=medec", f"data.medec_dir={options.notes}", f"data.medec_split={next(iter(splits))}"]
    config = load_config(None, [*overrides, *options.overrides])
    if not config.judge.admission.probes:
        raise ConfigError("judge.admission.probes = 0 (--probes) asks nothing: give 16 or more")
    return config


async def examine(config: Config, injected: int, json_file: Path | None = None) -> AdmissionReport:
    """Put the judge to admission and show its report; then try injected texts on so many probes, if any, and show that.

    Raises:
        UserError: The notes do not give probes of both classes, or the file cannot be written.
        JudgeError, JudgeOutage: The judge went away; a report that was finished before has been shown.
    """
    from medical_team.data.dataset import load_notes
    from medical_team.judge.admission import put_to_admission
    from medical_team.judge.admission.tables import print_flips, print_report
    from medical_team.rollout.standalone_judge import open_configured_judge

    loaded = load_notes(config.data, config.run.seed)
    notes = loaded.train + loaded.held_out
    async with open_configured_judge(config, loaded.train) as judge:
        report = await put_to_admission(judge, config, notes)
        print_report(report)
        _write(json_file, report, None)
        flips = await try_injections(judge, notes, injected, config.run.seed) if injected else None
    print_flips(flips)
    _write(json_file, report, flips)
    return report


async def show_coverage(config: Config) -> None:
    """Ask about all gold errors and harmless edits of the notes, and show what was decided.

    A judge made of code learns the terms of all gold pairs, and does not use for a note those of its own twin group.
    """
    from medical_team.data.dataset import load_notes
    from medical_team.judge.admission.asking import Asking
    from medical_team.judge.admission.coverage import coverage_table, measure_coverage
    from medical_team.judge.admission.tables import console
    from medical_team.rollout.standalone_judge import open_configured_judge

    loaded = load_notes(config.data, config.run.seed)
    notes = loaded.train + loaded.held_out
    async with open_configured_judge(config, notes) as judge:
        rows = await measure_coverage(judge, notes, config.run.seed, Asking.of(config.judge))
    console().print(coverage_table(rows))


async def try_injections(judge: Judge, notes: Sequence[Note], each: int, seed: int) -> Flips:
    """Every injected text on ``each`` probes whose right answer is the opposite of what it asks for."""
    from medical_team.judge.admission.injections import flip_rate
    from medical_team.judge.admission.payloads import PAYLOADS
    from medical_team.judge.admission.probes import Bucket, build_probes

    logger.info("now %d injected texts, each on %d probe(s)", len(PAYLOADS), each)
    probes = [probe for probe in build_probes(notes, 4 * each, seed) if probe.bucket is not Bucket.INJECTION]
    # Errors and harmless edits come in turn, and a text is tried on one of the two.
    errors, harmless = ([probe for probe in probes if probe.is_error is truth][:each] for truth in (True, False))
    return await flip_rate(judge, [probe for pair in zip(errors, harmless, strict=False) for probe in pair])


def _write(json_file: Path | None, report: AdmissionReport, flips: Flips | None) -> None:
    if json_file is not None:
        write_json(json_file, report, flips.rate if flips else None)


def write_json(path: Path, report: AdmissionReport, rate: float | None) -> None:
    """Write the report, with the injection flip rate where there is one.

    Raises:
        UserError: The file cannot be written.
    """
    from medical_team.errors import UserError

    try:
        path.write_text(json.dumps(report.to_json() | {"injection_flip_rate": rate}, indent=1, allow_nan=False))
    except OSError as error:
        raise UserError(f"--json {path} cannot be written: {error.strerror}") from None


if __name__ == "__main__":
    run_entry_point(main)
