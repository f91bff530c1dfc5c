"""Terms of so narrow a use that they are wrong wherever the table does not accept them. Driven by ``oracle``.

Without this list the oracle could only judge terms that a condition names, and an attacker who prescribes an
antidote for pneumonia would go undecided. A term belongs here when no condition of the table but those that accept
it (or list it as unclear) could ask for it. Symptomatic drugs, fluids, oxygen and watchful waiting do not.
"""

from __future__ import annotations

from collections.abc import Mapping

from medical_team.types import ErrorType

_ANTIVIRALS = (
    "oseltamivir; baloxavir marboxil; zanamivir; intravenous acyclovir; high-dose intravenous acyclovir; oral acyclovir"
)
_ANTIFUNGALS = (
    "fluconazole; oral fluconazole; intravenous fluconazole; amphotericin B; amphotericin B and flucytosine; "
    "liposomal amphotericin B and flucytosine; intravenous caspofungin; topical clotrimazole"
)
_ANTIPARASITICS = (
    "artemether-lumefantrine; atovaquone-proguanil; intravenous artesunate; chloroquine; primaquine monotherapy; "
    "pyrimethamine and sulfadiazine; nitazoxanide"
)
_TUBERCULOSIS = (
    "isoniazid, rifampin, pyrazinamide, and ethambutol; rifampin, isoniazid, ethambutol, and pyrazinamide; "
    "isoniazid monotherapy"
)
_ONE_SITE = (  # antibiotics that only work in the bladder or in the gut
    "nitrofurantoin; fosfomycin; fidaxomicin; oral vancomycin; bismuth quadruple therapy; "
    "omeprazole, bismuth, metronidazole, and tetracycline"
)
_ANTIDOTES = (
    "naloxone; intravenous naloxone; intranasal naloxone; intravenous flumazenil; intravenous physostigmine; "
    "N-acetylcysteine; intravenous N-acetylcysteine; oral N-acetylcysteine; intravenous deferoxamine"
)
_HORMONES = (
    "methimazole; methimazole and propranolol; propranolol and methimazole; levothyroxine; liothyronine; "
    "intravenous insulin; intravenous regular insulin; continuous insulin infusion"
)
_VESSELS_AND_BRAIN = (
    "alteplase; intravenous alteplase; intravenous tenecteplase; nimodipine; oral nimodipine; sumatriptan; "
    "octreotide; octreotide and ceftriaxone; ceftriaxone and octreotide; ibuprofen and colchicine; "
    "aspirin and colchicine; indomethacin and colchicine; pyridostigmine; carbamazepine"
)
_HEART = (
    "aspirin and ticagrelor; aspirin and clopidogrel; aspirin and prasugrel; apixaban; rivaroxaban; warfarin; "
    "diltiazem; intravenous diltiazem; intravenous furosemide; intravenous bumetanide; magnesium sulfate; "
    "intravenous magnesium sulfate; intravenous calcium gluconate; intravenous calcium chloride; "
    "intramuscular epinephrine; nebulized albuterol and prednisone; nebulized albuterol and methylprednisolone"
)
_EYE = (
    "acetazolamide and topical timolol; intravenous acetazolamide; topical timolol; topical atropine; "
    "topical phenylephrine; topical tropicamide"
)
_IMMUNE = (
    "intravenous immunoglobulin; high-dose intravenous immunoglobulin; intravenous immunoglobulin and aspirin; "
    "aspirin and intravenous immunoglobulin; azathioprine; oral methotrexate; ketoconazole"
)
_OPERATIONS = (
    "laparoscopic appendectomy; appendectomy; laparoscopic cholecystectomy; early laparoscopic cholecystectomy; "
    "urgent pericardiocentesis; emergent pericardiocentesis; emergent pericardial drainage; "
    "needle decompression of the chest; immediate needle thoracostomy; endoscopic band ligation; "
    "endoscopic variceal ligation; primary percutaneous coronary intervention; "
    "emergent percutaneous coronary intervention; endovascular coiling; endovascular coil embolization; "
    "surgical clipping; carotid endarterectomy; surgical thymectomy; bilateral adrenalectomy; total thyroidectomy; "
    "radioactive iodine ablation; subtotal parathyroidectomy; laser peripheral iridotomy; peripheral iridotomy; "
    "panretinal laser photocoagulation; scleral buckling surgery; emergent surgical detorsion and orchiopexy; "
    "emergent detorsion and bilateral orchiopexy; emergent laparoscopic salpingectomy; shock wave lithotripsy; "
    "cervical cerclage; uterine dilation and curettage; intravenous thrombolysis; radiofrequency catheter ablation; "
    "serial therapeutic lumbar punctures; repeated therapeutic lumbar punctures; emergent hemodialysis; "
    "urgent hemodialysis; prompt delivery; induction of labor; emergent surgical debridement; "
    "urgent surgical debridement; emergent fasciotomy and debridement; plasma exchange; plasmapheresis; "
    "intravenous immunoglobulin; emergent total pancreatectomy; percutaneous liver biopsy"
)
_STEPS = (
    "temporal artery biopsy; temporal artery ultrasonography; exercise stress testing; barium enema; "
    "methacholine challenge testing; "
    "discontinuation of clindamycin; stopping clindamycin; continuation of clindamycin; "
    "serial vital capacity measurement; monitoring of vital capacity; rifampin prophylaxis for close contacts; "
    "ciprofloxacin prophylaxis for close contacts; evaluation and treatment of sexual partners; "
    "partner notification and treatment; simultaneous treatment of sexual partners; urgent scrotal exploration; "
    "immediate urologic consultation; emergent ophthalmology consultation; immediate ophthalmology referral; "
    "immediate gynecologic surgery consultation; continuous fetal monitoring; admission to the labor unit; "
    "urea breath testing after therapy; stool antigen testing after therapy; partial gastrectomy; cystoscopy; "
    "admission to the stroke unit; monitoring in the stroke unit; CT angiography of the head; cerebral angiography; "
    "emergent coronary angiography; immediate transfer to the catheterization laboratory; "
    "decompression before any imaging; chest tube placement after decompression; serial peak flow measurement; "
    "reassessment of peak flow after treatment; elective colonoscopy; elective tonsillectomy; urgent liver biopsy; "
    "carotid endarterectomy; high-potassium diet; prescription of an epinephrine autoinjector; "
    "observation until opioid effects resolve"
)
_ANTIBACTERIALS = (
    "amoxicillin; oral amoxicillin; penicillin V; benzathine penicillin G; intramuscular benzathine penicillin G; "
    "penicillin G and clindamycin; ampicillin-sulbactam; piperacillin-tazobactam; cephalexin; oral cephalexin; "
    "cefuroxime axetil; cefoxitin; cefotaxime; ceftriaxone; ceftriaxone monotherapy; intramuscular ceftriaxone; "
    "ceftriaxone and azithromycin; ceftriaxone and doxycycline; ceftriaxone and vancomycin; "
    "vancomycin and ceftriaxone; ceftriaxone and metronidazole; cefazolin and metronidazole; azithromycin; "
    "oral azithromycin; clarithromycin; erythromycin; doxycycline; oral doxycycline; levofloxacin; moxifloxacin; "
    "ciprofloxacin; trimethoprim-sulfamethoxazole; metronidazole; oral metronidazole; tinidazole; "
    "intravenous vancomycin; intravenous daptomycin; vancomycin, piperacillin-tazobactam, and clindamycin"
)


