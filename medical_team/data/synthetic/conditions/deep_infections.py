"""Facts: infections of brain and soft tissue."""

from __future__ import annotations

from medical_team.data.synthetic.facts import FEBRILE, SEPTIC, Condition, Fact, Setting, Sex

DEEP_INFECTIONS = (
    Condition(
        name="meningococcal meningitis",
        setting=Setting.EMERGENCY,
        ages=(18, 24),
        sex=Sex.ANY,
        vitals=SEPTIC,
        complaints=(
            "{10..20} hours of severe headache, fever, and vomiting",
            "rapidly worsening headache, photophobia, and fever since last night",
        ),
        histories=("{He} lives in a college dormitory.", "{He} shares a room with other recruits."),
        examinations=(
            "There is nuchal rigidity and a petechial rash on the trunk.",
            "Neck flexion is painful, and purpura is seen on the legs.",
        ),
        studies=(
            "Cerebrospinal fluid shows neutrophils, low glucose, and gram-negative diplococci.",
            "Spinal fluid contains {1100..2900} neutrophils/mm3, and gram-negative diplococci are seen.",
        ),
        diagnosis=Fact(
            accepted=("bacterial meningitis", "acute bacterial meningitis", "meningococcal meningitis"),
            wrong={
                "viral meningitis": "neutrophils, low glucose and bacteria do not fit",
                "subarachnoid hemorrhage": "fever, bacteria and petechiae do not fit",
                "herpes simplex encephalitis": "neutrophils and bacteria do not fit",
            },
            unclear=("meningococcemia",),
        ),
        organism=Fact(
            accepted=("Neisseria meningitidis", "meningococcus"),
            wrong={
                "Streptococcus pneumoniae": "it is gram-positive",
                "Listeria monocytogenes": "it is a gram-positive rod",
                "Cryptococcus neoformans": "it is a yeast",
                "herpes simplex virus 1": "bacteria were seen",
            },
        ),
        drug=Fact(
            accepted=("ceftriaxone and vancomycin", "vancomycin and ceftriaxone", "ceftriaxone", "cefotaxime"),
            wrong={
                "intravenous acyclovir": "it acts on herpesviruses",
                "intravenous fluconazole": "it acts on fungi",
                "azithromycin": "it does not reach the spinal fluid",
                "oral amoxicillin": "an oral drug does not treat meningitis",
            },
        ),
        management=Fact(
            accepted=("rifampin prophylaxis for close contacts", "ciprofloxacin prophylaxis for close contacts"),
            wrong={
                "amoxicillin prophylaxis for close contacts": "it does not clear carriage",
                "observation of contacts without prophylaxis": "close contacts need prophylaxis",
                "airborne isolation": "the organism travels in droplets",
            },
        ),
    ),
    Condition(
        name="herpes simplex encephalitis",
        setting=Setting.EMERGENCY,
        ages=(34, 68),
        sex=Sex.ANY,
        vitals=FEBRILE,
        complaints=(
            "{2..3} days of fever, confusion, and bizarre behavior",
            "fever, headache, and a first seizure after {2..3} days of confusion",
        ),
        histories=("{He} was previously healthy.", "{His} family reports new olfactory hallucinations."),
        examinations=(
            "The patient is disoriented and aphasic, and the neck is supple.",
            "{He} is somnolent with impaired memory and no rash.",
        ),
        studies=(
            "MRI shows temporal lobe hyperintensity, and spinal fluid shows lymphocytes and erythrocytes.",
            "Spinal fluid contains lymphocytes with normal glucose, and MRI shows temporal lobe edema.",
        ),
        diagnosis=Fact(
            accepted=("herpes simplex encephalitis", "HSV encephalitis"),
            wrong={
                "bacterial meningitis": "lymphocytes with normal glucose and a temporal lesion do not fit",
                "subarachnoid hemorrhage": "fever and a temporal lesion do not fit",
                "Wernicke encephalopathy": "fever and a temporal lesion do not fit",
            },
        ),
        organism=Fact(
            accepted=("herpes simplex virus 1", "herpes simplex virus type 1", "HSV-1"),
            wrong={
                "Neisseria meningitidis": "it causes neutrophils and low glucose",
                "Cryptococcus neoformans": "it spares the temporal lobes and favors impaired immunity",
                "Toxoplasma gondii": "it causes ring-enhancing lesions",
                "Plasmodium falciparum": "it does not inflame the spinal fluid",
            },
            unclear=("herpes simplex virus 2", "Epstein-Barr virus", "cytomegalovirus", "Treponema pallidum"),
        ),
        drug=Fact(
            accepted=("intravenous acyclovir", "high-dose intravenous acyclovir"),
            wrong={
                "oseltamivir": "it acts only on influenza viruses",
                "intravenous fluconazole": "it acts on fungi",
                "ceftriaxone monotherapy": "antibiotics do not act on viruses",
                "oral amoxicillin": "antibiotics do not act on viruses",
            },
            unclear=(
                "carbamazepine",
                "ceftriaxone",
                "cefotaxime",
                "ceftriaxone and vancomycin",
                "vancomycin and ceftriaxone",
            ),
        ),
    ),
    Condition(
        name="cryptococcal meningitis",
        setting=Setting.EMERGENCY,
        ages=(28, 52),
        sex=Sex.ANY,
        vitals=FEBRILE,
        complaints=(
            "a {2..3}-week history of worsening headache and blurred vision",
            "{2..3} weeks of headache, malaise, and vomiting",
        ),
        histories=(
            "{He} has untreated HIV infection with a CD4 count of {20..70}/mm3.",
            "{He} stopped antiretroviral therapy two years ago.",
        ),
        examinations=(
            "There is papilledema and mild neck stiffness.",
            "{He} is lethargic, and the optic discs are swollen.",
        ),
        studies=(
            "India ink preparation of spinal fluid shows encapsulated yeast, and opening pressure is {32..40} cm H2O.",
            "Opening pressure is {32..40} cm H2O, and spinal fluid contains yeast with a polysaccharide capsule.",
        ),
        diagnosis=Fact(
            accepted=("cryptococcal meningitis", "cryptococcal meningoencephalitis"),
            wrong={
                "viral meningitis": "yeast was found",
                "bacterial meningitis": "yeast was found",
                "subarachnoid hemorrhage": "weeks of symptoms and yeast do not fit",
            },
        ),
        organism=Fact(
            accepted=("Cryptococcus neoformans",),
            wrong={
                "Toxoplasma gondii": "it is no yeast",
                "Histoplasma capsulatum": "it does not show a capsule in India ink",
                "Candida albicans": "it has no polysaccharide capsule",
                "Neisseria meningitidis": "it is a bacterium",
            },
        ),
        drug=Fact(
            accepted=("amphotericin B and flucytosine", "liposomal amphotericin B and flucytosine"),
            wrong={
                "intravenous caspofungin": "echinocandins do not act on this yeast",
                "ceftriaxone and vancomycin": "antibacterial drugs do not act on yeast",
                "intravenous acyclovir": "it acts on herpesviruses",
                "pyrimethamine and sulfadiazine": "both act on Toxoplasma",
            },
            unclear=(
                "trimethoprim-sulfamethoxazole",
                "high-dose trimethoprim-sulfamethoxazole",
                "azithromycin",
                "oral azithromycin",
                "clarithromycin",
                "amphotericin B",
                "fluconazole",
                "oral fluconazole",
                "intravenous fluconazole",
            ),
        ),
        treatment=Fact(
            accepted=("serial therapeutic lumbar punctures", "repeated therapeutic lumbar punctures"),
            wrong={
                "intravenous mannitol": "it does not lower this kind of pressure",
                "acetazolamide": "it does harm in this disease",
                "high-dose dexamethasone": "it does harm in this disease",
            },
        ),
    ),
    Condition(
        name="necrotizing fasciitis",
        setting=Setting.EMERGENCY,
        ages=(38, 67),
        sex=Sex.ANY,
        vitals=SEPTIC,
        complaints=(
            "rapidly spreading pain and swelling of the leg since yesterday",
            "{18..30} hours of severe leg pain after a small cut",
        ),
        histories=("{He} has type 2 diabetes mellitus.", "{He} scraped {his} shin while gardening."),
        examinations=(
            "Pain is out of proportion to the skin changes, and there is crepitus with violaceous bullae.",
            "The leg is dusky with hemorrhagic bullae, crepitus, and loss of sensation.",
        ),
        studies=(
            "CT shows gas along the fascia, and aspirate grows bacitracin-sensitive gram-positive cocci in chains.",
            "Lactate is {4..6} mmol/L, and tissue near fascial gas grows beta-hemolytic cocci in chains.",
        ),
        diagnosis=Fact(
            accepted=("necrotizing fasciitis", "necrotizing soft tissue infection"),
            wrong={
                "deep vein thrombosis": "bullae, crepitus and gas do not fit",
                "cellulitis": "crepitus, bullae and gas along the fascia do not fit",
                "acute gouty arthritis": "gas along the fascia does not fit",
            },
        ),
        organism=Fact(
            accepted=("Streptococcus pyogenes", "group A Streptococcus"),
            wrong={
                "Staphylococcus aureus": "it forms clusters, not chains",
                "Pseudomonas aeruginosa": "it is a gram-negative rod",
                "Clostridium perfringens": "it is a gram-positive rod",
                "Vibrio vulnificus": "it is a gram-negative rod",
            },
        ),
        drug=Fact(
            accepted=("penicillin G and clindamycin", "vancomycin, piperacillin-tazobactam, and clindamycin"),
            wrong={
                "oral cephalexin": "an oral drug is far too weak here",
                "intravenous fluconazole": "it acts on fungi",
                "oral azithromycin": "an oral drug is far too weak here",
                "metronidazole": "it has no activity against streptococci",
            },
            unclear=(
                "intravenous insulin",
                "intravenous regular insulin",
                "continuous insulin infusion",
                "intravenous immunoglobulin",
                "high-dose intravenous immunoglobulin",
            ),
        ),
        treatment=Fact(
            accepted=(
                "emergent surgical debridement",
                "urgent surgical debridement",
                "emergent fasciotomy and debridement",
            ),
            wrong={
                "leg elevation and compression": "dead tissue must be removed at once",
                "therapeutic anticoagulation": "there is no clot to treat",
                "delayed elective debridement": "dead tissue must be removed at once",
            },
            unclear=("intravenous immunoglobulin",),
        ),
    ),
)
