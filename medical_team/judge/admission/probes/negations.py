"""Wrong by negation: a finding that the note denies is there, or one that it reports is not."""

from __future__ import annotations

import random

from medical_team.judge.admission.probes.base import Change
from medical_team.judge.admission.probes.rewording import reworded, rule
from medical_team.types import Note

# Findings that need no article, so that the sentence stays a sentence with and without its "no".
_FINDINGS = (
    "edema|fever|tenderness|guarding|jaundice|hemorrhage|bleeding|discharge|lymphadenopathy|hepatomegaly|splenomegaly|"
    "hepatosplenomegaly|gallstones|murmurs|masses|papilledema|cyanosis|ascites|weakness|wheezes|wheezing|crackles|"
    "nausea|vomiting|ulcers|genital lesions|allergies|chest pain|abdominal pain|pericardial effusion"
)

_NEGATIONS = (
    rule(rf"\bwithout (?=(?:\w+ )?(?:{_FINDINGS})\b)", "with "),
    rule(rf"\b(there is|there are|shows|show|reveals|has|had) no (?=(?:{_FINDINGS})\b)", r"\1 "),
    rule(r"\b(is|are) negative\b", r"\1 positive"),
    rule(r"\b(is|are) positive\b", r"\1 negative"),
    rule(r"\b(is|are) absent\b", r"\1 present"),
    rule(r"\bdenies (having )?(?:any )?", r"reports \1"),
    rule(r"\b(is|are) not (tender|pregnant|red|swollen|palpable|enlarged|distended|dilated)\b", r"\1 \2"),
    rule(r"\b(is|are) normal\b", r"\1 abnormal"),
)


def negation(note: Note, rng: random.Random) -> Change | None:
    return reworded(note, rng, _NEGATIONS)
