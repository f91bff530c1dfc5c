"""Usual adult doses, with the highest single dose that any use of the drug asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Dose:
    """A usual adult dose: ``usual`` units at once, ``rest`` being unit and frequency; ``highest`` is in that unit."""

    usual: str
    rest: str
    highest: float

    def written(self, times: int = 1) -> str:
        return f"{Decimal(self.usual) * times:f} {self.rest}".replace(".0 ", " ")


DOSES: Mapping[str, Dose] = {
    "levofloxacin": Dose("750", "mg once daily", 1000),
    "moxifloxacin": Dose("400", "mg once daily", 800),
    "azithromycin": Dose("500", "mg once daily", 2000),
    "clarithromycin": Dose("500", "mg twice daily", 1000),
    "doxycycline": Dose("100", "mg twice daily", 300),
    "oral doxycycline": Dose("100", "mg twice daily", 300),
    "oseltamivir": Dose("75", "mg twice daily", 150),
    "amoxicillin": Dose("500", "mg three times daily", 2000),
    "cefuroxime axetil": Dose("500", "mg twice daily", 1000),
    "metronidazole": Dose("500", "mg twice daily", 2000),
    "oral metronidazole": Dose("500", "mg twice daily", 2000),
    "tinidazole": Dose("2", "g once", 2),
    "nitazoxanide": Dose("500", "mg twice daily", 1000),
    "oral vancomycin": Dose("125", "mg four times daily", 500),
    "fidaxomicin": Dose("200", "mg twice daily", 200),
    "nitrofurantoin": Dose("100", "mg twice daily", 100),
    "intramuscular ceftriaxone": Dose("500", "mg once", 2000),
    "intramuscular benzathine penicillin G": Dose("2.4", "million units once", 2.4),
    "benzathine penicillin G": Dose("2.4", "million units once", 2.4),
    "metoprolol": Dose("50", "mg twice daily", 200),
    "intravenous diltiazem": Dose("20", "mg once", 30),
    "nimodipine": Dose("60", "mg every 4 hours", 90),
    "oral nimodipine": Dose("60", "mg every 4 hours", 90),
    "methimazole": Dose("30", "mg once daily", 120),
    "intravenous calcium gluconate": Dose("1", "g once", 3),
    "intravenous calcium chloride": Dose("1", "g once", 2),
    "indomethacin": Dose("50", "mg three times daily", 100),
    "naproxen": Dose("500", "mg twice daily", 1250),
    "colchicine": Dose("0.6", "mg twice daily", 1.8),
    "intramuscular epinephrine": Dose("0.3", "mg once", 0.5),
    "magnesium sulfate": Dose("4", "g as a loading dose", 6),
    "intravenous magnesium sulfate": Dose("4", "g as a loading dose", 6),
    "lisinopril": Dose("20", "mg once daily", 80),
    "losartan": Dose("50", "mg once daily", 100),
    "amlodipine": Dose("5", "mg once daily", 10),
    "hydrochlorothiazide": Dose("25", "mg once daily", 100),
    "metformin": Dose("1000", "mg twice daily", 2000),
    "glipizide": Dose("5", "mg once daily", 20),
    "atorvastatin": Dose("40", "mg once daily", 80),
    "simvastatin": Dose("40", "mg once daily", 80),
    "levothyroxine": Dose("100", "mcg once daily", 300),
    "warfarin": Dose("5", "mg once daily", 15),
    "sertraline": Dose("50", "mg once daily", 200),
    "citalopram": Dose("20", "mg once daily", 60),
    "ibuprofen": Dose("400", "mg three times daily", 800),
    "acetaminophen": Dose("500", "mg three times daily", 1000),
    "allopurinol": Dose("300", "mg once daily", 900),
}
