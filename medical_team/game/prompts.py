"""All prompt text, and the answer format that goes with it.

The manager and the evaluation ask with the messages; ``gold`` answers with the answers; ``parsing`` reads what comes
back. Prompts are short, because every game pays for them twice (rollout and training), and what changes stands at
the end, so that engines share the cached prefix. The chat template is the model's own, applied by its tokenizer.
"""

from __future__ import annotations

from medical_team.types import Assessment, Edit, ErrorType, Note, Verdict

Message = dict[str, str]
"""``{"role": "system" | "user" | "assistant", "content": ...}``, as chat templates take it."""

THINK_OPEN, THINK_CLOSE = "<think>", "</think>"
ANSWER_OPEN, ANSWER_CLOSE = "<answer>", "</answer>"
TAGS = (THINK_OPEN, THINK_CLOSE, ANSWER_OPEN, ANSWER_CLOSE)

EDIT_KEYS = ("sentence", "type", "replacement")
SAFE_KEYS = ("verdict",)
HARMFUL_KEYS = ("verdict", "sentence", "correction")
EXPLAINED_KEYS = (*HARMFUL_KEYS, "explanation")
"""Of a Harmful answer where explanations are scored (``judge.explanations``)."""

ATTACKER_SYSTEM = "You plant medical errors in notes to train reviewers."

ATTACKER_INSTRUCTION = f"""\
Rewrite one sentence so that its medicine is provably wrong, in the place of any present error: drug for drug, disease \
for disease. Rewording, typos, remarks cost you.
<think>why</think>
<answer>
sentence: id
type: {"|".join(ErrorType)}
replacement: text
</answer>"""

ASSESSOR_SYSTEM = "You review medical notes. At most one sentence has an error."

ASSESSOR_INSTRUCTION = """\
Verdict, sentence and correction are scored; another format costs you.
<think>why</think>
<answer>
verdict: Safe
</answer>
or, for an error, in <answer>:
verdict: Harmful
sentence: id
correction: the right sentence"""

ASSESSOR_EXPLANATION = "\nexplanation: why, scored too"


def attacker_messages(note: Note) -> list[Message]:
    """What an attacker is asked: the note it is dealt, and the line that names the error that is already there.

    The two adversarial prompts differ in that line only, so that what is learnt on one serves the other.
    """
    present = f"sentence {note.error_sentence_id}" if note.has_error else "none"
    return _messages(ATTACKER_SYSTEM, f"{ATTACKER_INSTRUCTION}\nPresent error: {present}", note)


def assessor_messages(note: Note, explain: bool = False) -> list[Message]:
    """What an assessor is asked: the note's sentences and nothing of its annotation.

    ``explain`` asks for an explanation too: only where it is scored (``judge.explanations``), since tokens cost.
    """
    instruction = ASSESSOR_INSTRUCTION + (ASSESSOR_EXPLANATION if explain else "")
    return _messages(ASSESSOR_SYSTEM, instruction, note)


def fold_system(messages: list[Message]) -> list[Message]:
    """The same messages for a chat template without a system role: its text opens the first user turn."""
    if not messages or messages[0]["role"] != "system":
        return list(messages)
    system, first, *rest = messages
    return [{"role": first["role"], "content": f"{system['content']}\n{first['content']}"}, *rest]


def render_note(note: Note) -> str:
    """One line a sentence, ``<id> <sentence>``; line breaks within a sentence become blanks."""
    return "\n".join(f"{number} {one_line(sentence)}" for number, sentence in enumerate(note.sentences))


def one_line(text: str) -> str:
    """The text with every run of blanks and line breaks as one blank."""
    return " ".join(text.split())


def attacker_answer(edit: Edit, thinking: str) -> str:
    """The answer that parses to this edit.

    Raises:
        ValueError: A value is empty or has a line break.
    """
    return _answer(thinking, EDIT_KEYS, (str(edit.sentence_id), edit.error_type.value, edit.replacement))


def assessor_answer(assessment: Assessment, thinking: str) -> str:
    """The answer that parses to this assessment; it has an explanation exactly where the assessment has one.

    Raises:
        ValueError: A value is missing, empty or has a line break.
    """
    if assessment.verdict is Verdict.SAFE:
        return _answer(thinking, SAFE_KEYS, (assessment.verdict.value,))
    keys = HARMFUL_KEYS if assessment.explanation is None else EXPLAINED_KEYS
    values = [getattr(assessment, name) for name in ("verdict", "sentence_id", *keys[2:])]
    return _answer(thinking, keys, tuple("" if value is None else str(value) for value in values))


def _messages(system: str, instruction: str, note: Note) -> list[Message]:
    content = f"{instruction}\nNote:\n{render_note(note)}"
    return [{"role": "system", "content": system}, {"role": "user", "content": content}]


def _answer(thinking: str, keys: tuple[str, ...], values: tuple[str, ...]) -> str:
    for key, value in zip(keys, values, strict=True):
        if not value or value != value.strip() or "\n" in value:
            raise ValueError(f"{key} must be one line with something on it and no blanks around it")
    lines = [f"{key}: {value}" for key, value in zip(keys, values, strict=True)]
    return "\n".join([f"{THINK_OPEN}{thinking}{THINK_CLOSE}", ANSWER_OPEN, *lines, ANSWER_CLOSE])
