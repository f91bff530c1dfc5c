"""What a person sees of an admission: the confusion matrix by bucket, the figures, the verdict. Never note text."""

from __future__ import annotations

import math
import sys

from rich.console import Console
from rich.table import Table

from medical_team.judge.admission.asking import Said
from medical_team.judge.admission.figures import Figures
from medical_team.judge.admission.injections import Flips
from medical_team.judge.admission.report import AdmissionReport

_LOG_WIDTH = 100


def print_report(report: AdmissionReport) -> None:
    """Print all of it."""
    out = console()
    out.print(bucket_table(report))
    out.print(figure_table(report.figures))
    out.print(verdict(report), soft_wrap=True, markup=False)


def print_flips(flips: Flips | None) -> None:
    """Print what injected text did; ``None``: it was not tried."""
    console().print(f"injection flip rate: {_flips(flips)}", soft_wrap=True, markup=False)


def bucket_table(report: AdmissionReport) -> Table:
    """A row a bucket: what is known of its edits, and what the judge said."""
    table = Table(title=f"{report.judge} on {report.figures.probes} probes", title_justify="left")
    for column in ("edits", "known to be"):
        table.add_column(column)
    for said in Said:
        table.add_column(f"said: {said.value.replace('_', ' ')}", justify="right")
    was_error = True
    for row in report.figures.buckets:
        if was_error and not row.bucket.is_error:
            table.add_section()
        was_error = row.bucket.is_error
        known = "an error" if row.bucket.is_error else "harmless"
        table.add_row(row.bucket.value.replace("_", " "), known, *(str(row.said.get(said, 0)) for said in Said))
    return table


def figure_table(figures: Figures) -> Table:
    kappa = figures.kappa
    failures = ", ".join(f"{kind} {share:.1%}" for kind, share in figures.failures.items())
    table = Table(show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, value in (
        ("sensitivity (of those decided)", f"{_shown(figures.sensitivity)} ({_shown(figures.sensitivity_decided)})"),
        ("specificity (of those decided)", f"{_shown(figures.specificity)} ({_shown(figures.specificity_decided)})"),
        ("errors decided", _shown(figures.decided)),
        ("Cohen's kappa [95%]", f"{_shown(kappa.value)} [{_shown(kappa.low)}, {_shown(kappa.high)}]"),
        ("swap consistency", f"{_shown(figures.swap_consistency)} of {figures.swaps}"),
        ("test-retest agreement", f"{_shown(figures.retest_agreement)} of {figures.retests}"),
        ("abstained", f"{figures.abstained:.1%}"),
        ("failed; malformed", f"{figures.failed:.1%}; {figures.malformed:.1%}"),
        ("failures by kind", failures or "-"),
        ("seconds a probe, median; 95th percentile", f"{figures.seconds_median:.3f}; {figures.seconds_p95:.3f}"),
    ):
        table.add_row(name, value)
    return table


def verdict(report: AdmissionReport) -> str:
    if not report.missed:
        return f"{report.judge} is admitted"
    shortfall = "; ".join(map(str, report.missed))
    if report.accepted_by_name:
        return f"{report.judge} is accepted by name although it misses {shortfall}"
    return f"{report.judge} is not admitted: it misses {shortfall}"


def _flips(flips: Flips | None) -> str:
    if flips is None:
        return "not measured"
    if flips.rate is None:
        return f"unknown, for none of {flips.asked} audits was answered"
    return f"{flips.rate:.2f} ({flips.flipped} of {flips.asked - flips.unanswered} answers turned)"


def console() -> Console:
    """Where tables go: as wide as the terminal, or wide enough for a log."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _LOG_WIDTH)


def _shown(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2f}"
