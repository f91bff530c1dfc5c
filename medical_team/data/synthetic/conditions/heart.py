"""Facts: the heart."""

from __future__ import annotations

from medical_team.data.synthetic.facts import SHOCK, STABLE, TACHYCARDIC, Condition, Fact, Setting, Sex, Vitals

HEART = (
    Condition(
        name="ST-elevation myocardial infarction",
        setting=Setting.EMERGENCY,
        ages=(52, 74),
        sex=Sex.ANY,
        vitals=STABLE,
        complaints=(
            "{40..80} minutes of crushing chest pain radiating to the left arm",
            "sudden substernal pressure and sweating for {40..80} minutes",
        ),
        histories=("{He} has hyperlipidemia and smokes daily.", "{He} has a {20..35}-pack-year smoking history."),
        examinations=(
            "{He} is diaphoretic, and the lungs are clear.",
            "Pulses are equal in both arms, and there is no rub.",
        ),
        studies=(
            "ECG shows ST-segment elevation in leads V1 to V4 with reciprocal changes, and troponin is raised.",
            "ECG shows new anterior ST-segment elevation with Q waves, and troponin is elevated.",
        ),
        diagnosis=Fact(
            accepted=(
                "ST-elevation myocardial infarction",
                "acute myocardial infarction",
                "anterior myocardial infarction",
            ),
            wrong={
                "acute pericarditis": "the elevation is regional with reciprocal changes or Q waves",
                "panic attack": "the ECG and troponin show infarction",
                "costochondritis": "the ECG and troponin show infarction",
            },
            unclear=("acute decompensated heart failure", "atrial fibrillation"),
        ),
        drug=Fact(
            accepted=("aspirin and ticagrelor", "aspirin and clopidogrel", "aspirin and prasugrel"),
            wrong={
                "ibuprofen and colchicine": "ibuprofen raises the risk of rupture and reinfarction",
                "naproxen": "it raises the risk of rupture and reinfarction",
                "immediate-release nifedipine": "it raises mortality",
                "oral prednisone": "it impairs healing of the infarct",
            },
            unclear=(
                "intravenous furosemide",
                "intravenous bumetanide",
                "magnesium sulfate",
                "intravenous magnesium sulfate",
                "diltiazem",
                "intravenous diltiazem",
                "apixaban",
                "rivaroxaban",
                "warfarin",
                "alteplase",
                "intravenous alteplase",
                "intravenous tenecteplase",
            ),
        ),
        treatment=Fact(
            accepted=("primary percutaneous coronary intervention", "emergent percutaneous coronary intervention"),
            wrong={
                "urgent pericardiocentesis": "there is no effusion",
                "elective coronary intervention next month": "the artery must be opened now",
                "radiofrequency catheter ablation": "there is no arrhythmia to ablate",
            },
            unclear=("intravenous thrombolysis",),
        ),
        management=Fact(
            accepted=("emergent coronary angiography", "immediate transfer to the catheterization laboratory"),
            wrong={
                "exercise stress testing": "it is contraindicated in acute infarction",
                "outpatient cardiology follow-up": "every minute of delay costs muscle",
                "repeat troponin testing before any intervention": "the ECG is diagnostic",
            },
        ),
    ),
    Condition(
        name="acute pericarditis",
        setting=Setting.EMERGENCY,
        ages=(21, 43),
        sex=Sex.MALE,
        vitals=STABLE,
        complaints=(
            "{2..4} days of sharp chest pain that improves on leaning forward",
            "pleuritic chest pain that is worse when lying flat",
        ),
        histories=("He had an upper respiratory infection last week.", "He recovered from a cold ten days ago."),
        examinations=(
            "A scratchy friction rub is heard, and neck veins are flat.",
            "There is a triphasic rub at the left sternal border.",
        ),
        studies=(
            "ECG shows diffuse concave ST-segment elevation with PR depression, and troponin is normal.",
            "ECG shows widespread ST-segment elevation and PR depression, and echocardiography shows no effusion.",
        ),
        diagnosis=Fact(
            accepted=("acute pericarditis", "viral pericarditis"),
            wrong={
                "ST-elevation myocardial infarction": "the elevation is diffuse and the pain positional",
                "pulmonary embolism": "a rub and diffuse ST elevation do not fit",
                "aortic dissection": "a rub and diffuse ST elevation do not fit",
            },
            unclear=("cardiac tamponade", "pericardial tamponade"),
        ),
        drug=Fact(
            accepted=("ibuprofen and colchicine", "aspirin and colchicine", "indomethacin and colchicine"),
            wrong={
                "intravenous alteplase": "it may bleed into the pericardium",
                "intravenous heparin": "it may bleed into the pericardium",
                "nitroglycerin": "the coronary arteries are not the problem",
                "aspirin and ticagrelor": "there is no coronary disease, and it lacks colchicine",
            },
            unclear=("naproxen",),
        ),
        management=Fact(
            accepted=("outpatient follow-up within one week", "exercise restriction until recovery"),
            wrong={
                "exercise stress testing": "exercise is to be avoided",
                "return to competitive sports": "exercise is to be avoided",
                "emergent coronary angiography": "the coronary arteries are not the problem",
            },
        ),
    ),
    Condition(
        name="cardiac tamponade",
        setting=Setting.EMERGENCY,
        ages=(46, 70),
        sex=Sex.ANY,
        vitals=SHOCK,
        complaints=("progressive dyspnea and near-fainting today", "sudden weakness, dyspnea, and lightheadedness"),
        histories=("{He} has metastatic lung cancer.", "{He} is being treated for advanced breast cancer."),
        examinations=(
            "Neck veins are distended, heart sounds are muffled, and lungs are clear.",
            "There is pulsus paradoxus with distended neck veins and equal breath sounds.",
        ),
        studies=(
            "Echocardiography shows a large effusion with diastolic collapse of the right ventricle.",
            "ECG shows electrical alternans, and ultrasound shows a large effusion around the heart.",
        ),
        diagnosis=Fact(
            accepted=("cardiac tamponade", "pericardial tamponade"),
            wrong={
                "tension pneumothorax": "breath sounds are equal and an effusion was seen",
                "pulmonary embolism": "a large effusion was seen",
                "ST-elevation myocardial infarction": "a large effusion was seen",
            },
            unclear=("acute pericarditis", "viral pericarditis"),
        ),
        treatment=Fact(
            accepted=("urgent pericardiocentesis", "emergent pericardiocentesis", "emergent pericardial drainage"),
            wrong={
                "needle decompression of the chest": "air in the pleura is not the problem",
                "intravenous diuretic therapy": "it lowers the filling the heart depends on",
                "primary percutaneous coronary intervention": "the coronary arteries are not the problem",
            },
        ),
        drug=Fact(
            accepted=("intravenous normal saline", "intravenous crystalloid"),
            wrong={
                "intravenous furosemide": "it lowers the filling the heart depends on",
                "nitroglycerin": "it lowers the filling the heart depends on",
                "intravenous heparin": "it may bleed into the pericardium",
                "intravenous alteplase": "it may bleed into the pericardium",
            },
        ),
    ),
    Condition(
        name="atrial fibrillation",
        setting=Setting.EMERGENCY,
        ages=(67, 79),
        sex=Sex.ANY,
        vitals=TACHYCARDIC,
        complaints=("{2..4} days of palpitations and fatigue", "a fluttering heartbeat for {2..4} days"),
        histories=("{He} has hypertension and type 2 diabetes.", "{He} has diabetes and had a stroke years ago."),
        examinations=(
            "The pulse is irregularly irregular, and the lungs are clear.",
            "Heart sounds are irregular without a murmur, and there is no edema.",
        ),
        studies=(
            "ECG shows narrow complexes without P waves, and echocardiography shows a normal ejection fraction.",
            "ECG shows an irregular narrow rhythm without P waves, and thyroid and ventricular function are normal.",
        ),
        diagnosis=Fact(
            accepted=("atrial fibrillation", "atrial fibrillation with rapid ventricular response"),
            wrong={
                "ventricular tachycardia": "the complexes are narrow and irregular",
                "multifocal atrial tachycardia": "there are no P waves",
                "complete heart block": "the pulse is fast and irregular",
            },
            unclear=("Graves disease",),
        ),
        drug=Fact(
            accepted=("metoprolol", "intravenous diltiazem", "diltiazem"),
            wrong={
                "intravenous atropine": "it speeds up the ventricles",
                "intramuscular epinephrine": "it speeds up the ventricles",
                "nebulized albuterol": "it speeds up the heart",
                "levothyroxine": "it drives the arrhythmia",
            },
            unclear=(
                "intravenous furosemide",
                "intravenous bumetanide",
                "magnesium sulfate",
                "intravenous magnesium sulfate",
                "apixaban",
                "rivaroxaban",
                "warfarin",
                "aspirin and ticagrelor",
                "aspirin and clopidogrel",
                "aspirin and prasugrel",
            ),
        ),
        management=Fact(
            accepted=("long-term anticoagulation with apixaban", "long-term oral anticoagulation"),
            wrong={
                "long-term aspirin instead of anticoagulation": "it hardly prevents strokes",
                "observation without anticoagulation": "the stroke risk is high",
                "immediate cardioversion without anticoagulation": "after two days a clot may be thrown",
            },
            unclear=("exercise stress testing",),
        ),
    ),
    Condition(
        name="acute decompensated heart failure",
        setting=Setting.EMERGENCY,
        ages=(61, 80),
        sex=Sex.ANY,
        vitals=Vitals((36.5, 37.0), (98, 110), (142, 158), (84, 94)),
        complaints=(
            "{3..5} days of worsening dyspnea and leg swelling",
            "orthopnea, weight gain, and breathlessness for {3..5} days",
        ),
        histories=(
            "{He} has ischemic cardiomyopathy and stopped {his} diuretic.",
            "{He} has cardiomyopathy and ate salty food all week.",
        ),
        examinations=(
            "There are bibasilar crackles, an S3 gallop, and pitting edema.",
            "Neck veins are distended, and crackles and leg edema are present.",
        ),
        studies=(
            "Ejection fraction is {22..32}%, and natriuretic peptide is {1400..2900} pg/mL.",
            "Chest x-ray shows pulmonary edema, and ejection fraction is {22..32}%.",
        ),
        diagnosis=Fact(
            accepted=("acute decompensated heart failure", "decompensated systolic heart failure"),
            wrong={
                "lobar pneumonia": "edema on both sides and a low ejection fraction do not fit",
                "nephrotic syndrome": "the heart is failing",
                "acute asthma exacerbation": "edema and a gallop do not fit",
            },
            unclear=(
                "ST-elevation myocardial infarction",
                "acute myocardial infarction",
                "anterior myocardial infarction",
                "atrial fibrillation",
                "atrial fibrillation with rapid ventricular response",
            ),
        ),
        drug=Fact(
            accepted=("intravenous furosemide", "intravenous bumetanide"),
            wrong={
                "intravenous diltiazem": "it weakens a failing ventricle",
                "intravenous verapamil": "it weakens a failing ventricle",
                "ibuprofen": "it retains salt and water",
                "pioglitazone": "it retains salt and water",
            },
            unclear=(
                "magnesium sulfate",
                "intravenous magnesium sulfate",
                "diltiazem",
                "apixaban",
                "rivaroxaban",
                "warfarin",
                "aspirin and ticagrelor",
                "aspirin and clopidogrel",
                "aspirin and prasugrel",
                "intravenous acetazolamide",
            ),
        ),
        treatment=Fact(
            accepted=("bilevel positive airway pressure", "noninvasive positive pressure ventilation"),
            wrong={
                "rapid intravenous fluid resuscitation": "the lungs are already flooded",
                "urgent pericardiocentesis": "there is no effusion",
                "needle decompression of the chest": "air in the pleura is not the problem",
            },
        ),
    ),
)
