"""Facts: hormones, salts and joints."""

from __future__ import annotations

from medical_team.data.synthetic.facts import SHOCK, STABLE, TACHYCARDIC, Condition, Fact, Setting, Sex, Vitals

METABOLISM = (
    Condition(
        name="Graves disease",
        setting=Setting.CLINIC,
        ages=(24, 46),
        sex=Sex.FEMALE,
        vitals=TACHYCARDIC,
        complaints=(
            "{2..4} months of weight loss, tremor, and palpitations",
            "heat intolerance, anxiety, and weight loss despite a good appetite",
        ),
        histories=("She is not pregnant and does not plan to be.", "A pregnancy test is negative."),
        examinations=(
            "There is lid lag, a fine tremor, and a diffuse goiter with a bruit.",
            "The thyroid is diffusely enlarged and painless, and reflexes are brisk.",
        ),
        studies=(
            "TSH is undetectable, and thyrotropin receptor antibodies are positive.",
            "TSH is suppressed, and radioiodine uptake is diffusely increased.",
        ),
        diagnosis=Fact(
            accepted=("Graves disease", "diffuse toxic goiter"),
            wrong={
                "subacute thyroiditis": "the gland is painless with antibodies or high uptake",
                "pheochromocytoma": "the thyroid is overactive",
                "panic attack": "the thyroid is overactive",
            },
        ),
        drug=Fact(
            accepted=("methimazole and propranolol", "methimazole", "propranolol and methimazole"),
            wrong={
                "levothyroxine": "it adds to the excess",
                "liothyronine": "it adds to the excess",
                "nebulized albuterol": "it speeds up the heart",
                "intravenous insulin": "glucose is not the problem",
            },
            unclear=(
                "diltiazem",
                "intravenous diltiazem",
            ),
        ),
        treatment=Fact(
            accepted=("radioactive iodine ablation", "total thyroidectomy"),
            wrong={
                "bilateral adrenalectomy": "the adrenal glands are not the problem",
                "laparoscopic cholecystectomy": "the gallbladder is not the problem",
                "subtotal parathyroidectomy": "the parathyroid glands are not the problem",
            },
        ),
    ),
    Condition(
        name="diabetic ketoacidosis",
        setting=Setting.EMERGENCY,
        ages=(17, 28),
        sex=Sex.ANY,
        vitals=TACHYCARDIC,
        complaints=(
            "{2..3} days of vomiting, thirst, and abdominal pain",
            "nausea, excessive urination, and drowsiness for {2..3} days",
        ),
        histories=("{He} has type 1 diabetes and ran out of insulin.", "{He} stopped using {his} insulin pump."),
        examinations=(
            "Breathing is deep, the breath smells fruity, and the abdomen is soft.",
            "Mucous membranes are dry, and respirations are deep and rapid.",
        ),
        studies=(
            "Glucose is {420..560} mg/dL, pH is 7.14, ketones are high, and potassium is 4.6 mEq/L.",
            "Serum glucose is {420..560} mg/dL with ketonemia, bicarbonate of 9 mEq/L, and normal potassium.",
        ),
        diagnosis=Fact(
            accepted=("diabetic ketoacidosis", "severe diabetic ketoacidosis"),
            wrong={
                "hyperosmolar hyperglycemic state": "ketones and acidosis do not fit",
                "acute appendicitis": "ketoacidosis explains the pain",
                "viral gastroenteritis": "glucose and ketones are high",
            },
            unclear=("acute pancreatitis",),
        ),
        drug=Fact(
            accepted=("intravenous insulin", "intravenous regular insulin", "continuous insulin infusion"),
            wrong={
                "oral metformin": "the patient needs insulin, and acidosis forbids it",
                "oral glyburide": "the pancreas makes no insulin",
                "empagliflozin": "it is a cause of ketoacidosis",
                "oral prednisone": "it raises glucose further",
            },
            unclear=(
                "magnesium sulfate",
                "intravenous magnesium sulfate",
            ),
        ),
        treatment=Fact(
            accepted=("intravenous isotonic saline", "isotonic fluid resuscitation"),
            wrong={
                "strict fluid restriction": "the patient lacks liters of fluid",
                "intravenous dextrose without insulin": "it raises glucose further",
                "laparoscopic appendectomy": "the appendix is not the problem",
            },
        ),
        management=Fact(
            accepted=("serial anion gap measurement", "frequent glucose and potassium monitoring"),
            wrong={
                "discharge on oral metformin": "the patient needs insulin in hospital",
                "discharge with outpatient follow-up": "acidosis is life-threatening",
                "glucose monitoring once daily": "values change by the hour",
            },
        ),
    ),
    Condition(
        name="adrenal crisis",
        setting=Setting.EMERGENCY,
        ages=(28, 56),
        sex=Sex.FEMALE,
        vitals=SHOCK,
        complaints=("vomiting, weakness, and fainting today", "severe fatigue, vomiting, and collapse"),
        histories=(
            "She has autoimmune adrenal disease and ran out of her tablets.",
            "She has primary adrenal disease and missed her medication for days.",
        ),
        examinations=(
            "There is darkening of the palmar creases and gums.",
            "The skin is diffusely hyperpigmented, and the abdomen is soft.",
        ),
        studies=(
            "Sodium is {122..128} mEq/L, potassium is 5.{7..9} mEq/L, and glucose is {54..62} mg/dL.",
            "Cortisol is very low, with hyponatremia and hypoglycemia.",
        ),
        diagnosis=Fact(
            accepted=("adrenal crisis", "acute adrenal insufficiency"),
            wrong={
                "pheochromocytoma": "blood pressure and cortisol are low",
                "hypothyroidism": "the adrenal glands have failed",
                "diabetic ketoacidosis": "glucose is low",
            },
            unclear=("hyperkalemia", "severe hyperkalemia", "viral gastroenteritis"),
        ),
        drug=Fact(
            accepted=("intravenous hydrocortisone", "high-dose intravenous hydrocortisone"),
            wrong={
                "levothyroxine": "it uses up the last cortisol",
                "ketoconazole": "it blocks cortisol synthesis",
                "intravenous furosemide": "the patient lacks salt and fluid",
                "intravenous insulin": "glucose is already low",
            },
            unclear=(
                "intravenous calcium gluconate",
                "intravenous calcium chloride",
            ),
        ),
        treatment=Fact(
            accepted=("intravenous isotonic saline", "isotonic fluid resuscitation"),
            wrong={
                "strict fluid restriction": "the patient is in shock from lack of fluid",
                "bilateral adrenalectomy": "the glands have already failed",
                "hypotonic saline infusion": "it lowers sodium further",
            },
        ),
    ),
    Condition(
        name="hyperkalemia",
        setting=Setting.EMERGENCY,
        ages=(48, 72),
        sex=Sex.ANY,
        vitals=Vitals((36.5, 37.0), (44, 54), (132, 148), (78, 88)),
        complaints=("weakness and palpitations since this morning", "progressive muscle weakness for one day"),
        histories=(
            "{He} has end-stage kidney disease and missed two dialysis sessions.",
            "{He} is on dialysis and skipped the last {2..3} sessions.",
        ),
        examinations=(
            "Leg strength is reduced, and an arteriovenous fistula is patent.",
            "Reflexes are weak, and edema is mild.",
        ),
        studies=(
            "Potassium is 7.{2..6} mEq/L, and ECG shows peaked T waves with wide QRS complexes.",
            "ECG shows tall narrow T waves and absent P waves, and potassium is 7.{2..6} mEq/L.",
        ),
        diagnosis=Fact(
            accepted=("hyperkalemia", "severe hyperkalemia"),
            wrong={
                "hypokalemia": "potassium is very high",
                "ST-elevation myocardial infarction": "T waves and potassium tell otherwise",
                "Guillain-Barre syndrome": "potassium explains the weakness",
            },
        ),
        drug=Fact(
            accepted=("intravenous calcium gluconate", "intravenous calcium chloride"),
            wrong={
                "spironolactone": "it raises potassium",
                "lisinopril": "it raises potassium",
                "potassium chloride": "it raises potassium",
                "trimethoprim-sulfamethoxazole": "it raises potassium",
            },
            unclear=(
                "intravenous furosemide",
                "intravenous bumetanide",
                "nebulized albuterol and prednisone",
                "nebulized albuterol and methylprednisolone",
                "intravenous insulin",
                "intravenous regular insulin",
                "continuous insulin infusion",
            ),
        ),
        treatment=Fact(
            accepted=("emergent hemodialysis", "urgent hemodialysis"),
            wrong={
                "strict fluid restriction alone": "it does not remove potassium",
                "elective hemodialysis next week": "the heart may stop today",
                "shock wave lithotripsy": "there is no stone",
            },
        ),
        management=Fact(
            accepted=("continuous cardiac monitoring", "telemetry monitoring"),
            wrong={
                "discharge with outpatient follow-up": "the heart may stop today",
                "potassium recheck next week": "the heart may stop today",
                "high-potassium diet": "potassium is already very high",
            },
        ),
    ),
    Condition(
        name="acute gouty arthritis",
        setting=Setting.CLINIC,
        ages=(44, 63),
        sex=Sex.MALE,
        vitals=STABLE,
        complaints=(
            "severe pain and swelling of the great toe since last night",
            "sudden toe pain that woke him at night",
        ),
        histories=("He ate a steak dinner with several beers.", "He had a similar episode last year."),
        examinations=(
            "The first metatarsophalangeal joint is red, hot, and exquisitely tender.",
            "The base of the great toe is swollen, red, and warm.",
        ),
        studies=(
            "Joint fluid shows needle-shaped negatively birefringent crystals and a negative Gram stain.",
            "Aspirate contains negatively birefringent needles, cultures are sterile, and creatinine is normal.",
        ),
        diagnosis=Fact(
            accepted=("acute gouty arthritis", "acute gout", "gout"),
            wrong={
                "septic arthritis": "crystals and no bacteria were found",
                "pseudogout": "the crystals are needles with negative birefringence",
                "cellulitis": "crystals were found in the joint",
            },
        ),
        drug=Fact(
            accepted=("indomethacin", "naproxen", "colchicine", "oral prednisone"),
            wrong={
                "hydrochlorothiazide": "it raises uric acid",
                "intravenous vancomycin": "there is no infection",
                "oral cephalexin": "there is no infection",
                "oral acyclovir": "it acts on herpesviruses",
            },
            unclear=(
                "ibuprofen and colchicine",
                "aspirin and colchicine",
                "indomethacin and colchicine",
            ),
        ),
    ),
)