def _terms(*lists: str) -> frozenset[str]:
    return frozenset(term.strip() for one in lists for term in one.split(";"))


NARROW: Mapping[ErrorType, frozenset[str]] = {
    ErrorType.PHARMACOTHERAPY: _terms(
        *(_ANTIVIRALS, _ANTIFUNGALS, _ANTIPARASITICS, _TUBERCULOSIS, _ONE_SITE),
        *(_ANTIDOTES, _HORMONES, _VESSELS_AND_BRAIN, _HEART, _EYE, _IMMUNE),
    ),
    ErrorType.TREATMENT: _terms(_OPERATIONS),
    ErrorType.MANAGEMENT: _terms(_STEPS),
}
"""Wrong in every condition that neither accepts them nor calls them unclear."""

ANTIBACTERIALS = _terms(_ANTIBACTERIALS)
"""Wrong in every condition without a bacterial infection that neither accepts them nor calls them unclear."""

WITHOUT_BACTERIA = frozenset(
    {
        "Pneumocystis pneumonia",
        "influenza",
        "acute asthma exacerbation",
        "falciparum malaria",
        "giardiasis",
        "herpes simplex encephalitis",
        "cryptococcal meningitis",
        "ST-elevation myocardial infarction",
        "acute pericarditis",
        "cardiac tamponade",
        "pulmonary embolism",
        "atrial fibrillation",
        "acute decompensated heart failure",
        "acute ischemic stroke",
        "subarachnoid hemorrhage",
        "Guillain-Barre syndrome",
        "giant cell arteritis",
        "acute angle-closure glaucoma",
        "Graves disease",
        "diabetic ketoacidosis",
        "hyperkalemia",
        "acute gouty arthritis",
        "opioid overdose",
        "acetaminophen overdose",
        "anaphylaxis",
        "Kawasaki disease",
    }
)
"""Conditions in which antibiotics have nothing to act on; the rest is bacterial or asks for their protection."""
