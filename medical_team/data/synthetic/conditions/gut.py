"""Facts: gut, bile ducts and pancreas."""

from __future__ import annotations

from medical_team.data.synthetic.facts import FEBRILE, SHOCK, STABLE, TACHYCARDIC, Condition, Fact, Setting, Sex

GUT = (
    Condition(
        name="duodenal ulcer",
        setting=Setting.CLINIC,
        ages=(33, 62),
        sex=Sex.ANY,
        vitals=STABLE,
        complaints=(
            "{2..3} months of gnawing epigastric pain relieved by meals",
            "burning upper abdominal pain at night for {2..3} months",
        ),
        histories=("{He} takes no pain relievers.", "{He} has not used any nonsteroidal drugs."),
        examinations=("There is mild epigastric tenderness.", "The epigastrium is slightly tender without guarding."),
        studies=(
            "Endoscopy shows an ulcer in the duodenal bulb, and biopsy shows urease-positive curved rods.",
            "Duodenoscopy shows a clean-based bulbar ulcer, and a urea breath test is positive.",
        ),
        diagnosis=Fact(
            accepted=("duodenal ulcer disease", "duodenal ulcer", "peptic ulcer disease"),
            wrong={
                "acute cholecystitis": "an ulcer was seen",
                "acute pancreatitis": "an ulcer was seen",
                "irritable bowel syndrome": "an ulcer was seen",
            },
            unclear=("gastroesophageal reflux disease",),
        ),
        organism=Fact(
            accepted=("Helicobacter pylori",),
            wrong={
                "Campylobacter jejuni": "it is urease-negative and causes diarrhea",
                "Escherichia coli": "it is urease-negative",
                "Candida albicans": "it is a yeast",
                "Giardia lamblia": "it is a parasite",
            },
        ),
        drug=Fact(
            accepted=("bismuth quadruple therapy", "omeprazole, bismuth, metronidazole, and tetracycline"),
            wrong={
                "omeprazole monotherapy": "it does not eradicate the organism",
                "naproxen and omeprazole": "naproxen harms the ulcer",
                "high-dose prednisone": "it harms the ulcer",
                "oral fluconazole": "it acts on fungi",
            },
        ),
        management=Fact(
            accepted=("urea breath testing after therapy", "stool antigen testing after therapy"),
            wrong={
                "serum antibody testing after therapy": "antibodies stay positive after cure",
                "discharge without eradication testing": "eradication must be confirmed",
                "partial gastrectomy": "drugs cure this ulcer",
            },
        ),
    ),
    Condition(
        name="acute appendicitis",
        setting=Setting.EMERGENCY,
        ages=(14, 32),
        sex=Sex.MALE,
        vitals=FEBRILE,
        complaints=(
            "{14..22} hours of abdominal pain that moved to the right lower quadrant",
            "periumbilical pain migrating to the right lower abdomen with nausea",
        ),
        histories=("He has had no prior operations.", "He has not eaten since yesterday."),
        examinations=(
            "There is rebound tenderness at the right lower quadrant, and the testes are normal.",
            "McBurney point is tender with guarding, and the scrotum is normal.",
        ),
        studies=(
            "CT shows a dilated appendix with wall enhancement and no perforation.",
            "Ultrasonography shows a noncompressible appendix {9..12} mm wide.",
        ),
        diagnosis=Fact(
            accepted=("acute appendicitis", "appendicitis"),
            wrong={
                "acute cholecystitis": "the appendix is inflamed on imaging",
                "nephrolithiasis": "the appendix is inflamed on imaging",
                "acute pancreatitis": "the appendix is inflamed on imaging",
            },
        ),
        drug=Fact(
            accepted=("ceftriaxone and metronidazole", "cefazolin and metronidazole", "cefoxitin"),
            wrong={
                "oral vancomycin": "it is not absorbed",
                "loperamide": "it does not treat appendicitis",
                "intravenous acyclovir": "it acts on herpesviruses",
                "intravenous fluconazole": "it acts on fungi",
            },
        ),
        treatment=Fact(
            accepted=("laparoscopic appendectomy", "appendectomy"),
            wrong={
                "laparoscopic cholecystectomy": "the gallbladder is not the problem",
                "shock wave lithotripsy": "there is no stone",
                "endoscopic band ligation": "there are no varices",
            },
        ),
        management=Fact(
            accepted=("urgent surgical consultation", "surgical consultation"),
            wrong={
                "barium enema": "it is unsafe in acute appendicitis",
                "discharge with laxatives": "the appendix may perforate",
                "elective colonoscopy": "it is unsafe and does not help",
            },
        ),
    ),
    Condition(
        name="acute cholecystitis",
        setting=Setting.EMERGENCY,
        ages=(39, 66),
        sex=Sex.FEMALE,
        vitals=FEBRILE,
        complaints=(
            "{9..16} hours of right upper quadrant pain after a fatty meal",
            "steady right-sided abdominal pain, nausea, and fever",
        ),
        histories=("She has had similar brief episodes after meals.", "She has known gallstones."),
        examinations=(
            "Inspiration stops on palpation of the right upper quadrant.",
            "There is a positive Murphy sign without jaundice.",
        ),
        studies=(
            "Ultrasonography shows gallstones, a thick gallbladder wall, and normal ducts, and lipase is normal.",
            "Imaging shows pericholecystic fluid and stones, and bilirubin and lipase are normal.",
        ),
        diagnosis=Fact(
            accepted=("acute cholecystitis", "acute calculous cholecystitis"),
            wrong={
                "acute pancreatitis": "lipase is normal",
                "acute appendicitis": "the gallbladder is inflamed",
                "duodenal ulcer": "the gallbladder is inflamed",
            },
        ),
        drug=Fact(
            accepted=("ceftriaxone and metronidazole", "piperacillin-tazobactam", "ampicillin-sulbactam"),
            wrong={
                "intravenous acyclovir": "it acts on herpesviruses",
                "intravenous fluconazole": "it acts on fungi",
                "oral vancomycin": "it is not absorbed",
                "octreotide": "it stops the gallbladder from emptying",
            },
        ),
        treatment=Fact(
            accepted=("laparoscopic cholecystectomy", "early laparoscopic cholecystectomy"),
            wrong={
                "laparoscopic appendectomy": "the appendix is not the problem",
                "shock wave lithotripsy": "it does not treat an inflamed gallbladder",
                "endoscopic band ligation": "there are no varices",
            },
        ),
    ),
    Condition(
        name="acute pancreatitis",
        setting=Setting.EMERGENCY,
        ages=(36, 60),
        sex=Sex.MALE,
        vitals=TACHYCARDIC,
        complaints=(
            "{8..14} hours of severe epigastric pain radiating to the back",
            "sudden boring upper abdominal pain and vomiting",
        ),
        histories=("He drinks a pint of vodka daily.", "He has had heavy alcohol use for {12..20} years."),
        examinations=(
            "The epigastrium is tender, and bowel sounds are reduced.",
            "There is epigastric guarding, and he leans forward for relief.",
        ),
        studies=(
            "Lipase is {980..2400} U/L, and ultrasonography shows no gallstones.",
            "Serum lipase is {980..2400} U/L, and CT shows peripancreatic edema without necrosis.",
        ),
        diagnosis=Fact(
            accepted=("acute pancreatitis", "alcohol-induced pancreatitis"),
            wrong={
                "acute cholecystitis": "lipase points to the pancreas and there are no stones",
                "acute appendicitis": "epigastric pain with this lipase does not fit",
                "aortic dissection": "this lipase points to the pancreas",
            },
            unclear=("diabetic ketoacidosis", "duodenal ulcer", "alcohol withdrawal"),
        ),
        drug=Fact(
            accepted=("intravenous hydromorphone", "intravenous morphine", "intravenous fentanyl"),
            wrong={
                "azathioprine": "it is a cause of pancreatitis",
                "hydrochlorothiazide": "it is a cause of pancreatitis",
                "high-dose prednisone": "it has no place in pancreatitis",
                "oral acyclovir": "it acts on herpesviruses",
            },
            unclear=(
                "magnesium sulfate",
                "intravenous magnesium sulfate",
                "intravenous calcium gluconate",
                "intravenous calcium chloride",
                "intravenous insulin",
                "intravenous regular insulin",
                "continuous insulin infusion",
            ),
        ),
        treatment=Fact(
            accepted=("intravenous lactated Ringer solution", "intravenous fluid resuscitation"),
            wrong={
                "strict fluid restriction": "the patient lacks fluid",
                "emergent total pancreatectomy": "swelling without necrosis needs no operation",
                "laparoscopic appendectomy": "the appendix is not the problem",
            },
        ),
    ),
    Condition(
        name="esophageal variceal hemorrhage",
        setting=Setting.EMERGENCY,
        ages=(44, 66),
        sex=Sex.MALE,
        vitals=SHOCK,
        complaints=("vomiting large amounts of bright red blood", "sudden painless hematemesis and lightheadedness"),
        histories=("He has cirrhosis from alcohol use.", "He has known cirrhosis with ascites."),
        examinations=(
            "There are spider angiomas, splenomegaly, and shifting dullness.",
            "He is pale with ascites and palmar erythema.",
        ),
        studies=(
            "Endoscopy shows bulging distal esophageal veins with red wale marks.",
            "Upper endoscopy shows tortuous esophageal veins that are actively bleeding.",
        ),
        diagnosis=Fact(
            accepted=("esophageal variceal hemorrhage", "bleeding esophageal varices"),
            wrong={
                "Mallory-Weiss tear": "dilated veins are bleeding",
                "duodenal ulcer": "dilated esophageal veins are bleeding",
                "gastroesophageal reflux disease": "dilated veins are bleeding",
            },
            unclear=("hepatic encephalopathy", "alcohol withdrawal"),
        ),
        drug=Fact(
            accepted=("octreotide and ceftriaxone", "ceftriaxone and octreotide"),
            wrong={
                "enoxaparin": "it makes the bleeding worse",
                "aspirin and clopidogrel": "both make the bleeding worse",
                "naproxen": "it makes the bleeding worse",
                "intravenous alteplase": "it makes the bleeding worse",
            },
            unclear=(
                "intravenous furosemide",
                "intravenous bumetanide",
                "octreotide",
            ),
        ),
        treatment=Fact(
            accepted=("endoscopic band ligation", "endoscopic variceal ligation"),
            wrong={
                "laparoscopic cholecystectomy": "the gallbladder is not the problem",
                "therapeutic anticoagulation": "it makes the bleeding worse",
                "percutaneous liver biopsy": "it does not stop the bleeding and adds another",
            },
        ),
    ),
)
