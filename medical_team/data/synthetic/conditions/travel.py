"""Facts: what ticks, mosquitoes, untreated water and antibiotics bring."""

from __future__ import annotations

from medical_team.data.synthetic.facts import FEBRILE, STABLE, Condition, Fact, Setting, Sex

TRAVEL = (
    Condition(
        name="early Lyme disease",
        setting=Setting.CLINIC,
        ages=(24, 60),
        sex=Sex.ANY,
        vitals=STABLE,
        complaints=("an expanding rash on the thigh for {5..8} days", "a growing red patch, fatigue, and muscle aches"),
        histories=(
            "{He} removed a tick from the same site after hiking in Connecticut.",
            "{He} went camping in Vermont two weeks ago and found a tick.",
        ),
        examinations=(
            "A painless annular patch {9..14} cm wide with central clearing is seen.",
            "There is a flat target-like lesion {9..14} cm wide without scale or warmth.",
        ),
        studies=("The complete blood count is normal.", "Leukocyte and platelet counts are normal."),
        diagnosis=Fact(
            accepted=("early localized Lyme disease", "early Lyme disease", "Lyme disease"),
            wrong={
                "cellulitis": "the patch is painless, annular and follows a tick bite",
                "tinea corporis": "there is no scale and a tick was attached",
                "Rocky Mountain spotted fever": "a single annular patch without petechiae does not fit",
            },
        ),
        organism=Fact(
            accepted=("Borrelia burgdorferi",),
            wrong={
                "Rickettsia rickettsii": "it causes petechiae on wrists and ankles",
                "Staphylococcus aureus": "it causes warm, tender lesions",
                "Trichophyton rubrum": "it causes scale",
                "Streptococcus pyogenes": "it causes warm, tender lesions",
            },
        ),
        drug=Fact(
            accepted=("doxycycline", "amoxicillin", "cefuroxime axetil"),
            wrong={
                "cephalexin": "first-generation cephalosporins do not work against it",
                "metronidazole": "it does not treat this spirochete",
                "topical clotrimazole": "it acts on fungi",
                "oral acyclovir": "it acts on herpesviruses",
            },
        ),
    ),
    Condition(
        name="Rocky Mountain spotted fever",
        setting=Setting.EMERGENCY,
        ages=(22, 55),
        sex=Sex.ANY,
        vitals=FEBRILE,
        complaints=(
            "{3..5} days of fever, severe headache, and a spreading rash",
            "high fever and myalgia, followed by a rash that began on the wrists",
        ),
        histories=(
            "{He} returned from a hunting trip in North Carolina, where {he} was bitten by a tick.",
            "{He} had several tick bites while camping in Tennessee.",
        ),
        examinations=(
            "Petechiae are present on the wrists, ankles, palms, and soles.",
            "A petechial rash involves the palms and soles and spreads to the trunk.",
        ),
        studies=(
            "The platelet count is {64..98},000/mm3, and serum sodium is {126..131} mEq/L.",
            "Laboratory studies show thrombocytopenia and hyponatremia, and blood cultures are sterile.",
        ),
        diagnosis=Fact(
            accepted=("Rocky Mountain spotted fever", "tick-borne spotted fever"),
            wrong={
                "early Lyme disease": "petechiae on palms and soles do not fit",
                "infectious mononucleosis": "tick bites and petechiae on palms and soles do not fit",
                "streptococcal pharyngitis": "petechiae on palms and soles do not fit",
            },
            unclear=("meningococcemia", "measles", "dengue fever"),
        ),
        organism=Fact(
            accepted=("Rickettsia rickettsii",),
            wrong={
                "Borrelia burgdorferi": "it causes an annular patch",
                "Babesia microti": "it causes hemolysis and no rash",
                "Plasmodium falciparum": "it is not carried by ticks and causes no rash",
                "Epstein-Barr virus": "it does not follow tick bites",
            },
            unclear=("Neisseria meningitidis",),
        ),
        drug=Fact(
            accepted=("doxycycline", "oral doxycycline"),
            wrong={
                "amoxicillin": "beta-lactams do not act on rickettsiae",
                "ceftriaxone monotherapy": "beta-lactams do not act on rickettsiae",
                "trimethoprim-sulfamethoxazole": "sulfonamides make rickettsial disease worse",
                "azithromycin": "it is not effective enough in this disease",
            },
        ),
    ),
    Condition(
        name="falciparum malaria",
        setting=Setting.EMERGENCY,
        ages=(24, 58),
        sex=Sex.ANY,
        vitals=FEBRILE,
        complaints=(
            "{4..6} days of fever, rigors, and headache",
            "irregular high fevers, chills, and vomiting for {4..6} days",
        ),
        histories=(
            "{He} returned from Nigeria two weeks ago and took no prophylaxis.",
            "{He} visited relatives in Ghana last month without taking prophylaxis.",
        ),
        examinations=(
            "There is scleral icterus, and the spleen tip is palpable.",
            "{He} is pale, alert, and has mild splenomegaly.",
        ),
        studies=(
            "Peripheral blood smear shows banana-shaped gametocytes and multiple ring forms per erythrocyte.",
            "Blood smear shows erythrocytes with several delicate rings and crescent-shaped gametocytes.",
        ),
        diagnosis=Fact(
            accepted=("falciparum malaria", "malaria"),
            wrong={
                "dengue fever": "parasites were seen in the blood",
                "typhoid fever": "parasites were seen in the blood",
                "influenza": "parasites were seen in the blood",
            },
        ),
        organism=Fact(
            accepted=("Plasmodium falciparum",),
            wrong={
                "Plasmodium vivax": "its gametocytes are round and each cell holds one ring",
                "Babesia microti": "it forms tetrads and no gametocytes",
                "Trypanosoma cruzi": "it lives outside erythrocytes and is not African",
                "Salmonella Typhi": "it is a bacterium",
            },
        ),
        drug=Fact(
            accepted=("artemether-lumefantrine", "atovaquone-proguanil", "intravenous artesunate"),
            wrong={
                "chloroquine": "West African strains are resistant",
                "primaquine monotherapy": "it does not clear the blood stages",
                "ciprofloxacin": "it does not treat malaria",
                "ceftriaxone monotherapy": "it does not treat malaria",
            },
            unclear=(
                "doxycycline",
                "oral doxycycline",
            ),
        ),
    ),
    Condition(
        name="giardiasis",
        setting=Setting.CLINIC,
        ages=(21, 50),
        sex=Sex.ANY,
        vitals=STABLE,
        complaints=(
            "{2..3} weeks of bloating and foul-smelling greasy stools",
            "fatty diarrhea, flatulence, and weight loss for {2..3} weeks",
        ),
        histories=(
            "{He} drank from a stream on a backpacking trip.",
            "{He} recently camped in the mountains and drank untreated water.",
        ),
        examinations=("The abdomen is soft with active bowel sounds.", "There is mild epigastric tenderness."),
        studies=(
            "Stool microscopy shows pear-shaped trophozoites with two nuclei.",
            "Stool contains binucleate flagellated trophozoites and oval cysts.",
        ),
        diagnosis=Fact(
            accepted=("giardiasis", "intestinal giardiasis"),
            wrong={
                "celiac disease": "parasites were found",
                "irritable bowel syndrome": "parasites were found",
                "Clostridioides difficile colitis": "parasites and no toxin were found",
            },
            unclear=("lactose intolerance",),
        ),
        organism=Fact(
            accepted=("Giardia lamblia", "Giardia duodenalis"),
            wrong={
                "Entamoeba histolytica": "it has one nucleus and no flagella",
                "Campylobacter jejuni": "it is a bacterium",
                "Trichomonas vaginalis": "it has one nucleus and lives in the genital tract",
                "Clostridioides difficile": "it is a bacterium",
            },
        ),
        drug=Fact(
            accepted=("tinidazole", "metronidazole", "oral metronidazole", "nitazoxanide"),
            wrong={
                "ciprofloxacin": "it acts on bacteria",
                "oral vancomycin": "it acts on bacteria",
                "azithromycin": "it acts on bacteria",
                "fluconazole": "it acts on fungi",
            },
        ),
    ),
    Condition(
        name="Clostridioides difficile colitis",
        setting=Setting.CLINIC,
        ages=(64, 82),
        sex=Sex.ANY,
        vitals=STABLE,
        complaints=(
            "{8..11} watery stools a day for {3..4} days",
            "profuse watery diarrhea and cramping for {3..4} days",
        ),
        histories=(
            "{He} is still taking clindamycin for a dental infection.",
            "{He} has been on clindamycin since a tooth extraction.",
        ),
        examinations=(
            "There is mild lower abdominal tenderness without guarding.",
            "The abdomen is soft and slightly distended.",
        ),
        studies=(
            "Stool assay is positive for toxins A and B, and the leukocyte count is {15..19},000/mm3.",
            "Stool testing is positive for glutamate dehydrogenase and toxin B.",
        ),
        diagnosis=Fact(
            accepted=("Clostridioides difficile colitis", "Clostridioides difficile infection"),
            wrong={
                "viral gastroenteritis": "bacterial toxin was found",
                "ischemic colitis": "bacterial toxin was found after an antibiotic",
                "irritable bowel syndrome": "bacterial toxin was found",
            },
        ),
        organism=Fact(
            accepted=("Clostridioides difficile",),
            wrong={
                "Campylobacter jejuni": "it does not make toxins A and B",
                "Giardia lamblia": "it is a parasite",
                "norovirus": "it is a virus",
                "Staphylococcus aureus": "it does not make toxins A and B",
            },
        ),
        drug=Fact(
            accepted=("oral vancomycin", "fidaxomicin"),
            wrong={
                "intravenous vancomycin": "it does not reach the colon",
                "ciprofloxacin": "it drives the disease",
                "loperamide": "it keeps the toxin in the colon",
                "ceftriaxone monotherapy": "it drives the disease",
            },
            unclear=("nitazoxanide",),
        ),
        management=Fact(
            accepted=("discontinuation of clindamycin", "stopping clindamycin"),
            wrong={
                "continuation of clindamycin": "it caused the disease",
                "continued clindamycin with loperamide": "both make the disease worse",
                "colonoscopy with biopsy": "the diagnosis is made and the colon is fragile",
            },
            unclear=("elective colonoscopy",),
        ),
    ),
)
