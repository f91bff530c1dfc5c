"""The table of facts: rules that every entry must keep for the oracle to be exact."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from medical_team.data.synthetic.facts import Condition, Fact
from medical_team.data.synthetic.scope import FILE, SCOPE, load_scope
from medical_team.data.synthetic.table import BY_NAME, CONDITIONS, FOLDER, load_conditions
from medical_team.data.synthetic.wording import FRAMES, canonical, read_statement
from medical_team.errors import DataError
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
    terms = [canonical(term) for term in fact.terms()]
    assert len(terms) == len(set(terms))
    assert fact.accepted
    assert len(fact.wrong) >= 3
    assert all(why.strip() for why in (*fact.wrong.values(), *fact.also_wrong.values()))


@pytest.mark.parametrize("fact", FACTS)
def test_terms_are_phrases_that_fit_a_frame(fact: Fact) -> None:
    for term in fact.terms():
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


def test_scope_only_lists_terms_of_the_table() -> None:
    for kind, terms in SCOPE.narrow.items():
        assert terms <= terms_of(kind), terms - terms_of(kind)
    assert terms_of(ErrorType.PHARMACOTHERAPY) >= SCOPE.antibacterials
    assert terms_of(ErrorType.MANAGEMENT) >= SCOPE.emergency_only | SCOPE.clinic_only
    assert terms_of(ErrorType.DIAGNOSIS) >= SCOPE.overlapping


def test_conditions_without_bacteria_have_no_bacterial_organism() -> None:
    bacteria = (
        "Streptococcus",
        "Staphylococcus",
        "Neisseria",
        "Escherichia",
        "Mycobacterium",
        "Legionella",
        "Borrelia",
    )
    for condition in CONDITIONS:
        for term in condition.organism.accepted if condition.organism and not condition.bacterial else ():
            assert not term.startswith(bacteria)


def test_there_are_many_conditions_with_a_public_source_each() -> None:
    assert len(CONDITIONS) >= 80
    for condition in CONDITIONS:
        assert re.search(r"edition|\b(19|20)\d\d\b", condition.source), condition.name


def test_what_a_file_must_hold_is_said_in_one_sentence(tmp_path: Path) -> None:
    entry = yaml.safe_load((FOLDER / "pneumonia.yaml").read_text())[0]
    fact = entry["diagnosis"]
    broken = {
        "the key 'source' is missing": {key: value for key, value in entry.items() if key != "source"},
        "the key 'dose' is unknown": {**entry, "dose": "1 g"},
        "source names a public": {**entry, "source": "TODO"},
        "vitals is one of stable, febrile": {**entry, "vitals": "cold"},
        "ages: two numbers are expected": {**entry, "ages": [79, 52]},
        "sex is one of any, female, male": {**entry, "sex": 3},
        "studies: a list of 2 or more": {**entry, "studies": ["One."]},
        "bacterial is true or false": {**entry, "bacterial": "no"},
        "diagnosis: 'sepsis' is listed twice": {**entry, "diagnosis": {**fact, "accepted": ["sepsis", "sepsis"]}},
        "diagnosis.wrong: three or more": {**entry, "diagnosis": {**fact, "wrong": {"gout": "no joint hurts"}}},
        "diagnosis.wrong: lines of 'term: reason'": {**entry, "diagnosis": {**fact, "wrong": ["gout"]}},
        "pulse: two numbers": {
            **entry,
            "vitals": dict.fromkeys(("temperature", "pulse", "systolic", "diastolic")),
        },
    }
    for says, content in broken.items():
        (tmp_path / "one.yaml").write_text(yaml.safe_dump([content]))
        with pytest.raises(DataError, match=re.escape(says)) as refused:
            load_conditions(tmp_path)
        assert str(refused.value).startswith("one.yaml, entry 1 (pneumococcal pneumonia)")
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- name: x\n  name: y\n", "line 1: a key is there twice"),
        ("- name: [", "line 2"),
        ("name: x\n", "a list of conditions is expected"),
        ("- 3\n", "entry 1: a condition needs a name"),
        ("\x00", "one.yaml"),
    ],
)
def test_what_is_no_list_of_conditions_is_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "one.yaml").write_text(text)
    with pytest.raises(DataError, match=re.escape(says)):
        load_conditions(tmp_path)


def test_two_conditions_of_one_name_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no YAML file"):
        load_conditions(tmp_path)
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text((FOLDER / "gut.yaml").read_text())
    with pytest.raises(DataError, match=r"b\.yaml, duodenal ulcer: another entry has this name"):
        load_conditions(tmp_path)


def test_the_scope_is_checked_when_it_is_loaded(tmp_path: Path) -> None:
    content = yaml.safe_load(FILE.read_text())
    for says, broken in {
        "the keys narrow, antibacterials": {**content, "more": []},
        "narrow: the keys drug": {**content, "narrow": {}},
        "antibacterials: a list of terms": {**content, "antibacterials": "amoxicillin"},
        "clinic_only: 'rest' is listed twice": {**content, "clinic_only": ["rest", "rest"]},
    }.items():
        path = tmp_path / "scope.yaml"
        path.write_text(yaml.safe_dump(broken))
        with pytest.raises(DataError, match=re.escape(says)):
            load_scope(path)


def terms_of(kind: ErrorType) -> set[str]:
    return {term for condition in CONDITIONS if (fact := condition.fact(kind)) for term in fact.terms()}
