"""Harmless by wording: paraphrases, synonyms, abbreviations.

Only what no clinician would read otherwise is in these tables. A word that is a synonym in most places and part of a
name in others (fever in yellow fever) is left out, or its rule says where it does not apply.
"""

from __future__ import annotations

import random

from medical_team.game.edits import corrected_note
from medical_team.judge.admission.probes.base import Change, change_of
from medical_team.judge.admission.probes.rewording import both_ways, reworded, rule, words
from medical_team.judge.admission.probes.statements import stated_in
from medical_team.types import Note

_PARAPHRASES = (
    rule(r"^An? (\d{1,3})-year-old (woman|man|boy|girl)\b(?! with)", r"A \2 of \1 years"),
    rule(r"\bwas diagnosed with\b", "received a diagnosis of"),
    rule(r"\bis most consistent with\b", "fits best with"),
    rule(r"\b(is|are) within normal limits\b", r"\1 in the normal range"),
    rule(r"\bthe remainder of the examination shows no abnormalities\b", "the rest of the examination is normal"),
    rule(r"\bis brought to (the \w+(?: \w+)?) because of\b", r"is taken to \1 on account of"),
    rule(r"\bcomes to the emergency department because of\b", "seeks care at the emergency department for"),
)

_SYNONYMS = (
    *both_ways(
        ("shortness of breath", "dyspnea"),
        ("chest x-ray", "chest radiograph"),
        ("chest x-ray", "x-ray of the chest"),
        ("white blood cell count", "leukocyte count"),
        ("neck stiffness", "nuchal rigidity"),
        ("difficulty swallowing", "dysphagia"),
        ("runny nose", "rhinorrhea"),
        ("lumbar puncture", "spinal tap"),
        ("cerebrospinal fluid", "spinal fluid"),
        ("deep venous thrombosis", "deep vein thrombosis"),
        ("kidney stones", "renal calculi"),
        ("acetaminophen", "paracetamol"),
        ("albuterol", "salbutamol"),
        ("epinephrine", "adrenaline"),
        ("acute myocardial infarction", "acute heart attack"),
        ("Streptococcus pneumoniae", "pneumococcus"),
        ("pertussis", "whooping cough"),
        ("hives", "urticaria"),
        ("vomiting of blood", "hematemesis"),
    ),
    words("comes to", "presents to"),
    words("was started on", "was begun on"),
    words("was given", "received"),
    words("the physician", "the doctor"),
    rule(r"\b(has|history of) hypertension\b", r"\1 high blood pressure"),
    rule(r"\b(imaging|x-ray|radiograph|MRI|ECG|examination|endoscopy|urinalysis) shows\b", r"\1 reveals"),
)

_ABBREVIATIONS = (
    *both_ways(
        ("blood pressure", "BP"),
        ("electrocardiogram", "ECG"),
        ("computed tomography", "CT"),
        ("magnetic resonance imaging", "MRI"),
        ("thyroid-stimulating hormone", "TSH"),
        ("human immunodeficiency virus", "HIV"),
        ("erythrocyte sedimentation rate", "ESR"),
        ("C-reactive protein", "CRP"),
        ("polymerase chain reaction", "PCR"),
        ("gastroesophageal reflux disease", "GERD"),
        ("chronic obstructive pulmonary disease", "COPD"),
        ("urinary tract infection", "UTI"),
        ("body mass index", "BMI"),
        ("type 2 diabetes mellitus", "T2DM"),
        ("Escherichia coli", "E. coli"),
        ("Staphylococcus aureus", "S. aureus"),
    ),
    # One way only: IV is also a number, IM also a name of ligaments and nails.
    words("intravenous", "IV"),
    words("intramuscular", "IM"),
    rule(r"\b(\d{1,3})-year-old\b", r"\1 y/o"),
)


def paraphrase(note: Note, rng: random.Random) -> Change | None:
    """A statement of the table in another frame, all of which say the same; elsewhere another construction."""
    base = corrected_note(note)
    stated = list(stated_in(base))
    if stated and rng.random() < 0.5:
        one = rng.choice(stated)
        return change_of(
            base, one.sentence_id, one.said_of(one.term, rng, unlike=base.sentences[one.sentence_id]), one.kind
        )
    return reworded(note, rng, _PARAPHRASES)


def synonym(note: Note, rng: random.Random) -> Change | None:
    return reworded(note, rng, _SYNONYMS)


def abbreviation(note: Note, rng: random.Random) -> Change | None:
    return reworded(note, rng, _ABBREVIATIONS)
