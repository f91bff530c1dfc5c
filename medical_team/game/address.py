"""Sentences that speak to a reader or about the text instead of about a patient. Patterns, each with what it is for.

Measured on MEDEC's validation split: see ``docs/game.md``. All look at folded text (small letters, look-alikes as Latin
letters) and are linear in its length.
"""

from __future__ import annotations

import re

# Who reads: the roles of the game, and other names for them.
_READERS = (
    r"\b(?:readers?|reviewers?|assessors?|auditors?|evaluators?|graders?|annotators?|proofreaders?|checkers?|raters?"
    r"|assistants?(?!\s+(?:living|professor|surgeon|physician))|language\s+models?|ai(?:\s+models?)?|llms?|chatgpt"
    r"|chatbots?|bots?|judges?|moderators?|attackers?|adversar(?:y|ies|ial)|opponents?|verifiers?"
    r"|the\s+models?|dear\s+\w+|hey\b|hello)\b"
)
# "your clinic" is where patients of exam questions go, and "you note" what their readers find.
_SECOND_PERSON = (
    r"\b(?:your(?!\s+(?:\w+\s+)?(?:clinic|office|hospital|care|practice|department|patient|emergency|service))|yours"
    r"|yourself|yourselves|u\s+(?:can|may|should|must))\b"
    r"|\b(?:i|we)\s+(?:am|are|think|believe|confirm|checked|wrote|assure|promise|know|suggest|swear|guarantee|certify|vouch)\b"
    r"|\bid\s*[:#]?\s*\d|\b(?:keep|stay|remain)\s+(?:silent|quiet)\s+(?:about|on|here|now)|\b(?:is|are|was)\s+intended\b(?!\s+(?:to|for))"
    r"|\byou\b(?!\s+(?:note|notice|observe|find|see|palpate|auscultate|hear)\s+(?:an?|that\s+(?:he|she|the\s+patient)"
    r"|bilateral|the\s+patient)\b)"
)
# What is asked of the reader.
_ANSWERS = (
    r"\b(?:verdicts?|outputs?(?!\s+(?:of\s+\d|was|is|has|in|decreas|increas))(?<!urine output)(?<!cardiac output)"
    r"|prompts|(?:the|this|that|system|user|your)\s+prompt|prompt\s+(?:says|above|text|injection)|rewards?|json|xml|yaml|html|markdown|brackets?|quotation|plain\s*text"
    r"|tokens?|subtask|the\s+game|game\s+(?:is|over|rules?)|scor(?:e|ing)\s+(?:full|zero|points?|rule|this|it)|points?\s+for|benchmark"
    r"|dataset|data\s+set|ground\s+truth|gold\s+(?:label|answer|standard\s+says)|label(?:l?ed)?|labels|classif(?:y|ied)\s+as"
    r"|annotation|annotated|parse[drs]?|parsing|tags?|placeholder|end\s+of\s+(?:note|file|text|document|input|message|answer"
    r"|task|record|instructions?)|reasoning|chain\s+of\s+thought|think\s+(?:step|block|tag)|step\s+by\s+step|template"
    r"|hidden|override|overrid\w+|jailbreak|roleplay|developer|admin(?:istrator)?\s+(?:mode|note|message)|debug|unit\s+test"
    r"|training\s+(?:data|example|item|mode)|test\s+(?:mode|case|item|set|only)|calibration\s+(?:item|case)|demo|dummy"
    r"|filler|boilerplate|harmless|harmful)\b"
    r"|\banswers?\b(?!\s+(?:\w+\s+){0,2}(?:questions?|phone|calls?|visitors?|door|appropriately|commands?))"
    r"|\b(?:respond|reply|replies|replied|response)\b\s*(?:with|is|=|:|should|must|that|as|by\s+saying)"
)
# Of the text: where something stands in it, and what it is like.
_TEXT = (
    r"\b(?:(?<!short )(?<!full )(?<!complete )(?<!long )sentences?"
    r"|paragraphs?|passages?|vignettes?|wording|phrasing|typos?|spelling|grammar|punctuation"
    r"|footnote|excerpt|transcript|document(?!ed|ation\s+of|s?\s+(?:normal|fever))|documents|note\s*taker|write-?up)\b"
    r"|\b(?:lines?|statements?|items?|rows?|entr(?:y|ies)|points?|numbers?|no|nr|ids?|index|indices|position|s|sent|stmt)"
    r"\s*[.:#]?\s*(?:number\s+|no\.?\s+|id\s+)?(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|zero)\s+"
    r"(?:is|are|was|has|had|contains?|holds?|looks?|reads?|says?|states?|seems?|needs?|should|must|cannot|may|does|can)\b"
    r"|\b(?:this|that|the|these|those|entire|whole|above|below|present|current|each|every|any|of)\s+(?:\w+\s+)?"
    r"(?:notes?|charts?|records?|texts?|statements?|summar(?:y|ies)|lines?|entr(?:y|ies)|claims?|reports?|cases?|stor(?:y|ies)"
    r"|accounts?|contents?|narratives?|descriptions?|facts?|materials?|words?|information|details?|documentation)\s+"
    r"(?:\w+\s+)?(?:above|below|here|itself|(?:is|are|was|were|has|have|had|seems?|looks?|appears?|reads?|can|may|should"
    r"|must|needs?|do|does|did|contains?|holds?|makes?)\s+(?:\w+\s+){0,3}?(?:no|not|nothing|without|been|fine|ok|okay|right|true|good|safe"
    r"|correct|sound|clean|clear|consistent|accurate|valid|complete|reliable|plausible|left|skip\w*|ignor\w*|trust\w*"
    r"|accept\w*|final|verified|reviewed|checked|approved|perfect|well|free|faultless|flawless|unchanged|original|intact|error\w*"
    r"|problem\w*|issue\w*|change\w*|alter\w*|edit\w*|question\w*|attention|read|meant|intended|part|wrong|false))"
    r"|\b(?:this|the)\s+(?:\w+\s+)?note\b|\bnotes?\s+(?:above|below)\b|\b(?:in|of|throughout)\s+(?:this|the)\s+(?:text|note|chart)\b"
    r"|\b(?:all|everything|anything|nothing|none|rest|remainder|whatever)\s+(?:\w+\s+){0,3}?(?:above|below|else|here|written"
    r"|stated|as\s+it\s+should)\b"
    r"|\b(?:everything|nothing|anything|all\s+(?:of\s+(?:it|this|them)|details|facts|statements|findings))\s+(?:\w+\s+){0,2}"
    r"(?:is|are|was|were|has|have|fits?|matches|checks|agrees?|makes)\b"
    r"|\b(?:above|below|next|previous|preceding|last|first|second|third|fourth|fifth|other)\s+"
    r"(?:sentence|statement|line(?!\s*(?:treatment|therap|agent|drug|antibiotic|medic|option))|paragraph|entry|claim)s?\b"
)
# Praise of the text, and what was allegedly done to check it.
_PRAISE = (
    r"\b(?:safe|unsafe|flawless|faultless|error-?free|fact-?check\w*|double-?check\w*|proof-?read\w*|peer-?review\w*"
    r"|trustworthy|well[- ]written|accurate(?:ly)?|factual\w*|truthful\w*|validat\w+|verif(?:y|ied|ies)|plausibl[ey]"
    r"|correctly|exemplary|impeccabl[ey]|authentic|genuine|legitimate|unmodified|unaltered|unedited|tampered?|tampering"
    r"|modified\s+by|inserted\s+(?:by|for|as|here|on\s+purpose)|planted|fabricated|made\s+up|guideline-conform\w*|correct(?!\s+(?:the|his|her|for|any|hypo|hyper"
    r"|with|underlying|fluid|electrolyte|volume|coagul|anemia|acidosis)|ed|ion|ive)|inconsistenc(?:y|ies)|contradict\w*|discrepan\w+"
    r"|anomal(?:y|ies)\s+(?:in|to)|as\s+it\s+should\s+be|makes?\s+(?:\w+\s+)?sense|true|false(?!\s+(?:positive|negative|labor"
    r"|passage|aneurysm))|untrue|beyond\s+(?:any\s+)?doubt|no\s+doubt|rest\s+assured|can\s+be\s+trusted|(?:be|was|is)\s+"
    r"(?:skipped|ignored|trusted|disregarded|overlooked))\b"
)
# Orders about reading and answering. Orders about the patient (start, give, stop, repeat, follow) stay.
_ORDERS = (
    r"\b(?:answer|select|choose|pick|skip|ignore|disregard|overlook|print|classify|conclude|forget|decode"
    r"|dismiss|reply|pretend|imagine|vote|translate|rot13|base64|hex|decrypt|reread|re-read|proofread|summari[sz]e"
    r"|ignor\w+|disregard\w+|olvid\w+|ignorez)\b(?!\s+(?:\w+\s+){0,2}questions?)"
    r"|\b(?:please|kindly)\b|\b(?:do\s+not|don\W?t|never|always|must|should|just|simply|only|now|then)\s+"
    r"(?:say|state|mark|flag|report\s+(?:this|it|an?|any|no)|look|read|name|close|change\s+(?:the\s+)?(?:answer|verdict)|rate|judge"
    r"|trust|believe|worry|think|reason|write|stop\s+(?:reading|thinking|here)|explain|accuse|complain|question\s+(?:it|this|the))\b"
    r"|(?:^|[.;:,!?]\s*)(?:say|state|mark|flag|report\s+(?:this|it|no|nothing|safe)|look|read\b|name\b|rate\b|judge|trust"
    r"|believe|worry|think|write|close\s+(?:the|this|it)\b|remember|assume|accept|approve|confirm\s+(?:that|this|it)|treat\s+(?:this|it|the\s+(?:note|text))|note\s+that"
    r"|move\s+on|proceed|go\s+on|return\s+(?:safe|only|no|the\s+(?:word|answer))|focus|attention|warning|important|reminder"
    r"|fyi)\b\s*[:,!]?"
    r"(?=\s|[:,!.]|$)"
    r"|\b(?:instructions?|task|hint|spoiler|tip|ps|nb|system|user|human|role|title|comment|memo|editor|safe)\s*[:!]"
    r"|\b(?:instructions?|guidelines?|rules?|task)\b\W+(?:\w+\W+){0,3}?(?:above|below|say|state|require|you|answer|are\s+to|is\s+to|says"
    r"|changed|cancell?ed|updated|complete)"
    r"|\bthere\s+(?:is|are)\s+(?:no|nothing|not|nowhere|neither)\s+(?:\w+\s+){0,2}(?:to\s+(?:find|see|report|flag|fix|correct|worry)"
    r"|problems?|issues?|flaws?|faults?|catch|trick)\b"
    r"|\bno\s+(?:further\s+)?(?:correction|changes?|revision|edits?|action)\w*\s+(?:is|are|was|were)?\s*(?:needed|required|necessary)\b"
)
# Function words of other languages; one of them may be a name's, two are a sentence.
_FOREIGN = re.compile(
    r"\b(?:el|los|las|una|unos|esta|este|est|les|une|dans|avec|pas|sont|il|lo|gli|che|di|della|questa|nota|non\s+e"
    r"|der|das|und|ist|nicht|ein|eine|kein|keine|diese|dieser|auf|mit|von|zu|het|een|niet|dit|deze|voor|uma|nao|esta|este"
    r"|esto|responda|respuesta|responde|seguro|segura|respuesta|reponse|repondez|antwort|antworte|antworten|sicher|fehler"
    r"|sehler|errores|erreur|erreurs|correcto|correcta|oracion|phrase|satz|frase|risposta|rispondi|sicuro|resposta|correto"
    r"|jest|nie|odpowiedz|det|inte|ar|och|svara|sed|ergo|responde|tuta|tutum|notam|hic|haec|sunt)\b"
)
# Encodings: letters apart, Morse, digits in rows, hexadecimal, percent signs, mixed cases with digits.
_ENCODED = re.compile(
    r"(?<!\w)(?:[A-Za-z][\W_]{1,3}){4,}(?![A-Za-z]{2})|(?:(?<!\S)[.\-/·]{1,5}\s+){3,}|\b(?:[01]{6,8}\s*){2,}"
    r"|\b(?:[0-9a-fA-F]{2}[\s:]+){5,}|\b(?=\w*[a-fA-F])(?=\w*\d)[0-9a-fA-F]{10,}\b|(?:%[0-9a-fA-F]{2}){2,}|\\[ux]"
    r"|\b(?:\d{2,3}[\s,]+){5,}|&#|\b(?=[A-Za-z]*[a-z][A-Z])(?=\w*\d)\w{10,}={0,2}|\w{8,}=="
    r"|\b[A-Za-z0-9+/]*[a-z][A-Z]+[a-z]+[A-Z]+[a-z0-9]*[A-Z][A-Za-z0-9+/]*={0,2}"
)
_META = re.compile("|".join((_READERS, _SECOND_PERSON, _ANSWERS, _TEXT, _PRAISE, _ORDERS)))


def addresses_a_reader(before: str, after: str) -> bool:
    """Whether a folded text speaks of or to its reader where the one before did not."""
    found = {match.group() for match in _META.finditer(after)}
    return bool(found) and not found <= {match.group() for match in _META.finditer(before)}


def is_foreign(before: str, after: str) -> bool:
    """Whether a folded text brings in two or more function words of another language."""
    found = set(_FOREIGN.findall(after))
    return len(found) > 1 and len(found - set(_FOREIGN.findall(before))) > 1


def is_encoded_text(brought_in: str) -> bool:
    """Whether the words that a sentence brings in have to be decoded."""
    return _ENCODED.search(brought_in) is not None
