"""Harmless by choice: what may stand for a drug, a test or a diagnosis without making the note wrong."""

from __future__ import annotations

import random

from medical_team.judge.admission.probes.base import Change
from medical_team.judge.admission.probes.rewording import both_ways, reworded, rule, words
from medical_team.types import Note

_EQUALS = (
    # Members of a class that guidelines name in one breath.
    *both_ways(
        ("lisinopril", "enalapril"),
        ("ramipril", "lisinopril"),
        ("losartan", "valsartan"),
        ("omeprazole", "pantoprazole"),
        ("esomeprazole", "omeprazole"),
        ("atorvastatin", "rosuvastatin"),
        ("fluoxetine", "sertraline"),
        ("citalopram", "escitalopram"),
        ("loratadine", "cetirizine"),
        ("fexofenadine", "loratadine"),
        ("naproxen", "ibuprofen"),
        ("furosemide", "torsemide"),
        ("enoxaparin", "dalteparin"),
        ("levofloxacin", "moxifloxacin"),
        ("cephalexin", "cefadroxil"),
        ("dicloxacillin", "flucloxacillin"),
        ("zolpidem", "eszopiclone"),
        ("lorazepam", "diazepam"),
        ("prednisone", "prednisolone"),
        ("metoprolol", "bisoprolol"),
        ("amlodipine", "nifedipine"),
        ("tamsulosin", "alfuzosin"),
        ("sumatriptan", "rizatriptan"),
        ("alendronate", "risedronate"),
        # Brand names.
        ("acetaminophen", "Tylenol"),
        ("furosemide", "Lasix"),
        ("albuterol", "Ventolin"),
        ("trimethoprim-sulfamethoxazole", "Bactrim"),
        ("lorazepam", "Ativan"),
        ("warfarin", "Coumadin"),
        ("fluoxetine", "Prozac"),
        ("amoxicillin-clavulanate", "Augmentin"),
    ),
    # In broader words.
    words("atorvastatin", "a statin"),
    words("omeprazole", "a proton pump inhibitor"),
    rule(r"\bdiagnosed with acute (appendicitis|pancreatitis|cholecystitis|pyelonephritis)\b", r"diagnosed with \1"),
    rule(r"\bcommunity-acquired pneumonia\b", "pneumonia"),
    rule(r"\btype 2 diabetes mellitus\b", "diabetes mellitus"),
    rule(r"\bessential hypertension\b", "hypertension"),
    rule(r"\bischemic stroke\b", "stroke"),
    rule(r"\bprostatic adenocarcinoma\b", "prostate cancer"),
    rule(r"\b(acute myelogenous|acute lymphoblastic) leukemia\b", "acute leukemia"),
    rule(r"\bMethicillin-resistant Staphylococcus aureus\b", "Staphylococcus aureus"),
    rule(r"\b(?:Escherichia coli|Klebsiella pneumoniae) infection\b", "Enterobacterales infection"),
    # Ruled out or of somebody else: it is not this patient's.
    rule(r"^(He|She) has no history of (\w+)\b(?! disease)(?=\.)", r"\1 has no personal history of \2"),
)


def equal_choice(note: Note, rng: random.Random) -> Change | None:
    return reworded(note, rng, _EQUALS)
