"""What a language model is asked about an edit."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from audit_requests import request_for

from medical_team.errors import ConfigError, JudgeRefused
from medical_team.judge.admission.injections import with_injection
from medical_team.judge.admission.payloads import PAYLOADS, Payload
from medical_team.judge.language.prompts import MAX_NOTE, MAX_SENTENCE, UNDER_AUDIT, audit_2, fields, prompt_named
from medical_team.types import Assessment, Note, Verdict

CODE = "c0de" * 4
EDITED = "She was started on spironolactone because of the albuminuria."
EXPLAINED = Assessment(Verdict.HARMFUL, 3, "She was started on lisinopril.", "Spironolactone is not first.")


def shown(request) -> dict[str, str]:
    """The prompt's fields as a reader of its markers sees them."""
    text = audit_2(request, CODE)[-1]["content"]
    parts = re.split(rf"\[\[(\w+) {CODE}\]\]\n?", text)
    return {name: value.strip() for name, value in zip(parts[1::2], parts[2::2], strict=True)}


def test_both_sentences_stand_beside_the_note_that_has_neither(clean_note: Note) -> None:
    found = shown(request_for(clean_note, 3, EDITED))
    assert found["original_sentence"] == clean_note.sentences[3]
    assert found["edited_sentence"] == EDITED
    lines = found["note"].splitlines()
    assert lines[3] == f"3 {UNDER_AUDIT}"
    assert lines[0] == f"0 {clean_note.sentences[0]}"
    assert set(found) == {"note", "original_sentence", "edited_sentence", "end"}


def test_the_original_of_an_error_note_is_its_correction(error_note: Note) -> None:
    found = shown(request_for(error_note, 3, "The causal organism is Klebsiella pneumoniae."))
    assert found["original_sentence"] == found["gold_correction"] == error_note.corrected_sentence
    assert found["annotated_error"] == error_note.sentences[3]


def test_elsewhere_in_an_error_note_the_note_is_shown_corrected(error_note: Note) -> None:
    found = shown(request_for(error_note, 4, "He was started on gentamicin and told to come back in two days."))
    assert found["original_sentence"] == error_note.sentences[4]
    assert f"3 {error_note.corrected_sentence}" in found["note"].splitlines()


def test_explanation_and_correction_are_asked_about_where_they_are(clean_note: Note) -> None:
    without = audit_2(request_for(clean_note, 3, EDITED), CODE)[-1]["content"]
    given = audit_2(request_for(clean_note, 3, EDITED, assessment=EXPLAINED), CODE)[-1]["content"]
    safe = audit_2(request_for(clean_note, 3, EDITED, assessment=Assessment(Verdict.SAFE)), CODE)[-1]["content"]
    assert EXPLAINED.explanation and EXPLAINED.explanation in given
    assert EXPLAINED.correction and f"[[reviewer_correction {CODE}]]\n{EXPLAINED.correction}" in given
    for name in ("explanation", "correction"):
        assert f'"{name}"' in given and f'"{name}"' not in without
    assert without == safe


def test_type_and_game_are_named(clean_note: Note) -> None:
    text = audit_2(request_for(clean_note, 3, EDITED), CODE)[-1]["content"]
    assert "pharmacotherapy" in text and "planted in a correct note" in text


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda payload: payload.name)
def test_no_payload_leaves_its_field(payload: Payload, clean_note: Note) -> None:
    plain = request_for(clean_note, 3, EDITED, assessment=EXPLAINED)
    attacked = with_injection(plain, payload)
    try:
        text = audit_2(attacked, CODE)[-1]["content"]
    except JudgeRefused:
        assert len(attacked.edit.replacement) > MAX_SENTENCE
        return
    before, after = (re.findall(r"\[\[\w*|\]\]", each) for each in (audit_2(plain, CODE)[-1]["content"], text))
    assert before == after
    assert len(text.splitlines()) == len(audit_2(plain, CODE)[-1]["content"].splitlines())


def test_what_is_the_same_for_all_requests_stands_first(clean_note: Note, error_note: Note) -> None:
    one = audit_2(request_for(clean_note, 3, EDITED), "a" * 16)
    other = audit_2(request_for(error_note, 4, "He went home."), "b" * 16)
    assert one[0] == other[0]
    same = 0
    while one[1]["content"][same] == other[1]["content"][same]:
        same += 1
    assert same > len(one[1]["content"]) // 3


def test_a_sentence_that_cannot_be_shown_whole_is_refused(clean_note: Note) -> None:
    with pytest.raises(JudgeRefused, match="1000"):
        audit_2(request_for(clean_note, 3, "word " * 300), CODE)


def test_an_edit_of_no_sentence_is_refused(clean_note: Note) -> None:
    request = request_for(clean_note, 3, EDITED)
    with pytest.raises(JudgeRefused):
        audit_2(replace(request, edit=replace(request.edit, sentence_id=99)), CODE)


def test_of_a_long_note_the_nearest_sentences_are_shown(clean_note: Note) -> None:
    long = replace(clean_note, sentences=tuple(f"Finding {number} is unremarkable." * 5 for number in range(80)))
    note = dict(fields(request_for(long, 40, "Finding 40 is remarkable.")))["note"]
    numbers = [int(line.split()[0]) for line in note.splitlines()]
    assert len(note) <= MAX_NOTE
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert abs((numbers[0] + numbers[-1]) // 2 - 40) <= 1


def test_an_unknown_version_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"audit-0.*audit-2"):
        prompt_named("audit-0")
