"""The four game types: who is shown what, and that the truth of the note shown is known by construction."""

from __future__ import annotations

import pickle

import pytest

from medical_team.game import RULES
from medical_team.game.edits import apply_edit, corrected_note
from medical_team.game.prompts import assessor_messages, attacker_messages, fold_system, render_note
from medical_team.types import Deal, Edit, ErrorType, GameType, Note, Verdict

EDIT = Edit(4, "He was started on gentamicin and told to come back in two days.", ErrorType.PHARMACOTHERAPY)


def deal(game_type: GameType, note: Note) -> Deal:
    return Deal(game_id=7, game_type=game_type, note=note, seed=1)


def test_every_game_type_has_rules():
    assert set(RULES) == set(GameType)
    assert all(rules.game_type is game_type for game_type, rules in RULES.items())


@pytest.mark.parametrize("game_type", GameType)
def test_the_rules_of_a_type_do_what_its_facts_say(game_type, error_note, clean_note):
    note = error_note if game_type.source_truth is Verdict.HARMFUL else clean_note
    shown = RULES[game_type].shown(deal(game_type, note), EDIT if game_type.has_attacker else None)

    assert shown.truth is game_type.shown_truth
    assert game_type.vanilla.shown_truth is game_type.shown_truth and not game_type.vanilla.has_attacker


def test_a_game_type_keeps_its_facts_on_its_way_between_processes():
    for game_type in GameType:
        assert pickle.loads(pickle.dumps(game_type)) is game_type is GameType(str(game_type))


def test_vanilla_games_show_the_note_as_it_was_dealt(error_note, clean_note):
    harmful = RULES[GameType.VANILLA_HARMFUL].shown(deal(GameType.VANILLA_HARMFUL, error_note), None)
    benign = RULES[GameType.VANILLA_BENIGN].shown(deal(GameType.VANILLA_BENIGN, clean_note), None)
    assert (harmful, benign) == (error_note, clean_note)
    assert (harmful.truth, benign.truth) == (Verdict.HARMFUL, Verdict.SAFE)


def test_a_planted_error_is_the_only_difference(clean_note):
    edit = Edit(3, "She was started on metoprolol because of the albuminuria.", ErrorType.PHARMACOTHERAPY)
    shown = RULES[GameType.ADVERSARIAL_BENIGN].shown(deal(GameType.ADVERSARIAL_BENIGN, clean_note), edit)
    assert shown.truth is Verdict.HARMFUL
    assert (shown.error_sentence_id, shown.error_type) == (3, ErrorType.PHARMACOTHERAPY)
    assert shown.corrected_sentence == clean_note.sentences[3]
    assert corrected_note(shown) == clean_note


@pytest.mark.parametrize("sentence_id", [3, 4], ids=["in the same sentence", "elsewhere"])
def test_a_moved_error_leaves_none_of_the_old_one(error_note, sentence_id):
    edit = Edit(sentence_id, "Something else was done.", ErrorType.MANAGEMENT)
    shown = RULES[GameType.ADVERSARIAL_HARMFUL].shown(deal(GameType.ADVERSARIAL_HARMFUL, error_note), edit)
    base = corrected_note(error_note)
    different = [i for i, pair in enumerate(zip(base.sentences, shown.sentences, strict=True)) if len(set(pair)) == 2]
    assert different == [sentence_id] == [shown.error_sentence_id]
    assert "Escherichia coli" not in render_note(shown)
    assert shown.corrected_sentence == base.sentences[sentence_id]


def test_a_note_of_the_wrong_class_is_refused(error_note, clean_note):
    for game_type in GameType:
        wrong = clean_note if game_type.value.endswith("harmful") else error_note
        with pytest.raises(ValueError, match=wrong.note_id):
            RULES[game_type].source(deal(game_type, wrong))


def test_edits_go_with_attackers_only(error_note, clean_note):
    with pytest.raises(ValueError, match="no attacker"):
        RULES[GameType.VANILLA_HARMFUL].shown(deal(GameType.VANILLA_HARMFUL, error_note), EDIT)
    with pytest.raises(ValueError, match="needs its edit"):
        RULES[GameType.ADVERSARIAL_BENIGN].shown(deal(GameType.ADVERSARIAL_BENIGN, clean_note), None)


def test_an_edit_needs_a_correct_note_and_a_sentence_of_it(error_note, clean_note):
    with pytest.raises(ValueError, match="corrected_note"):
        apply_edit(error_note, EDIT)
    with pytest.raises(ValueError, match="no sentence 9"):
        apply_edit(clean_note, Edit(9, "x", ErrorType.TREATMENT))


def test_the_assessor_is_told_nothing_of_the_annotation(error_note):
    bare = Note(error_note.note_id, error_note.sentences, error_note.group)
    assert assessor_messages(error_note) == assessor_messages(bare)
    text = str(assessor_messages(error_note))
    assert "Streptococcus" not in text and error_note.note_id not in text and error_note.group not in text


def test_the_attacker_is_told_where_the_error_is_but_not_what_is_right(error_note, clean_note):
    harmful = attacker_messages(error_note)[-1]["content"]
    benign = attacker_messages(clean_note)[-1]["content"]
    assert "Present error: sentence 3\n" in harmful and "Present error: none\n" in benign
    assert "Streptococcus" not in harmful


def test_prompts_begin_alike_and_end_with_the_note(error_note, clean_note):
    prompts = [attacker_messages(note)[1]["content"] for note in (error_note, clean_note)]
    head = prompts[0].index("Present error")
    assert prompts[0][:head] == prompts[1][:head]
    assert prompts[0].endswith(render_note(error_note))


def test_instructions_are_short(clean_note):
    """Every game pays for them: at most 95 tokens a role, and a token of instructions is over 4 characters."""
    for messages in (attacker_messages(clean_note), assessor_messages(clean_note, explain=True)):
        assert sum(len(message["content"]) for message in messages) - len(render_note(clean_note)) < 400


def test_an_explanation_is_asked_for_in_one_line_more_or_not_at_all(clean_note):
    without, asked = (assessor_messages(clean_note, explain)[1]["content"].splitlines() for explain in (False, True))
    assert [line for line in asked if line not in without] == [asked[without.index("Note:")]]
    assert "expla" not in " ".join(without)


def test_a_line_break_within_a_sentence_does_not_make_a_line():
    note = Note("n", ("One\ntwo  three.", "Four."), "g")
    assert render_note(note) == "0 One two three.\n1 Four."


def test_system_text_folds_into_the_user_turn(clean_note):
    messages = assessor_messages(clean_note)
    folded = fold_system(messages)
    assert [message["role"] for message in folded] == ["user"]
    assert folded[0]["content"] == f"{messages[0]['content']}\n{messages[1]['content']}"
    assert fold_system(folded) == folded and fold_system([]) == []


def test_the_note_shown_keeps_its_name_and_twin_group(error_note):
    shown = apply_edit(corrected_note(error_note), EDIT)
    assert (shown.note_id, shown.group) == (error_note.note_id, error_note.group)
