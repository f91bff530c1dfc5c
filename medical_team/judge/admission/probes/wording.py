"""Harmless by wording: paraphrases, synonyms, abbreviations.

Only what no clinician would read otherwise is in these tables. A word that is a synonym in most places and part of a
name in others (fever in yellow fever) is left out, or its rule says where it does not apply.
"""

from __future__ import annotations

import random
import re

from medical_team.game.edits import corrected_note
from medical_team.judge.admission.probes.base import Change, change_of
from medical_team.judge.admission.probes.rewording import Rule, both_ways, reworded, rule, words
from medical_team.judge.admission.probes.statements import stated_in
from medical_team.types import Note

_PARAPHRASES = (
    rule(r"^An? (?!1-)(\d{1,3})-year-old (woman|man|boy|girl)\b(?! with)(?=[ ,.])", r"A \2 of \1 years"),
    rule(r"\b(he|she|patient|man|woman|boy|girl) was diagnosed with\b(?! and\b)", r"\1 received a diagnosis of"),
    rule(r"\bis most consistent with\b", "fits best with"),
    rule(r"\b(is|are) within normal limits\b", r"\1 in the normal range"),
    rule(r"\bthe remainder of the examination shows no abnormalities\b", "the rest of the examination is normal"),
    rule(r"\bis brought to (the \w+(?: \w+)?) because of\b", r"is taken to \1 on account of"),
    rule(r"\bcomes to the emergency department because of\b", "seeks care at the emergency department for"),
)

_SYNONYMS = (
    *both_ways(
        ("chest x-ray", "chest radiograph"),
        ("white blood cell count", "leukocyte count"),
        ("lumbar puncture", "spinal tap"),
        ("cerebrospinal fluid", "spinal fluid"),
        ("deep venous thrombosis", "deep vein thrombosis"),
        ("kidney stones", "renal calculi"),
        ("acetaminophen", "paracetamol"),
        ("albuterol", "salbutamol"),
        ("epinephrine", "adrenaline"),
        ("acute myocardial infarction", "acute heart attack"),
        ("Streptococcus pneumoniae", "pneumococcus"),
        ("vomiting of blood", "hematemesis"),
    ),
    words("x-ray of the chest", "chest x-ray"),
    rule(r"\bchest x-ray(?=[.,;]| (?:shows|showed|reveals|revealed|confirms|is|was)\b)", "x-ray of the chest"),
    words("shortness of breath", "dyspnea"),
    rule(r"(?<![\w-])(?<!nocturnal )dyspnea(?![\w-])", "shortness of breath"),
    words("nuchal rigidity", "neck stiffness"),  # not the other way round: a stiff neck has many causes
    # What is difficult may go on: "difficulty swallowing solid food", "dysphagia to solids".
    rule(r"\bdifficulty swallowing(?=[.;]|$)", "dysphagia"),
    rule(
        r"(?<![\w-])(?<!eal )dysphagia(?![\w-])(?! (?:to|with|lusoria|for (?:solid|liquid)))", "difficulty swallowing"
    ),
    # One has an article, the other none.
    rule(r"(\b(?:has|had|have|with|and|of|no|denies)|,) (?:a )?runny nose\b", r"\1 rhinorrhea"),
    rule(r"(\b(?:has|had|have|with|and|of)|,) rhinorrhea\b", r"\1 a runny nose"),
    # The illness, not its organism, toxin or vaccine.
    words("whooping cough", "pertussis"),
    rule(
        r"(?<![\w-])(?<!bordetella )(?<!\bb\. )(?<!acellular )pertussis(?![\w-])(?! (?:toxi|toxo|antigen|vacc|immuni))",
        "whooping cough",
    ),
    # One is a plural, the other none.
    rule(r"(?<![\w-])hives(?![\w-])(?! (?:are|were|have|appear|develop|that|which))", "urticaria"),
    rule(r"(?<![\w-])urticaria(?![\w-])(?! (?:pigmentosa|is|was|has|appear|develop|that|which))", "hives"),
    rule(
        r"\bcomes to(?= (?:the|an?|his|her|their|your)\b(?! (?:conclusion|realization|attention|end)))", "presents to"
    ),
    words("was started on", "was begun on"),
    # Who is given something receives it; what is given does not.
    rule(r"\b(he|she|patient|man|woman|boy|girl) was given (?!to\b|by\b|that\b|up\b)(?=\w)", r"\1 received "),
    rule(r"\bthe physician\b(?!-| assistant)", "the doctor"),
    rule(r"\b(has|history of) hypertension\b(?![-/])", r"\1 high blood pressure"),
    rule(r"\b(imaging|x-ray|radiograph|MRI|ECG|examination|endoscopy|urinalysis) shows\b", r"\1 reveals"),
)


def _scan(short: str, full: str) -> Rule:
    """Writes the imaging out. "A CT" is a scan; "CT head" and what stands in brackets are left alone."""
    part = "head|brain|chest|abdomen|pelvis|spine"
    # What follows a noun that stands alone; anything else is the rest of its name ("CT pulmonary angiogram").
    end = r"[.,;)]|$| (?:of|with|without|in|at|on|is|was|shows|showed|reveals|revealed|confirms|and|or|to|for|from)\b"
    alone = re.compile(r"\ban? (?:[\w-]+ )?$", re.IGNORECASE)

    def written(found: re.Match[str]) -> str:
        before, after = found.string[: found.start()], found.string[found.end() :]
        return f"{full} scan" if alone.search(before) and re.match(end, after) else full

    return rule(rf"(?<![\w(-]){short}(?![\w-])(?! (?:{part})| \({full})", written)


_ABBREVIATIONS = (
    *both_ways(
        ("blood pressure", "BP"),
        ("electrocardiogram", "ECG"),
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
    words("computed tomography", "CT"),
    words("magnetic resonance imaging", "MRI"),
    _scan("CT", "computed tomography"),
    _scan("MRI", "magnetic resonance imaging"),
    # One way only: IV is also a number, IM also a name of ligaments and nails.
    words("intravenous", "IV"),
    words("intramuscular", "IM"),
    rule(r"(?<!to )(?<!or )\b(\d{1,3})-year-old\b", r"\1 y/o"),
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
