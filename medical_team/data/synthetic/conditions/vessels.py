"""Facts: clots, inflamed vessels and valves, and the eye."""

from __future__ import annotations

from medical_team.data.synthetic.facts import CHILD_FEBRILE, SEPTIC, STABLE, TACHYCARDIC, Condition, Fact, Setting, Sex

VESSELS = (
    Condition(
        name="giant cell arteritis",
        setting=Setting.CLINIC,
        ages=(68, 84),
        sex=Sex.FEMALE,
        vitals=STABLE,
        complaints=(
            "{2..3} weeks of headache, jaw pain with chewing, and blurred vision",
            "a new temporal headache, scalp pain, and brief visual loss",
        ),
        histories=(
            "She has had shoulder stiffness for months.",
            "She reports fatigue and stiff shoulders each morning.",
        ),
        examinations=(
            "The temporal artery is thickened, tender, and pulseless.",
            "There is a tender nodular temporal artery, and the eye is not red.",
        ),
        studies=(
            "Erythrocyte sedimentation rate is {86..112} mm/h.",
            "The sedimentation rate is {86..112} mm/h, and hemoglobin is slightly low.",
        ),
        diagnosis=Fact(
            accepted=("giant cell arteritis", "temporal arteritis"),
            wrong={
                "migraine headache": "age, jaw claudication and sedimentation rate do not fit",
                "trigeminal neuralgia": "the artery is inflamed",
                "acute angle-closure glaucoma": "the eye is not red and the artery is inflamed",
            },
        ),
        drug=Fact(
            accepted=("high-dose prednisone", "high-dose oral prednisone", "intravenous methylprednisolone"),
            wrong={
                "sumatriptan": "it constricts arteries and does not treat the inflammation",
                "carbamazepine": "it does not treat the inflammation",
                "ibuprofen": "it does not protect the eye",
                "oral acyclovir": "it acts on herpesviruses",
            },
            unclear=(
                "aspirin and ticagrelor",
                "aspirin and clopidogrel",
                "aspirin and prasugrel",
                "azathioprine",
                "aspirin",
                "oral methotrexate",
            ),
        ),
        management=Fact(
            accepted=("temporal artery biopsy", "temporal artery ultrasonography"),
            wrong={
                "delay of corticosteroids until biopsy": "the eye may be lost meanwhile",
                "carotid endarterectomy": "the carotid artery is not the problem",
                "lumbar puncture": "it does not show the artery",
            },
            unclear=(
                "emergent ophthalmology consultation",
                "immediate ophthalmology referral",
                "CT angiography of the head",
                "cerebral angiography",
            ),
        ),
    ),
    Condition(
        name="acute angle-closure glaucoma",
        setting=Setting.EMERGENCY,
        ages=(58, 76),
        sex=Sex.FEMALE,
        vitals=STABLE,
        complaints=("sudden eye pain, halos around lights, and nausea", "acute pain and blurred vision in one eye"),
        histories=("Symptoms began in a dark movie theater.", "She is farsighted and has had no eye surgery."),
        examinations=(
            "The eye is red and hard with a fixed mid-dilated pupil.",
            "There is a hazy cornea with a mid-dilated unreactive pupil.",
        ),
        studies=(
            "Intraocular pressure is {48..62} mm Hg.",
            "Tonometry shows a pressure of {48..62} mm Hg in the affected eye.",
        ),
        diagnosis=Fact(
            accepted=("acute angle-closure glaucoma", "primary angle-closure glaucoma"),
            wrong={
                "viral conjunctivitis": "the pressure is high and the pupil fixed",
                "migraine headache": "the eye pressure is high",
                "giant cell arteritis": "the eye is red and its pressure high",
            },
        ),
        drug=Fact(
            accepted=("acetazolamide and topical timolol", "intravenous acetazolamide", "topical timolol"),
            wrong={
                "topical atropine": "it dilates the pupil further",
                "topical phenylephrine": "it dilates the pupil further",
                "topical tropicamide": "it dilates the pupil further",
                "sumatriptan": "it does not lower the pressure",
            },
            unclear=("intravenous mannitol",),
        ),
        treatment=Fact(
            accepted=("laser peripheral iridotomy", "peripheral iridotomy"),
            wrong={
                "panretinal laser photocoagulation": "the retina is not the problem",
                "scleral buckling surgery": "the retina is not detached",
                "warm compresses and reassurance": "the nerve dies within hours",
            },
        ),
        management=Fact(
            accepted=("emergent ophthalmology consultation", "immediate ophthalmology referral"),
            wrong={
                "pupil dilation for fundoscopy": "it closes the angle further",
                "ophthalmology referral in two weeks": "the nerve dies within hours",
                "temporal artery biopsy": "the artery is not the problem",
            },
        ),
    ),
    Condition(
        name="Kawasaki disease",
        setting=Setting.EMERGENCY,
        ages=(2, 4),
        sex=Sex.ANY,
        vitals=CHILD_FEBRILE,
        complaints=("{6..7} days of high fever and irritability", "persistent fever and rash for {6..7} days"),
        histories=("{His} immunizations are up to date.", "{He} attends day care and was healthy before."),
        examinations=(
            "There is conjunctivitis without discharge, cracked lips, a strawberry tongue, and swollen hands.",
            "Red eyes without pus, a polymorphous rash, edematous feet, red lips, and a cervical node are noted.",
        ),
        studies=(
            "The platelet count is {520..690},000/mm3, and throat culture is negative.",
            "C-reactive protein is {11..16} mg/dL, and streptococcal and measles testing are negative.",
        ),
        diagnosis=Fact(
            accepted=("Kawasaki disease", "mucocutaneous lymph node syndrome"),
            wrong={
                "measles": "the child is immunized and has swollen extremities and cracked lips",
                "streptococcal pharyngitis": "no streptococci were found, and eyes and hands are affected",
                "infectious mononucleosis": "eyes, lips and hands do not fit",
            },
        ),
        drug=Fact(
            accepted=("intravenous immunoglobulin and aspirin", "aspirin and intravenous immunoglobulin"),
            wrong={
                "amoxicillin": "there is no bacterial infection",
                "intravenous acyclovir": "it acts on herpesviruses",
                "acetaminophen alone": "it does not protect the coronary arteries",
                "oral cephalexin": "there is no bacterial infection",
            },
            unclear=(
                "intravenous furosemide",
                "intravenous bumetanide",
                "aspirin and ticagrelor",
                "aspirin and clopidogrel",
                "aspirin and prasugrel",
                "intravenous immunoglobulin",
                "high-dose intravenous immunoglobulin",
            ),
        ),
        management=Fact(
            accepted=("echocardiography", "transthoracic echocardiography"),
            wrong={
                "exercise stress testing": "a toddler with fever cannot exercise",
                "discharge without cardiac evaluation": "coronary aneurysms may form",
                "elective tonsillectomy": "the tonsils are not the problem",
            },
            unclear=("emergent coronary angiography",),
        ),
    ),
    Condition(
        name="pulmonary embolism",
        setting=Setting.EMERGENCY,
        ages=(33, 64),
        sex=Sex.ANY,
        vitals=TACHYCARDIC,
        complaints=("sudden dyspnea and pleuritic chest pain", "acute shortness of breath and sharp chest pain"),
        histories=(
            "{He} had a hip replacement {2..3} weeks ago.",
            "{He} arrived yesterday from a {13..16}-hour flight.",
        ),
        examinations=(
            "The lungs are clear, and the right calf is swollen and tender.",
            "Breath sounds are normal, and one calf is warm and swollen.",
        ),
        studies=(
            "CT angiography shows a filling defect in a segmental artery, and the right ventricle is normal.",
            "CT angiography shows intraluminal filling defects without right ventricular strain.",
        ),
        diagnosis=Fact(
            accepted=("pulmonary embolism", "acute pulmonary embolism"),
            wrong={
                "lobar pneumonia": "the lungs are clear and an artery is blocked",
                "acute pericarditis": "an artery of the lung is blocked",
                "panic attack": "an artery of the lung is blocked",
            },
            unclear=("deep vein thrombosis",),
        ),
        drug=Fact(
            accepted=("apixaban", "rivaroxaban", "enoxaparin", "low-molecular-weight heparin"),
            wrong={
                "aspirin": "it does not treat an embolism",
                "intravenous alteplase": "a stable patient only gets its bleeding risk",
                "clopidogrel": "it does not treat an embolism",
                "levofloxacin": "there is no infection",
            },
            unclear=(
                "intravenous furosemide",
                "intravenous bumetanide",
                "warfarin",
                "alteplase",
                "intravenous tenecteplase",
            ),
        ),
    ),
    Condition(
        name="infective endocarditis",
        setting=Setting.EMERGENCY,
        ages=(22, 45),
        sex=Sex.ANY,
        vitals=SEPTIC,
        complaints=(
            "{4..6} days of fever, chills, and night sweats",
            "high fever and malaise for {4..6} days",
        ),
        histories=("{He} injects heroin several times a week.", "{He} uses intravenous drugs daily."),
        examinations=(
            "A holosystolic murmur is heard at the left sternal border, and track marks are seen.",
            "There is a new murmur louder with inspiration, and splinter hemorrhages are present.",
        ),
        studies=(
            "All blood cultures grow coagulase-positive gram-positive cocci in clusters.",
            "Three of three blood cultures grow catalase-positive and coagulase-positive cocci.",
        ),
        diagnosis=Fact(
            accepted=("infective endocarditis", "acute bacterial endocarditis"),
            wrong={
                "acute rheumatic fever": "all blood cultures are positive",
                "acute pericarditis": "a new murmur and positive cultures do not fit",
                "falciparum malaria": "bacteria grew from the blood",
            },
            unclear=("pulmonary embolism", "acute decompensated heart failure", "cellulitis", "bacterial meningitis"),
        ),
        organism=Fact(
            accepted=("Staphylococcus aureus",),
            wrong={
                "Staphylococcus epidermidis": "it is coagulase-negative",
                "Streptococcus pyogenes": "it is catalase-negative and forms chains",
                "Enterococcus faecalis": "it is catalase-negative",
                "Candida albicans": "it is a yeast",
            },
        ),
        drug=Fact(
            accepted=("intravenous vancomycin", "intravenous daptomycin"),
            wrong={
                "oral amoxicillin": "the organism makes penicillinase and an oral drug is too weak",
                "azithromycin": "it only halts growth and does not cure endocarditis",
                "oral vancomycin": "it is not absorbed from the gut",
                "intravenous fluconazole": "it acts on fungi",
            },
            unclear=(
                "intravenous furosemide",
                "intravenous bumetanide",
            ),
        ),
        management=Fact(
            accepted=("echocardiography", "transesophageal echocardiography"),
            wrong={
                "exercise stress testing": "it does not show valves and is unsafe here",
                "discharge with oral antibiotics": "the blood infection needs hospital treatment",
                "pulmonary function testing": "it does not show the valves",
            },
        ),
    ),
)
