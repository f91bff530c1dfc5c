"""Facts: poisons, allergy and pregnancy."""

from __future__ import annotations

from medical_team.data.synthetic.facts import HYPERTENSIVE, SHOCK, STABLE, Condition, Fact, Setting, Sex, Vitals

URGENT = (
    Condition(
        name="opioid overdose",
        setting=Setting.EMERGENCY,
        ages=(22, 45),
        sex=Sex.ANY,
        vitals=Vitals((36.1, 36.6), (50, 58), (98, 108), (58, 66)),
        complaints=("being found unresponsive by a friend", "being found unconscious in a restroom"),
        histories=("A syringe was found next to {him}.", "{He} has a history of injection drug use."),
        examinations=(
            "Respirations are 5/min, pupils are pinpoint, and bowel sounds are reduced.",
            "{He} is stuporous with miotic pupils and {4..6} shallow breaths a minute.",
        ),
        studies=(
            "Fingerstick glucose is {92..118} mg/dL, and PCO2 is {62..74} mm Hg.",
            "Arterial blood gas shows acute respiratory acidosis, and glucose is normal.",
        ),
        diagnosis=Fact(
            accepted=("opioid overdose", "opioid intoxication", "acute opioid toxicity"),
            wrong={
                "cocaine intoxication": "pupils are small and breathing is slow",
                "alcohol withdrawal": "the patient is depressed, not agitated",
                "anticholinergic toxicity": "pupils are small",
            },
        ),
        drug=Fact(
            accepted=("intravenous naloxone", "intranasal naloxone", "naloxone"),
            wrong={
                "intravenous flumazenil": "it antagonizes benzodiazepines",
                "intravenous physostigmine": "it is for anticholinergic poisoning",
                "intravenous atropine": "it does not reverse opioids",
                "intravenous lorazepam": "it depresses breathing further",
            },
        ),
        management=Fact(
            accepted=("observation for recurrent respiratory depression", "observation until opioid effects resolve"),
            wrong={
                "discharge immediately after awakening": "the antidote wears off first",
                "discharge with oxycodone": "it repeats the overdose",
                "sedation for agitation": "it depresses breathing further",
            },
        ),
    ),
    Condition(
        name="acetaminophen overdose",
        setting=Setting.EMERGENCY,
        ages=(17, 33),
        sex=Sex.FEMALE,
        vitals=STABLE,
        complaints=(
            "nausea {7..9} hours after swallowing a bottle of pain tablets",
            "vomiting after taking {40..60} pain tablets {7..9} hours ago",
        ),
        histories=("She has a history of depression.", "She left a note after an argument."),
        examinations=(
            "{He} is alert, and there is mild right upper quadrant tenderness.",
            "Mental status, pupils, and breathing are normal.",
        ),
        studies=(
            "Serum acetaminophen is {210..290} mcg/mL, above the treatment line, and salicylate is undetectable.",
            "The acetaminophen level plots above the nomogram line, and no salicylate is found.",
        ),
        diagnosis=Fact(
            accepted=("acetaminophen overdose", "acetaminophen toxicity", "acetaminophen poisoning"),
            wrong={
                "opioid overdose": "pupils, breathing or alertness are normal",
                "salicylate toxicity": "no salicylate was found",
                "viral gastroenteritis": "the drug level is toxic",
            },
        ),
        drug=Fact(
            accepted=("intravenous N-acetylcysteine", "oral N-acetylcysteine", "N-acetylcysteine"),
            wrong={
                "intravenous naloxone": "it reverses opioids",
                "intravenous flumazenil": "it antagonizes benzodiazepines",
                "intravenous deferoxamine": "it binds iron",
                "sodium bicarbonate": "it is for salicylates",
            },
        ),
        management=Fact(
            accepted=("psychiatric evaluation once medically stable", "admission with serial liver tests"),
            wrong={
                "discharge with outpatient follow-up": "the liver is at risk, and so is she",
                "discharge after symptoms improve": "liver injury follows after a quiet day",
                "urgent liver biopsy": "the cause is known",
            },
        ),
    ),
    Condition(
        name="anaphylaxis",
        setting=Setting.EMERGENCY,
        ages=(19, 44),
        sex=Sex.ANY,
        vitals=SHOCK,
        complaints=(
            "itching, wheezing, and dizziness minutes after eating peanuts",
            "hives and throat tightness {10..20} minutes after a bee sting",
        ),
        histories=("{He} has seasonal allergies.", "{He} once had hives as a child."),
        examinations=(
            "There are widespread urticaria, lip swelling, and wheezes.",
            "Stridor, diffuse hives, and facial swelling are present.",
        ),
        studies=("ECG shows sinus tachycardia only.", "Serum tryptase is elevated."),
        diagnosis=Fact(
            accepted=("anaphylaxis", "anaphylactic shock"),
            wrong={
                "panic attack": "hives and shock do not fit",
                "acute asthma exacerbation": "hives and shock do not fit",
                "vasovagal syncope": "hives and swelling do not fit",
            },
        ),
        drug=Fact(
            accepted=("intramuscular epinephrine", "epinephrine"),
            wrong={
                "oral diphenhydramine alone": "it does not treat shock or airway swelling",
                "propranolol": "it blocks the rescue",
                "oral prednisone alone": "it acts after hours",
                "metoprolol": "it blocks the rescue",
            },
            unclear=(
                "nebulized albuterol and prednisone",
                "nebulized albuterol and methylprednisolone",
            ),
        ),
        management=Fact(
            accepted=("observation for biphasic reaction", "prescription of an epinephrine autoinjector"),
            wrong={
                "immediate discharge without observation": "the reaction may return",
                "repeat exposure to the allergen": "it may kill",
                "allergy skin testing today": "it is unsafe and unreliable now",
            },
            unclear=(
                "serial peak flow measurement",
                "reassessment of peak flow after treatment",
            ),
        ),
    ),
    Condition(
        name="severe preeclampsia",
        setting=Setting.EMERGENCY,
        ages=(19, 38),
        sex=Sex.FEMALE,
        vitals=HYPERTENSIVE,
        complaints=(
            "severe headache and blurred vision for one day",
            "headache and flashing lights since this morning",
        ),
        histories=(
            "She is in her first pregnancy at {37..39} weeks.",
            "She is {37..39} weeks pregnant with one fetus.",
        ),
        examinations=(
            "There is facial edema with brisk reflexes and clonus.",
            "Reflexes are hyperactive, and the uterus is not tender.",
        ),
        studies=(
            "Urine protein is 3+, and the platelet count is {82..96},000/mm3.",
            "Urine protein-to-creatinine ratio is {2..4}, and transaminases are doubled.",
        ),
        diagnosis=Fact(
            accepted=("preeclampsia with severe features", "severe preeclampsia"),
            wrong={
                "migraine headache": "blood pressure, proteinuria and reflexes do not fit",
                "nephrotic syndrome": "hypertension with symptoms at term does not fit",
                "pheochromocytoma": "pregnancy and proteinuria explain the pressure",
            },
        ),
        drug=Fact(
            accepted=("magnesium sulfate", "intravenous magnesium sulfate"),
            wrong={
                "lisinopril": "it harms the fetus",
                "enalapril": "it harms the fetus",
                "warfarin": "it harms the fetus, and there is no clot",
                "oral methotrexate": "it harms the fetus",
            },
            unclear=(
                "intravenous furosemide",
                "intravenous bumetanide",
                "intravenous calcium gluconate",
                "intravenous calcium chloride",
                "diltiazem",
                "intravenous diltiazem",
            ),
        ),
        treatment=Fact(
            accepted=("prompt delivery", "induction of labor"),
            wrong={
                "cervical cerclage": "the pregnancy is at term and must end",
                "expectant management": "the pregnancy is at term and must end",
                "bed rest at home": "she may have seizures",
            },
        ),
        management=Fact(
            accepted=("admission to the labor unit", "continuous fetal monitoring"),
            wrong={
                "discharge with outpatient follow-up": "she may have seizures",
                "blood pressure recheck next week": "she may have seizures",
                "exercise stress testing": "it is unsafe",
            },
            unclear=(
                "CT angiography of the head",
                "cerebral angiography",
                "immediate gynecologic surgery consultation",
            ),
        ),
    ),
    Condition(
        name="ruptured ectopic pregnancy",
        setting=Setting.EMERGENCY,
        ages=(22, 37),
        sex=Sex.FEMALE,
        vitals=SHOCK,
        complaints=("sudden lower abdominal pain and fainting", "severe left pelvic pain with vaginal spotting"),
        histories=("Her last menses were {6..8} weeks ago.", "Her period is {3..4} weeks late."),
        examinations=(
            "The abdomen is rigid with left adnexal tenderness.",
            "There is guarding, and the left adnexa is exquisitely tender.",
        ),
        studies=(
            "Pregnancy test is positive, and ultrasonography shows an empty uterus with free pelvic fluid.",
            "Beta-hCG is {3900..6200} mIU/mL, and ultrasonography shows an adnexal mass with free fluid.",
        ),
        diagnosis=Fact(
            accepted=("ruptured ectopic pregnancy", "ruptured tubal pregnancy"),
            wrong={
                "acute appendicitis": "pregnancy with an empty uterus or adnexal mass explains it",
                "acute cholecystitis": "the pelvis is the source",
                "nephrolithiasis": "a pregnancy outside the uterus explains it",
            },
        ),
        treatment=Fact(
            accepted=("emergent laparoscopic salpingectomy", "emergent laparoscopy", "emergent surgical exploration"),
            wrong={
                "uterine dilation and curettage": "the pregnancy is not in the uterus",
                "cervical cerclage": "the pregnancy is not in the uterus",
                "expectant management": "she is bleeding inside",
            },
        ),
        management=Fact(
            accepted=("immediate gynecologic surgery consultation", "crossmatching of blood"),
            wrong={
                "discharge with outpatient follow-up": "she is bleeding inside",
                "repeat beta-hCG in two days": "she is bleeding inside",
                "outpatient methotrexate": "it is contraindicated after rupture",
            },
        ),
    ),
)
