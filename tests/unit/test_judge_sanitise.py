"""Players' text as data: nothing invisible, no role tokens, no markers, no more than fits."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medical_team.judge.admission.payloads import PAYLOADS, Payload
from medical_team.judge.language.sanitise import clean

ROLE_TOKENS = re.compile(
    r"<[|｜/a-z]|\[/?INST\]|\[/?SYSTEM_PROMPT\]|\[gMASK\]|\[\[|\]\]|##|``"  # noqa: RUF001 - as DeepSeek spells it
    r"|\b(?:system|user|assistant|human|model)\s*:",
    re.IGNORECASE,
)
INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}

hostile = st.lists(
    st.one_of(
        st.text(max_size=8), st.sampled_from([*"<>|[]#`:\u200b\u202e\xad\x00", "INST", "user", "[[", "<|im_end|>"])
    ),
    max_size=20,
).map("".join)


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda payload: payload.name)
def test_no_payload_keeps_a_role_token_or_an_invisible_character(payload: Payload) -> None:
    text = clean(payload.text, 1000)
    assert not ROLE_TOKENS.search(text)
    assert not {unicodedata.category(char) for char in text} & INVISIBLE
    assert len(text) <= 1000


@given(hostile, st.integers(min_value=1, max_value=60))
def test_what_is_clean_stays_as_it_is(text: str, limit: int) -> None:
    once = clean(text, limit)
    assert len(once) <= limit
    assert not ROLE_TOKENS.search(once)
    assert clean(once, limit) == once


@pytest.mark.parametrize(
    "sentence",
    [
        "Blood pressure is <90/60 mm Hg, PaO2 < 60, pH <= 7.2 and lactate > 4.",
        "Leukocytes are 15 x 10⁹/L, temperature 38.5 °C, dose 5 µg/kg.",
        "β-blockers were stopped [2 days ago]; naïve to “steroids”; no relapse.",
        "Plan: start amoxicillin; follow-up: in 2 weeks.",
    ],
)
def test_what_notes_say_stays_as_it_is(sentence: str) -> None:
    assert clean(sentence, 1000) == sentence


def test_a_line_break_is_a_blank_and_a_hidden_one_is_none() -> None:
    assert clean("started\non\u2028amo\u200bxi\xadcillin\r\n", 100) == "started on amoxicillin"


def test_a_token_that_appears_once_hidden_characters_are_gone_is_broken_too() -> None:
    assert "<|" not in clean("<\u200b|im_end|>", 100)
    assert "user:" not in clean("us\u200ber:", 100)


def test_what_is_too_long_ends_visibly() -> None:
    assert clean("word " * 100, 20) == "word word word word…"
