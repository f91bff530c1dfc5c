"""The table of facts: rules that every entry must keep for the oracle to be exact."""

from __future__ import annotations

import pytest

from medical_team.data.synthetic import scope
from medical_team.data.synthetic.facts import Condition, Fact
from medical_team.data.synthetic.table import BY_NAME, CONDITIONS
from medical_team.data.synthetic.wording import FRAMES, canonical, read_statement
from medical_team.types import ErrorType

FACTS = [
    pytest.param(fact, id=f"{condition.name}-{kind}")
    for condition in CONDITIONS
    for kind in ErrorType
    if (fact := condition.fact(kind)) is not None
]
EACH_CONDITION = pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.name)


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(CONDITIONS)


@pytest.mark.parametrize("fact", FACTS)
def test_a_term_is_in_one_list_only(fact: Fact) -> None:
    terms = [canonical(term) for term in (*fact.accepted, *fact.wrong, *fact.unclear)]
    assert len(terms) == len(set(terms))
    assert fact.accepted
    assert len(fact.wrong) >= 3
    assert all(why.strip() for why in fact.wrong.values())


@pytest.mark.parametrize("fact", FACTS)
def test_terms_are_phrases_that_fit_a_frame(fact: Fact) -> None:
    for term in (*fact.accepted, *fact.wrong):
        assert term == " ".join(term.split())
        assert not term.endswith(".")
        assert term.split()[0] not in ("a", "an", "the")
        assert len(term.split()) <= 6


@EACH_CONDITION
def test_vignettes_offer_a_choice_and_are_sentences(condition: Condition) -> None:
    for choices in (condition.complaints, condition.histories, condition.examinations, condition.studies):
        assert len(set(choices)) >= 2
    for sentence in (*condition.histories, *condition.examinations, *condition.studies):
        assert sentence.endswith(".")
    assert not any(complaint.endswith(".") for complaint in condition.complaints)
    assert 0 < condition.ages[0] < condition.ages[1] < 100


@EACH_CONDITION
def test_findings_are_never_read_as_statements(condition: Condition) -> None:
    for sentence in (*condition.histories, *condition.examinations, *condition.studies):
        assert read_statement(sentence) is None


@EACH_CONDITION
def test_findings_do_not_name_the_answer(condition: Condition) -> None:
    findings = " ".join((*condition.complaints, *condition.histories, *condition.examinations, *condition.studies))
    words = f" {' '.join(canonical(findings))} "
    for kind in (ErrorType.DIAGNOSIS, ErrorType.CAUSAL_ORGANISM, ErrorType.PHARMACOTHERAPY, ErrorType.TREATMENT):
        fact = condition.fact(kind)
        for term in fact.accepted if fact else ():
            assert f" {' '.join(canonical(term))} " not in words


def test_a_frame_is_read_back_as_its_own_kind() -> None:
    for kind, frames in FRAMES.items():
        for frame in frames:
            statement = read_statement(frame.format(He="She", term="some made-up term"))
            assert statement is not None
            assert (statement.kind, statement.term) == (kind, ("some", "made", "up", "term"))


def test_scope_only_lists_terms_and_conditions_of_the_table() -> None:
    for kind, terms in scope.NARROW.items():
        assert terms <= terms_of(kind)
    assert terms_of(ErrorType.PHARMACOTHERAPY) >= scope.ANTIBACTERIALS
    assert set(BY_NAME) >= scope.WITHOUT_BACTERIA


def test_conditions_without_bacteria_have_no_bacterial_organism() -> None:
    bacteria = {
        "Streptococcus",
        "Staphylococcus",
        "Neisseria",
        "Escherichia",
        "Mycobacterium",
        "Legionella",
        "Borrelia",
    }
    for name in scope.WITHOUT_BACTERIA:
        organism = BY_NAME[name].organism
        for term in organism.accepted if organism else ():
            assert term.split()[0] not in bacteria


def terms_of(kind: ErrorType) -> set[str]:
    facts = [fact for condition in CONDITIONS if (fact := condition.fact(kind))]
    return {term for fact in facts for term in (*fact.accepted, *fact.wrong, *fact.unclear)}
