"""Admission: a judge is asked what is known, and trusted with training only when it scores well enough.

``probes`` makes edits whose answer is known, ``asking`` puts them to a judge, ``figures`` counts, ``report`` compares
with the thresholds; ``admit`` is all of it, ``watch`` repeats a few within a run. ``injections`` finds out whether a
judge believes what players write at it.

The rule judge and the exact judge are not put to it. They are construction and table, not opinion: they say what
their code says, tests hold them to it, and what they cannot tell is known beforehand. ``docs`` has their figures.
"""

from medical_team.judge.admission.admit import CONSTRUCTION, admit, put_to_admission
from medical_team.judge.admission.report import AdmissionReport

__all__ = ["CONSTRUCTION", "AdmissionReport", "admit", "put_to_admission"]
