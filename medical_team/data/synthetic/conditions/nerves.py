"""Facts: brain and nerves."""

from __future__ import annotations

from medical_team.data.synthetic.facts import HYPERTENSIVE, STABLE, Condition, Fact, Setting, Sex

NERVES = (
    Condition(
        name="acute ischemic stroke",
        setting=Setting.EMERGENCY,
        ages=(58, 78),
        sex=Sex.ANY,
        vitals=STABLE,
        complaints=(
            "sudden right arm weakness and slurred speech {60..100} minutes ago",
            "right-sided weakness and aphasia that began {60..100} minutes ago",
        ),
        histories=("{He} has hypertension and takes no blood thinners.", "{He} has had no operations or bleeding."),
        examinations=(
            "There is right facial droop, and the right arm drifts.",
            "The right arm is weak, and speech is nonfluent.",
        ),
        studies=(
            "CT of the head shows no hemorrhage, and glucose is {96..126} mg/dL.",
            "Noncontrast head CT shows no bleeding, and the platelet count is normal.",
        ),
        diagnosis=Fact(
            accepted=("acute ischemic stroke", "ischemic stroke", "acute cerebral infarction"),
            wrong={
                "subarachnoid hemorrhage": "CT shows no blood and there is no headache",
                "intracerebral hemorrhage": "CT shows no blood",
                "Bell palsy": "arm and speech are affected",
            },
            unclear=("atrial fibrillation",),
        ),
        drug=Fact(
            accepted=("intravenous alteplase", "intravenous tenecteplase", "alteplase"),
            wrong={
                "intravenous heparin": "it does not reopen the artery and raises the bleeding risk",
                "warfarin": "it acts after days",
                "oral nimodipine": "it is for subarachnoid hemorrhage",
                "sumatriptan": "it constricts arteries of the brain",
            },
            unclear=(
                "aspirin and ticagrelor",
                "aspirin and clopidogrel",
                "aspirin and prasugrel",
            ),
        ),
        management=Fact(
            accepted=("admission to the stroke unit", "monitoring in the stroke unit"),
            wrong={
                "discharge with outpatient follow-up": "the stroke is hours old",
                "lumbar puncture": "it rules out thrombolysis and adds nothing",
                "temporal artery biopsy": "nothing suggests arteritis",
            },
            unclear=(
                "CT angiography of the head",
                "cerebral angiography",
            ),
        ),
    ),
    Condition(
        name="subarachnoid hemorrhage",
        setting=Setting.EMERGENCY,
        ages=(42, 63),
        sex=Sex.ANY,
        vitals=HYPERTENSIVE,
        complaints=(
            "a sudden worst headache of {his} life {2..4} hours ago",
            "an explosive headache and vomiting that began {2..4} hours ago",
        ),
        histories=("{His} mother died of a ruptured aneurysm.", "{He} has smoked for {18..30} years."),
        examinations=(
            "The neck is stiff, and strength is normal.",
            "{He} is drowsy with nuchal rigidity and no focal deficit.",
        ),
        studies=(
            "CT of the head shows blood in the basal cisterns.",
            "Noncontrast CT shows hyperdense blood in the sylvian fissures and cisterns.",
        ),
        diagnosis=Fact(
            accepted=("subarachnoid hemorrhage", "aneurysmal subarachnoid hemorrhage"),
            wrong={
                "bacterial meningitis": "CT shows blood and there is no fever",
                "migraine headache": "CT shows blood",
                "acute ischemic stroke": "CT shows blood and there is no deficit",
            },
        ),
        drug=Fact(
            accepted=("oral nimodipine", "nimodipine"),
            wrong={
                "intravenous alteplase": "it makes the bleeding worse",
                "aspirin and clopidogrel": "both make the bleeding worse",
                "intravenous heparin": "it makes the bleeding worse",
                "sumatriptan": "it constricts arteries of the brain",
            },
            unclear=(
                "magnesium sulfate",
                "intravenous magnesium sulfate",
                "diltiazem",
                "intravenous diltiazem",
            ),
        ),
        treatment=Fact(
            accepted=("endovascular coiling", "endovascular coil embolization", "surgical clipping"),
            wrong={
                "intravenous thrombolysis": "it makes the bleeding worse",
                "carotid endarterectomy": "the carotid artery is not the problem",
                "therapeutic anticoagulation": "it makes the bleeding worse",
            },
            unclear=(
                "serial therapeutic lumbar punctures",
                "repeated therapeutic lumbar punctures",
            ),
        ),
        management=Fact(
            accepted=("CT angiography of the head", "cerebral angiography"),
            wrong={
                "discharge with pain relief": "the aneurysm may bleed again",
                "temporal artery biopsy": "nothing suggests arteritis",
                "exercise stress testing": "exertion may make it bleed again",
            },
            unclear=(
                "admission to the stroke unit",
                "monitoring in the stroke unit",
            ),
        ),
    ),
    Condition(
        name="Guillain-Barre syndrome",
        setting=Setting.EMERGENCY,
        ages=(24, 58),
        sex=Sex.ANY,
        vitals=STABLE,
        complaints=(
            "{4..6} days of weakness that began in the feet",
            "tingling feet and ascending leg weakness for {4..6} days",
        ),
        histories=("{He} had a diarrheal illness {2..3} weeks ago.", "{He} recovered from gastroenteritis last month."),
        examinations=(
            "Leg strength is reduced, and deep tendon reflexes are absent.",
            "There is symmetric weakness with areflexia and no sensory level.",
        ),
        studies=(
            "Spinal fluid protein is {92..140} mg/dL with {1..4} cells/mm3.",
            "Spinal fluid shows high protein with a normal cell count.",
        ),
        diagnosis=Fact(
            accepted=("Guillain-Barre syndrome", "acute inflammatory demyelinating polyneuropathy"),
            wrong={
                "myasthenia gravis": "reflexes are lost and the weakness ascends",
                "multiple sclerosis": "reflexes are lost",
                "acute ischemic stroke": "the weakness is symmetric with lost reflexes",
            },
        ),
        treatment=Fact(
            accepted=("plasma exchange", "intravenous immunoglobulin", "plasmapheresis"),
            wrong={
                "high-dose corticosteroids": "they do not help in this disease",
                "surgical thymectomy": "it is for myasthenia",
                "intravenous thrombolysis": "there is no stroke",
            },
        ),
        drug=Fact(
            accepted=("intravenous immunoglobulin", "high-dose intravenous immunoglobulin"),
            wrong={
                "oral prednisone": "corticosteroids do not help in this disease",
                "pyridostigmine": "the neuromuscular junction is not the problem",
                "intravenous alteplase": "there is no stroke",
                "intravenous methylprednisolone": "corticosteroids do not help in this disease",
            },
        ),
        management=Fact(
            accepted=("serial vital capacity measurement", "monitoring of vital capacity"),
            wrong={
                "discharge with outpatient follow-up": "breathing may fail within hours",
                "temporal artery biopsy": "nothing suggests arteritis",
                "vital capacity measurement next month": "breathing may fail within hours",
            },
        ),
    ),
    Condition(
        name="Wernicke encephalopathy",
        setting=Setting.EMERGENCY,
        ages=(43, 65),
        sex=Sex.MALE,
        vitals=STABLE,
        complaints=("confusion and unsteady gait for {2..3} days", "{2..3} days of double vision and disorientation"),
        histories=("He drinks heavily and eats little.", "He has long-standing alcohol use and poor nutrition."),
        examinations=(
            "There is horizontal nystagmus, ataxia, and bilateral lateral gaze palsy, without tremor or asterixis.",
            "He is apathetic with ophthalmoplegia and a wide-based gait, without tremor or asterixis.",
        ),
        studies=(
            "CT of the head is normal, and ammonia is normal.",
            "MRI shows symmetric signal change in the mammillary bodies, and ammonia is normal.",
        ),
        diagnosis=Fact(
            accepted=("Wernicke encephalopathy", "acute thiamine deficiency"),
            wrong={
                "hepatic encephalopathy": "ammonia is normal and the eyes are affected",
                "multiple sclerosis": "malnutrition with confusion, eye signs and ataxia does not fit",
                "normal pressure hydrocephalus": "the eyes are affected and imaging does not fit",
            },
            unclear=("alcohol withdrawal",),
        ),
        drug=Fact(
            accepted=("intravenous thiamine", "high-dose intravenous thiamine"),
            wrong={
                "intravenous glucose without thiamine": "it uses up the last thiamine",
                "intravenous flumazenil": "no benzodiazepine is involved",
                "lactulose": "the liver is not the problem",
                "haloperidol": "it does not replace thiamine",
            },
            unclear=(
                "magnesium sulfate",
                "intravenous magnesium sulfate",
            ),
        ),
    ),
)
