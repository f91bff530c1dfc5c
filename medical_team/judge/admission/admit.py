"""A judge is asked what is known: the one way in which training, the server and the probe command do it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from medical_team.config import AdmissionConfig, Config
from medical_team.judge.admission.asking import AS_USUAL, Answer, Asking, Said, ask
from medical_team.judge.admission.figures import measure
from medical_team.judge.admission.probes import KNOWLEDGE, Probe, build_probes, swapped
from medical_team.judge.admission.report import AdmissionReport
from medical_team.judge.protocol import Judge
from medical_team.types import Note

REPEATED = 40
"""Probes that are asked again, and error pairs that are asked exchanged: a share to within 8 points."""


async def put_to_admission(judge: Judge, config: Config, notes: Sequence[Note]) -> AdmissionReport:
    """Make as many probes of the notes as the configuration says, above 0, and ask them as training asks its audits.

    Raises:
        DataError: The notes do not give probes of both classes.
    """
    wanted, seed = config.judge.admission, config.run.seed
    probes = build_probes(notes, wanted.probes, seed)
    return await admit(judge, probes, wanted, Asking.of(config.judge), seed)


async def admit(
    judge: Judge, probes: Sequence[Probe], thresholds: AdmissionConfig, how: Asking = AS_USUAL, seed: int = 0
) -> AdmissionReport:
    """Ask the probes, some of them twice and some error pairs exchanged, and report.

    Raises:
        ValueError: There is no probe.
    """
    if not probes:
        raise ValueError("a judge cannot be admitted without a probe")
    answers = await ask(judge, [probe.request for probe in probes], how)
    judged = list(zip(probes, answers, strict=True))
    # Canaries come from these: of twice as many, a judge that reaches its thresholds has enough right twice.
    again = judged[: max(REPEATED, 2 * thresholds.canaries)]
    pairs = [(probe, answer) for probe, answer in judged if probe.bucket in KNOWLEDGE][:REPEATED]
    second = await ask(judge, [probe.request for probe, _ in again], how)
    exchanged = await ask(judge, [swapped(probe.request) for probe, _ in pairs], how)
    figures = measure(judged, _beside(pairs, exchanged), _beside(again, second), seed)
    known = tuple(
        probe
        for (probe, first), later in zip(again, second, strict=True)
        if _right(probe, first) and _right(probe, later)
    )
    return AdmissionReport(_name(judge, answers), figures, thresholds, known)


def _beside(judged: Iterable[tuple[Probe, Answer]], later: Iterable[Answer]) -> list[tuple[Said, Said]]:
    return [(first.said, second.said) for (_, first), second in zip(judged, later, strict=True)]


def _right(probe: Probe, answer: Answer) -> bool:
    return answer.said is (Said.ERROR if probe.is_error else Said.NO_ERROR)


def _name(judge: Judge, answers: Iterable[Answer]) -> str:
    """The name the audits carry; the judge's own where there is no audit."""
    return next((answer.audit.judge for answer in answers if answer.audit is not None), judge.name)
