"""Facts: throat, airways and pleura."""

from __future__ import annotations

from medical_team.data.synthetic.facts import (
    CHILD_FEBRILE,
    CHILD_STABLE,
    FEBRILE,
    SHOCK,
    TACHYCARDIC,
    Condition,
    Fact,
    Setting,
    Sex,
)

AIRWAYS = (
    Condition(
        name="influenza",
        setting=Setting.CLINIC,
        ages=(66, 82),
        sex=Sex.ANY,
        vitals=FEBRILE,
        complaints=(
            "abrupt fever, myalgia, and headache since yesterday",
            "sudden chills, dry cough, and muscle aches for one day",
        ),
        histories=("{He} has type 2 diabetes and missed this season's vaccination.", "{His} spouse was ill last week."),
        examinations=(
            "The pharynx is red without exudate, and the lungs are clear.",
            "{He} appears tired, and breath sounds are clear on both sides.",
        ),
        studies=(
            "Nasopharyngeal testing detects an orthomyxovirus.",
            "A nasal swab is positive for viral hemagglutinin type H3.",
        ),
        diagnosis=Fact(
            accepted=("influenza", "seasonal influenza"),
            wrong={
                "infectious mononucleosis": "an orthomyxovirus was found",
                "streptococcal pharyngitis": "there is no exudate and an orthomyxovirus was found",
                "lobar pneumonia": "the lungs are clear",
            },
        ),
        organism=Fact(
            accepted=("influenza A virus",),
            wrong={
                "respiratory syncytial virus": "it is a pneumovirus",
                "Epstein-Barr virus": "it is a herpesvirus",
                "Streptococcus pyogenes": "a virus was found",
                "parainfluenza virus": "it is a paramyxovirus",
            },
        ),
        drug=Fact(
            accepted=("oseltamivir", "baloxavir marboxil", "zanamivir"),
            wrong={
                "amoxicillin": "antibiotics do not act on viruses",
                "azithromycin": "antibiotics do not act on viruses",
                "oral acyclovir": "it acts on herpesviruses",
                "fluconazole": "it acts on fungi",
            },
            unclear=(
                "nebulized albuterol and prednisone",
                "nebulized albuterol and methylprednisolone",
                "nitazoxanide",
            ),
        ),
    ),
    Condition(
        name="streptococcal pharyngitis",
        setting=Setting.CLINIC,
        ages=(6, 13),
        sex=Sex.ANY,
        vitals=CHILD_FEBRILE,
        complaints=(
            "a 2-day history of sore throat, fever, and headache",
            "painful swallowing and fever without cough for 2 days",
        ),
        histories=("A classmate had the same illness last week.", "{His} immunizations are up to date."),
        examinations=(
            "There are tonsillar exudates and tender anterior cervical lymph nodes.",
            "Palatal petechiae and swollen tonsils with exudate are seen.",
        ),
        studies=(
            "Rapid antigen testing for beta-hemolytic streptococci is positive.",
            "Throat culture grows bacitracin-sensitive beta-hemolytic gram-positive cocci in chains.",
        ),
        diagnosis=Fact(
            accepted=("streptococcal pharyngitis", "strep throat"),
            wrong={
                "infectious mononucleosis": "streptococci were found and the posterior nodes are free",
                "diphtheria": "streptococci were found in an immunized child",
                "influenza": "exudate without cough and streptococci do not fit",
            },
            unclear=("scarlet fever", "acute rheumatic fever"),
        ),
        organism=Fact(
            accepted=("Streptococcus pyogenes", "group A Streptococcus"),
            wrong={
                "Epstein-Barr virus": "a bacterium was found",
                "Corynebacterium diphtheriae": "it is a gram-positive rod",
                "Haemophilus influenzae": "it is a gram-negative rod",
                "Neisseria gonorrhoeae": "it is a gram-negative diplococcus",
            },
        ),
        drug=Fact(
            accepted=("amoxicillin", "penicillin V", "benzathine penicillin G"),
            wrong={
                "trimethoprim-sulfamethoxazole": "it does not eradicate group A streptococci",
                "oseltamivir": "it acts only on influenza viruses",
                "ciprofloxacin": "it covers streptococci poorly",
                "metronidazole": "it has no activity against streptococci",
            },
        ),
    ),
    Condition(
        name="pertussis",
        setting=Setting.CLINIC,
        ages=(5, 11),
        sex=Sex.ANY,
        vitals=CHILD_STABLE,
        complaints=(
            "a {2..3}-week history of coughing fits followed by vomiting",
            "paroxysms of cough ending in a loud inspiratory whoop",
        ),
        histories=("{His} parents declined routine vaccinations.", "{He} has not received any immunizations."),
        examinations=(
            "There are conjunctival hemorrhages, and the lungs are clear between fits.",
            "A coughing fit with an inspiratory whoop is observed, and the chest is clear.",
        ),
        studies=(
            "The leukocyte count is {24..38},000/mm3 mostly lymphocytes, and Bordet-Gengou agar shows growth.",
            "Nasopharyngeal swab grows small gram-negative coccobacilli on Regan-Lowe agar.",
        ),
        diagnosis=Fact(
            accepted=("pertussis", "whooping cough"),
            wrong={
                "croup": "the cough whoops and does not bark, and a bacterium was found",
                "influenza": "weeks of paroxysms and the culture do not fit",
                "acute asthma exacerbation": "there is no wheezing and a bacterium was found",
            },
        ),
        organism=Fact(
            accepted=("Bordetella pertussis",),
            wrong={
                "respiratory syncytial virus": "a bacterium was cultured",
                "parainfluenza virus": "a bacterium was cultured",
                "Streptococcus pneumoniae": "it is gram-positive",
                "Mycoplasma pneumoniae": "it does not grow on this agar",
            },
        ),
        drug=Fact(
            accepted=("azithromycin", "clarithromycin", "erythromycin"),
            wrong={
                "amoxicillin": "beta-lactams do not clear the organism",
                "cephalexin": "beta-lactams do not clear the organism",
                "oseltamivir": "it acts only on influenza viruses",
                "nebulized albuterol": "there is no bronchospasm to treat",
            },
            unclear=(
                "nebulized albuterol and prednisone",
                "nebulized albuterol and methylprednisolone",
            ),
        ),
        management=Fact(
            accepted=("antibiotic prophylaxis for household contacts", "postexposure prophylaxis for the household"),
            wrong={
                "prophylaxis only for unvaccinated contacts": "contacts need it whether vaccinated or not",
                "immediate return to school": "the child is contagious until five days of treatment",
                "observation of contacts without prophylaxis": "household contacts need prophylaxis",
            },
            unclear=(
                "airborne isolation",
                "isolation in a negative-pressure room",
            ),
        ),
    ),
    Condition(
        name="acute asthma exacerbation",
        setting=Setting.EMERGENCY,
        ages=(18, 34),
        sex=Sex.ANY,
        vitals=TACHYCARDIC,
        complaints=(
            "{3..5} hours of wheezing and shortness of breath",
            "worsening cough, wheezing, and chest tightness tonight",
        ),
        histories=("{He} has used an inhaler since childhood.", "Symptoms began after cleaning a dusty attic."),
        examinations=(
            "There are diffuse expiratory wheezes and accessory muscle use.",
            "Expiration is prolonged with wheezing on both sides, and the trachea is midline.",
        ),
        studies=(
            "Peak expiratory flow is {38..48}% of {his} personal best, and chest x-ray shows only hyperinflation.",
            "Chest x-ray is clear, and peak flow is {38..48}% of predicted.",
        ),
        diagnosis=Fact(
            accepted=("acute asthma exacerbation", "asthma exacerbation"),
            wrong={
                "tension pneumothorax": "breath sounds are present on both sides and the film shows no air",
                "lobar pneumonia": "the film shows no consolidation",
                "acute decompensated heart failure": "a young patient with a clear film does not fit",
            },
            unclear=("influenza", "seasonal influenza", "anaphylaxis"),
        ),
        drug=Fact(
            accepted=("nebulized albuterol and prednisone", "nebulized albuterol and methylprednisolone"),
            wrong={
                "propranolol": "it narrows the airways",
                "metoprolol": "it narrows the airways",
                "levofloxacin": "there is no bacterial infection",
                "inhaled salmeterol alone": "it acts too slowly and lacks a steroid",
            },
            unclear=(
                "intramuscular epinephrine",
                "magnesium sulfate",
                "intravenous magnesium sulfate",
            ),
        ),
        management=Fact(
            accepted=("serial peak flow measurement", "reassessment of peak flow after treatment"),
            wrong={
                "methacholine challenge testing": "it may close the airways",
                "sedation with lorazepam": "it depresses breathing",
                "exercise stress testing": "it is unsafe during an attack",
            },
            unclear=(
                "serial vital capacity measurement",
                "monitoring of vital capacity",
            ),
        ),
    ),
    Condition(
        name="tension pneumothorax",
        setting=Setting.EMERGENCY,
        ages=(20, 46),
        sex=Sex.MALE,
        vitals=SHOCK,
        complaints=("severe dyspnea after a motorcycle collision", "chest pain and collapse after a stab wound"),
        histories=("He was healthy before the injury.", "He takes no medications."),
        examinations=(
            "Left breath sounds are absent with hyperresonance, and the trachea deviates to the right.",
            "The trachea is shifted, neck veins are distended, and the left chest is hyperresonant and silent.",
        ),
        studies=(
            "Oxygen saturation is {78..85}% despite a nonrebreather mask.",
            "Bedside ultrasound shows no lung sliding on the left and no pericardial effusion.",
        ),
        diagnosis=Fact(
            accepted=("tension pneumothorax", "traumatic tension pneumothorax"),
            wrong={
                "cardiac tamponade": "one side is silent and hyperresonant",
                "pulmonary embolism": "one side is silent after an injury",
                "acute asthma exacerbation": "one side is silent after an injury",
            },
        ),
        treatment=Fact(
            accepted=("needle decompression of the chest", "immediate needle thoracostomy"),
            wrong={
                "urgent pericardiocentesis": "the pericardium is not the problem",
                "noninvasive positive pressure ventilation": "it adds air to the pleura",
                "intravenous thrombolysis": "there is no clot, and he is injured",
            },
        ),
        management=Fact(
            accepted=("decompression before any imaging", "chest tube placement after decompression"),
            wrong={
                "chest CT before any intervention": "he may die in the scanner",
                "observation with repeat imaging": "he may die meanwhile",
                "pulmonary function testing": "it delays the rescue",
            },
        ),
    ),
)
