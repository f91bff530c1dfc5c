"""Facts: urinary tract and genitals."""

from __future__ import annotations

from medical_team.data.synthetic.facts import STABLE, Condition, Fact, Setting, Sex

UROGENITAL = (
    Condition(
        name="acute cystitis",
        setting=Setting.CLINIC,
        ages=(19, 38),
        sex=Sex.FEMALE,
        vitals=STABLE,
        complaints=(
            "{2..3} days of dysuria and urinary frequency",
            "burning with urination and urgency for {2..3} days",
        ),
        histories=("She has no allergies and is not pregnant.", "A urine pregnancy test is negative."),
        examinations=(
            "There is suprapubic tenderness without flank tenderness.",
            "The flanks are not tender, and there is no vaginal discharge.",
        ),
        studies=(
            "Urine culture grows indole-positive, lactose-fermenting gram-negative rods.",
            "Urinalysis shows nitrites, and culture grows lactose-fermenting rods with a green metallic sheen.",
        ),
        diagnosis=Fact(
            accepted=("acute uncomplicated cystitis", "acute cystitis", "lower urinary tract infection"),
            wrong={
                "acute pyelonephritis": "there is neither fever nor flank tenderness",
                "bacterial vaginosis": "the urine holds the bacteria",
                "nephrolithiasis": "there is no flank pain and bacteria grew",
            },
        ),
        organism=Fact(
            accepted=("Escherichia coli",),
            wrong={
                "Proteus mirabilis": "it does not ferment lactose",
                "Staphylococcus saprophyticus": "it is gram-positive",
                "Enterococcus faecalis": "it is gram-positive",
                "Candida albicans": "it is a yeast",
            },
        ),
        drug=Fact(
            accepted=("nitrofurantoin", "trimethoprim-sulfamethoxazole", "fosfomycin"),
            wrong={
                "azithromycin": "it does not treat urinary infection",
                "oral vancomycin": "it is not absorbed and does not act on gram-negative rods",
                "metronidazole": "it does not act on aerobic rods",
                "fluconazole": "it acts on fungi",
            },
            unclear=("amoxicillin",),
        ),
        management=Fact(
            accepted=("outpatient oral treatment", "treatment as an outpatient"),
            wrong={
                "cystoscopy": "a first uncomplicated episode needs none",
                "hospital admission for intravenous antibiotics": "the infection is mild",
                "CT of the abdomen": "nothing suggests a stone or an abscess",
            },
            unclear=(
                "partner notification and treatment",
                "simultaneous treatment of sexual partners",
                "evaluation and treatment of sexual partners",
            ),
        ),
    ),
    Condition(
        name="gonococcal urethritis",
        setting=Setting.CLINIC,
        ages=(19, 33),
        sex=Sex.MALE,
        vitals=STABLE,
        complaints=(
            "{2..4} days of dysuria and purulent urethral discharge",
            "thick yellow penile discharge for {2..4} days",
        ),
        histories=(
            "He has several sexual partners and uses condoms rarely.",
            "He had unprotected intercourse with a new partner last week.",
        ),
        examinations=(
            "There is purulent discharge at the meatus and no genital lesions.",
            "Yellow discharge is expressed, and no ulcers are seen.",
        ),
        studies=(
            "Gram stain shows gram-negative diplococci within neutrophils.",
            "Culture on Thayer-Martin agar grows oxidase-positive gram-negative diplococci.",
        ),
        diagnosis=Fact(
            accepted=("gonococcal urethritis", "gonorrhea"),
            wrong={
                "genital herpes": "there are no lesions and diplococci were found",
                "primary syphilis": "there is no ulcer and diplococci were found",
                "nongonococcal urethritis": "diplococci were found",
            },
            unclear=("chlamydial urethritis",),
        ),
        organism=Fact(
            accepted=("Neisseria gonorrhoeae",),
            wrong={
                "Trichomonas vaginalis": "it is a flagellate",
                "Treponema pallidum": "it is a spirochete",
                "Haemophilus ducreyi": "it causes ulcers",
                "Escherichia coli": "it is a rod",
            },
            unclear=("Chlamydia trachomatis", "Mycoplasma genitalium", "Neisseria meningitidis"),
        ),
        drug=Fact(
            accepted=("intramuscular ceftriaxone", "ceftriaxone and doxycycline"),
            wrong={
                "benzathine penicillin G": "the organism is resistant to penicillin",
                "metronidazole": "it does not act on this organism",
                "oral acyclovir": "it acts on herpesviruses",
                "penicillin V": "the organism is resistant to penicillin",
            },
        ),
        management=Fact(
            accepted=("evaluation and treatment of sexual partners", "partner notification and treatment"),
            wrong={
                "reassurance without partner treatment": "untreated partners reinfect the patient",
                "partner treatment only if symptomatic": "infected partners often have no symptoms",
                "CT of the abdomen": "nothing suggests abdominal disease",
            },
        ),
    ),
    Condition(
        name="primary syphilis",
        setting=Setting.CLINIC,
        ages=(21, 44),
        sex=Sex.MALE,
        vitals=STABLE,
        complaints=("a painless penile sore for {7..12} days", "a painless ulcer noticed {7..12} days ago"),
        histories=("He had unprotected intercourse five weeks ago.", "He has had three new partners this year."),
        examinations=(
            "There is a single indurated ulcer with a clean base and firm painless nodes.",
            "A painless ulcer with raised borders and rubbery inguinal nodes is found.",
        ),
        studies=(
            "Dark-field microscopy shows corkscrew-shaped motile spirochetes.",
            "Rapid plasma reagin is reactive, and spirochetes are seen on dark-field microscopy.",
        ),
        diagnosis=Fact(
            accepted=("primary syphilis", "early syphilis"),
            wrong={
                "genital herpes": "the ulcer is single and painless, and spirochetes were seen",
                "chancroid": "the ulcer is painless, and spirochetes were seen",
                "gonorrhea": "there is an ulcer and no discharge",
            },
        ),
        organism=Fact(
            accepted=("Treponema pallidum",),
            wrong={
                "Haemophilus ducreyi": "its ulcers hurt and it is no spirochete",
                "herpes simplex virus 2": "its ulcers hurt and it is no spirochete",
                "Neisseria gonorrhoeae": "it is a diplococcus",
                "Borrelia burgdorferi": "it is carried by ticks",
            },
        ),
        drug=Fact(
            accepted=("benzathine penicillin G", "intramuscular benzathine penicillin G"),
            wrong={
                "oral acyclovir": "it acts on herpesviruses",
                "ciprofloxacin": "it does not act on spirochetes",
                "metronidazole": "it does not treat syphilis",
                "trimethoprim-sulfamethoxazole": "it does not act on spirochetes",
            },
        ),
    ),
    Condition(
        name="trichomoniasis",
        setting=Setting.CLINIC,
        ages=(20, 42),
        sex=Sex.FEMALE,
        vitals=STABLE,
        complaints=(
            "{3..6} days of frothy vaginal discharge and itching",
            "foul-smelling discharge and dysuria for {3..6} days",
        ),
        histories=("She has a new sexual partner.", "She is not pregnant and uses no condoms."),
        examinations=(
            "There is yellow-green discharge, and the cervix has punctate hemorrhages.",
            "Frothy green discharge and a strawberry-like cervix are seen.",
        ),
        studies=(
            "Wet mount shows motile flagellated organisms, and vaginal pH is 5.8.",
            "Microscopy shows pear-shaped organisms with jerky motility.",
        ),
        diagnosis=Fact(
            accepted=("trichomoniasis", "Trichomonas vaginitis"),
            wrong={
                "bacterial vaginosis": "motile flagellates were seen",
                "vulvovaginal candidiasis": "the pH is high and flagellates were seen",
                "acute uncomplicated cystitis": "the discharge and the flagellates do not fit",
            },
        ),
        organism=Fact(
            accepted=("Trichomonas vaginalis",),
            wrong={
                "Gardnerella vaginalis": "it is a bacterium and does not move",
                "Candida albicans": "it is a yeast and does not move",
                "Neisseria gonorrhoeae": "it is a diplococcus",
                "Giardia lamblia": "it lives in the gut",
            },
        ),
        drug=Fact(
            accepted=("oral metronidazole", "metronidazole", "tinidazole"),
            wrong={
                "fluconazole": "it acts on fungi",
                "azithromycin": "it acts on bacteria",
                "topical clotrimazole": "it acts on fungi",
                "oral acyclovir": "it acts on herpesviruses",
            },
        ),
        management=Fact(
            accepted=("simultaneous treatment of sexual partners", "partner notification and treatment"),
            wrong={
                "reassurance without partner treatment": "untreated partners reinfect the patient",
                "partner treatment only if symptomatic": "infected men often have no symptoms",
                "cystoscopy": "the bladder is not the problem",
            },
        ),
    ),
    Condition(
        name="testicular torsion",
        setting=Setting.EMERGENCY,
        ages=(12, 18),
        sex=Sex.MALE,
        vitals=STABLE,
        complaints=(
            "sudden severe scrotal pain and vomiting for {2..3} hours",
            "acute left testicular pain {2..3} hours ago",
        ),
        histories=("The pain began during sleep.", "He has had no fever, discharge, or trauma."),
        examinations=(
            "The testis is high and horizontal, and the cremasteric reflex is absent.",
            "Lifting the swollen testis does not relieve pain, and the cremasteric reflex is absent.",
        ),
        studies=(
            "Doppler ultrasonography shows no blood flow to the testis.",
            "Urinalysis is normal, and Doppler flow is absent.",
        ),
        diagnosis=Fact(
            accepted=("testicular torsion", "torsion of the testis"),
            wrong={
                "acute epididymitis": "blood flow and the cremasteric reflex are absent",
                "nephrolithiasis": "blood flow to the testis is absent",
                "acute appendicitis": "blood flow to the testis is absent",
            },
        ),
        treatment=Fact(
            accepted=("emergent surgical detorsion and orchiopexy", "emergent detorsion and bilateral orchiopexy"),
            wrong={
                "scrotal elevation and oral antibiotics": "the testis dies within hours",
                "warm compresses and reassurance": "the testis dies within hours",
                "elective orchiopexy next month": "the testis dies within hours",
            },
        ),
        management=Fact(
            accepted=("immediate urologic consultation", "urgent scrotal exploration"),
            wrong={
                "urologic consultation next week": "the testis dies within hours",
                "discharge with outpatient follow-up": "the testis dies within hours",
                "observation with repeat imaging": "the testis dies within hours",
            },
        ),
    ),
)
