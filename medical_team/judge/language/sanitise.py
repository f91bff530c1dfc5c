"""What players and notes wrote, made into data: text that can neither leave its field nor speak for the judge's model.

Every field of a prompt passes through ``clean``. It works on text, for endpoints whose tokenizer is not ours; where it
is, ``rollout.guarded_prompt`` encodes the same text so that no special token comes of it at all.
"""

from __future__ import annotations

import re
import unicodedata

from medical_team.game.prompts import one_line

ELLIPSIS = "…"

# Control and format characters (zero-width, bidi, tags), surrogates, private use, unassigned.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_VARIATION_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")

_REPLACEMENTS: tuple[tuple[re.Pattern[str], str], ...] = (
    # "<" that opens a tag or a token: <|im_start|>, <start_of_turn>, </s>, <<SYS>>. "< 90" and "<=5" stay.
    (re.compile(rf"<(?![\s\d=.{ELLIPSIS}]|$)"), "‹"),  # noqa: RUF001
    # Our own markers are the only double brackets of a prompt.
    (re.compile(r"\[{2,}"), "["),
    (re.compile(r"\]{2,}"), "]"),
    # A word alone in brackets: [INST], [/INST], [SYSTEM_PROMPT], [gMASK].
    (re.compile(r"\[(/?[A-Za-z_]{3,})\]"), r"(\1)"),
    # Headings and fences: "### Instruction", "```json".
    (re.compile(r"#{2,}"), "#"),
    (re.compile(r"`{2,}"), "`"),
    # Speakers of templates that know no tokens: "USER:", "Assistant:".
    (
        re.compile(r"\b(system|developer|user|assistant|human|model|tool|judge|verdict)\s*[:\uff1a]", re.IGNORECASE),
        r"\1 -",
    ),
)


def clean(text: str, limit: int) -> str:
    """The text as one line of at most ``limit`` characters, without what is invisible or opens a role.

    Cleaning what is clean changes nothing.
    """
    line = neutralise(visible(text))
    return line if len(line) <= limit else line[: limit - 1].rstrip() + ELLIPSIS


def visible(text: str) -> str:
    """One line of composed characters that a reader sees; blanks of any kind become single blanks."""
    seen = (char if unicodedata.category(char) not in _INVISIBLE else _blank(char) for char in text)
    plain = _VARIATION_SELECTORS.sub("", "".join(seen))
    return one_line(unicodedata.normalize("NFC", plain))  # NFKC would turn 10² into 102


def neutralise(line: str) -> str:
    """The line with role tokens, speakers, fences and markers spelt so that they are none."""
    for pattern, replacement in _REPLACEMENTS:
        line = pattern.sub(replacement, line)
    return line


def _blank(char: str) -> str:
    return " " if char.isspace() else ""
