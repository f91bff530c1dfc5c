"""Admission: a judge is asked what is known, and trusted with training only when it scores well enough.

``probes`` makes edits whose answer is known, ``asking`` puts them to a judge, ``figures`` counts, ``report`` compares
with the thresholds; ``admit`` is all of it, ``watch`` repeats a few within a run. ``injections`` finds out whether a
judge believes what players write at it.

Every judge is put to it, those made of code included: by how often it is right when it decides, and by how many
errors it decides about.
"""

from medical_team.judge.admission.admit import admit, put_to_admission
from medical_team.judge.admission.report import AdmissionReport

__all__ = ["AdmissionReport", "admit", "put_to_admission"]
