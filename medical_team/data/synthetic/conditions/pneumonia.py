"""Facts: infections of the lungs."""

from __future__ import annotations

from medical_team.data.synthetic.facts import FEBRILE, STABLE, Condition, Fact, Setting, Sex

PNEUMONIA = (
    Condition(
        name="pneumococcal pneumonia",
        setting=Setting.EMERGENCY,
        ages=(52, 79),
        sex=Sex.ANY,
        vitals=FEBRILE,
        complaints=(
            "a {2..4}-day history of shaking chills and cough with rust-colored sputum",
            "sudden fever, pleuritic chest pain, and productive cough for {2..4} days",
        ),
        histories=("{He} has smoked for {20..35} years.", "{He} has well-controlled hypertension."),
        examinations=(
            "There are bronchial breath sounds and dullness to percussion at the right lung base.",
            "Crackles and increased tactile fremitus are noted over the right lower lobe.",
        ),
        studies=(
            "Chest x-ray shows lobar consolidation, and sputum contains lancet-shaped gram-positive diplococci.",
            "Imaging shows a consolidated lobe, and blood grows optochin-sensitive gram-positive diplococci.",
        ),
        diagnosis=Fact(
            accepted=("lobar pneumonia", "community-acquired pneumonia", "pneumococcal pneumonia"),
            wrong={
                "pulmonary embolism": "a lobar consolidation with bacteria in the sputum is no embolism",
                "acute decompensated heart failure": "fever and a single consolidated lobe do not fit",
                "pulmonary tuberculosis": "onset within days and diplococci do not fit",
            },
            unclear=("influenza", "seasonal influenza"),
        ),
        organism=Fact(
            accepted=("Streptococcus pneumoniae", "pneumococcus"),
            wrong={
                "Klebsiella pneumoniae": "it is a gram-negative rod",
                "Mycoplasma pneumoniae": "it has no cell wall and does not take a Gram stain",
                "Legionella pneumophila": "it does not show on a Gram stain",
                "Staphylococcus aureus": "it forms clusters, not pairs",
            },
        ),
        drug=Fact(
            accepted=("ceftriaxone and azithromycin", "ceftriaxone and doxycycline", "levofloxacin"),
            wrong={
                "oseltamivir": "it acts only on influenza viruses",
                "metronidazole": "it has no activity against pneumococci",
                "intravenous fluconazole": "it acts on fungi",
                "intravenous acyclovir": "it acts on herpesviruses",
            },
        ),
    ),
    Condition(
        name="Legionella pneumonia",
        setting=Setting.EMERGENCY,
        ages=(55, 78),
        sex=Sex.ANY,
        vitals=FEBRILE,
        complaints=(
            "a {3..5}-day history of high fever, dry cough, and watery diarrhea",
            "cough, confusion, and diarrhea {5..8} days after a stay at a spa hotel",
        ),
        histories=(
            "{He} smokes one pack of cigarettes daily.",
            "{He} recently used a hot tub on a cruise ship.",
        ),
        examinations=(
            "Coarse crackles are heard over both lung bases.",
            "Inspiratory crackles are present in the left lower lung field.",
        ),
        studies=(
            "Sputum shows neutrophils without visible organisms, and the urine antigen for serogroup 1 is positive.",
            "Chest x-ray shows patchy infiltrates, and an organism grows only on charcoal yeast extract agar.",
        ),
        diagnosis=Fact(
            accepted=("Legionnaires' disease", "Legionella pneumonia"),
            wrong={
                "pulmonary embolism": "high fever, diarrhea and the culture do not fit",
                "influenza": "a bacterium was detected",
                "viral gastroenteritis": "it does not explain the lungs",
            },
        ),
        organism=Fact(
            accepted=("Legionella pneumophila",),
            wrong={
                "Streptococcus pneumoniae": "it would show as gram-positive diplococci",
                "Haemophilus influenzae": "it grows on chocolate agar and has no such antigen",
                "Klebsiella pneumoniae": "it would show as gram-negative rods and grow on ordinary agar",
                "Mycoplasma pneumoniae": "it does not grow on charcoal yeast agar and has no urine antigen",
            },
        ),
        drug=Fact(
            accepted=("levofloxacin", "azithromycin", "moxifloxacin"),
            wrong={
                "amoxicillin": "beta-lactams do not reach this intracellular organism",
                "ceftriaxone monotherapy": "beta-lactams do not reach this intracellular organism",
                "cephalexin": "beta-lactams do not reach this intracellular organism",
                "oseltamivir": "it acts only on influenza viruses",
            },
        ),
    ),
    Condition(
        name="Mycoplasma pneumonia",
        setting=Setting.CLINIC,
        ages=(18, 29),
        sex=Sex.ANY,
        vitals=STABLE,
        complaints=(
            "a {2..3}-week history of dry cough, headache, and low-grade fever",
            "a persistent hacking cough and malaise for {2..3} weeks",
        ),
        histories=("{He} is a military recruit living in barracks.", "Several classmates in the dormitory are ill."),
        examinations=(
            "The patient looks well, and scattered wheezes are heard in both lungs.",
            "Chest examination shows few crackles despite the severe cough.",
        ),
        studies=(
            "Chest x-ray shows diffuse interstitial infiltrates, and cold agglutinins are positive.",
            "Imaging shows patchy bilateral infiltrates, and an organism without a cell wall is found by PCR.",
        ),
        diagnosis=Fact(
            accepted=("atypical pneumonia", "Mycoplasma pneumonia", "walking pneumonia"),
            wrong={
                "pulmonary tuberculosis": "diffuse infiltrates with cold agglutinins in a well patient do not fit",
                "acute decompensated heart failure": "nothing suggests a failing heart",
                "pulmonary embolism": "the course and the infiltrates do not fit",
            },
            unclear=("acute asthma exacerbation", "Legionnaires' disease"),
        ),
        organism=Fact(
            accepted=("Mycoplasma pneumoniae",),
            wrong={
                "Streptococcus pneumoniae": "it has a cell wall and causes lobar consolidation",
                "Klebsiella pneumoniae": "it has a cell wall and makes patients severely ill",
                "Pneumocystis jirovecii": "it needs an impaired immune system",
                "Mycobacterium tuberculosis": "it does not cause cold agglutinins",
            },
        ),
        drug=Fact(
            accepted=("azithromycin", "doxycycline", "clarithromycin"),
            wrong={
                "amoxicillin": "beta-lactams need a cell wall to act on",
                "cephalexin": "beta-lactams need a cell wall to act on",
                "penicillin V": "beta-lactams need a cell wall to act on",
                "oral acyclovir": "it acts on herpesviruses",
            },
            unclear=(
                "nebulized albuterol and prednisone",
                "nebulized albuterol and methylprednisolone",
            ),
        ),
    ),
    Condition(
        name="pulmonary tuberculosis",
        setting=Setting.CLINIC,
        ages=(26, 58),
        sex=Sex.ANY,
        vitals=STABLE,
        complaints=(
            "a {2..4}-month history of cough, night sweats, and weight loss",
            "{6..10} weeks of low-grade fever and blood-tinged sputum",
        ),
        histories=(
            "{He} lives in a crowded homeless shelter.",
            "{He} recently arrived from a country where the disease is endemic.",
        ),
        examinations=(
            "The patient is thin, and crackles are heard over the right apex.",
            "Examination shows temporal wasting and amphoric breath sounds at the left apex.",
        ),
        studies=(
            "Chest x-ray shows an apical cavity, and nucleic acid testing of acid-fast bacilli is positive.",
            "Imaging shows apical cavitation, and sputum grows niacin-positive acid-fast bacilli.",
        ),
        diagnosis=Fact(
            accepted=("pulmonary tuberculosis", "active pulmonary tuberculosis", "reactivation tuberculosis"),
            wrong={
                "sarcoidosis": "acid-fast bacilli were found",
                "lobar pneumonia": "months of symptoms and acid-fast bacilli do not fit",
                "granulomatosis with polyangiitis": "acid-fast bacilli were found",
            },
        ),
        organism=Fact(
            accepted=("Mycobacterium tuberculosis",),
            wrong={
                "Klebsiella pneumoniae": "it is not acid-fast",
                "Histoplasma capsulatum": "it is a yeast and not acid-fast",
                "Streptococcus pneumoniae": "it is not acid-fast",
                "Aspergillus fumigatus": "it is a mold and not acid-fast",
            },
        ),
        drug=Fact(
            accepted=(
                "isoniazid, rifampin, pyrazinamide, and ethambutol",
                "rifampin, isoniazid, ethambutol, and pyrazinamide",
            ),
            wrong={
                "isoniazid monotherapy": "one drug alone breeds resistance in active disease",
                "amphotericin B and flucytosine": "both act on fungi",
                "ceftriaxone and azithromycin": "neither treats tuberculosis",
            },
        ),
        management=Fact(
            accepted=("airborne isolation", "isolation in a negative-pressure room"),
            wrong={
                "droplet precautions only": "the organism is airborne",
                "contact precautions only": "the organism is airborne",
                "return to the shelter": "the patient is contagious",
            },
            unclear=(
                "rifampin prophylaxis for close contacts",
                "ciprofloxacin prophylaxis for close contacts",
            ),
        ),
    ),
    Condition(
        name="Pneumocystis pneumonia",
        setting=Setting.EMERGENCY,
        ages=(27, 49),
        sex=Sex.ANY,
        vitals=FEBRILE,
        complaints=(
            "a {3..5}-week history of dry cough and exertional dyspnea",
            "slowly worsening shortness of breath and fever for {3..4} weeks",
        ),
        histories=(
            "{He} has untreated HIV infection with a CD4 count of {70..150}/mm3.",
            "{He} has had HIV for years and takes no medication.",
        ),
        examinations=(
            "Breath sounds are nearly normal, and oxygen saturation falls on walking.",
            "Fine crackles are heard, and oxygen saturation drops with exertion.",
        ),
        studies=(
            "Chest x-ray shows diffuse interstitial infiltrates, and silver stain of lavage fluid shows cysts.",
            "Bronchoalveolar lavage contains disc-shaped cysts on silver stain, and arterial PO2 is {76..82} mm Hg.",
        ),
        diagnosis=Fact(
            accepted=("Pneumocystis pneumonia", "Pneumocystis jirovecii pneumonia"),
            wrong={
                "lobar pneumonia": "the infiltrates are diffuse and cysts were found",
                "pulmonary embolism": "cysts were found in the lavage",
                "pulmonary tuberculosis": "cysts and no acid-fast bacilli were found",
            },
        ),
        organism=Fact(
            accepted=("Pneumocystis jirovecii",),
            wrong={
                "Mycobacterium tuberculosis": "it is an acid-fast rod, not a cyst",
                "Streptococcus pneumoniae": "it is a bacterium and forms no cysts",
                "Cryptococcus neoformans": "it is a budding encapsulated yeast",
                "Mycoplasma pneumoniae": "it forms no cysts",
            },
        ),
        drug=Fact(
            accepted=("trimethoprim-sulfamethoxazole", "high-dose trimethoprim-sulfamethoxazole"),
            wrong={
                "fluconazole": "the organism lacks ergosterol",
                "ceftriaxone and azithromycin": "antibacterial drugs do not treat it",
                "amphotericin B": "the organism lacks ergosterol",
                "levofloxacin": "antibacterial drugs do not treat it",
            },
            unclear=(
                "nebulized albuterol and prednisone",
                "nebulized albuterol and methylprednisolone",
                "azithromycin",
                "oral azithromycin",
                "clarithromycin",
                "atovaquone-proguanil",
            ),
        ),
    ),
)
