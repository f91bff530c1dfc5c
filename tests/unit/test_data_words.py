"""Words tell nothing: a bag of words learnt on some conditions is worth nothing on held-out ones."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.naive_bayes import MultinomialNB

from medical_team.data.synthetic.table import CONDITIONS
from medical_team.data.synthetic.wording import FRAMES
from medical_team.types import ErrorType

SPLITS = 16
HELD_OUT = 0.2
FOLDS = 3

WORDS = CountVectorizer(ngram_range=(1, 2), binary=True)
LETTERS = CountVectorizer(analyzer="char_wb", ngram_range=(2, 4), binary=True)
REGRESSION = LogisticRegression(solver="liblinear")


class Said(NamedTuple):
    """Statements, each with the place of its condition in the table and whether it is wrong."""

    features: csr_matrix
    conditions: np.ndarray
    wrong: np.ndarray


def statements_of(kinds: Sequence[ErrorType], vectorizer: CountVectorizer) -> Said:
    """As many right as wrong statements per condition and kind, in frames drawn at random."""
    rng = random.Random("frames")
    texts, places, wrong = list[str](), list[int](), list[bool]()
    for place, condition in enumerate(CONDITIONS):
        for kind in kinds:
            fact = condition.fact(kind)
            for terms, is_wrong in ((fact.accepted, False), (tuple(fact.wrong), True)) if fact else ():
                for number in range(12):
                    texts.append(rng.choice(FRAMES[kind]).format(He="She", term=terms[number % len(terms)]))
                    places.append(place)
                    wrong.append(is_wrong)
    return Said(csr_matrix(vectorizer.fit_transform(texts)), np.array(places), np.array(wrong))


def suspicion(model: LogisticRegression | MultinomialNB, said: Said, train: np.ndarray, of: np.ndarray) -> np.ndarray:
    """How wrong the model finds some statements after it was fitted on others."""
    return model.fit(said.features[train], said.wrong[train]).predict_proba(said.features[of])[:, 1]


def informedness(scores: np.ndarray, wrong: np.ndarray, threshold: float) -> float:
    """Sensitivity + specificity - 1: what flagging all above a threshold is worth."""
    flagged = scores > threshold
    return float(flagged[wrong].mean() - flagged[~wrong].mean())


def held_out_value(said: Said, model: LogisticRegression | MultinomialNB, seed: int) -> float:
    """The worth, on conditions held out, of the sign and threshold that cross-validation finds best on the others."""
    names = np.random.RandomState(seed).permutation(np.unique(said.conditions))
    held_out = np.isin(said.conditions, names[: round(HELD_OUT * len(names))])
    train, scores = ~held_out, np.zeros(len(said.wrong))
    for fold in range(FOLDS):
        left_out = train & np.isin(said.conditions, names[fold::FOLDS])
        scores[left_out] = suspicion(model, said, train & ~left_out, left_out)
    sign = 1 if roc_auc_score(said.wrong[train], scores[train]) > 0.5 else -1
    crossed = sign * scores[train]
    thresholds = np.quantile(crossed, np.linspace(0.1, 0.9, 17))
    best = max(thresholds, key=lambda at: informedness(crossed, said.wrong[train], at))
    return informedness(sign * suspicion(model, said, train, held_out), said.wrong[held_out], best)


BY_KIND = [[kind] for kind in ErrorType]


@pytest.mark.parametrize(
    ("vectorizer", "model", "scopes"),
    [
        pytest.param(WORDS, REGRESSION, BY_KIND, id="words-by-kind"),
        pytest.param(WORDS, MultinomialNB(), BY_KIND, id="naive-bayes-by-kind"),
        pytest.param(LETTERS, MultinomialNB(), BY_KIND, id="letters-by-kind"),
        pytest.param(WORDS, REGRESSION, [list(ErrorType)], id="words-of-all-kinds"),
    ],
)
def test_words_are_worth_nothing_on_held_out_conditions(
    vectorizer: CountVectorizer, model: LogisticRegression | MultinomialNB, scopes: list[list[ErrorType]]
) -> None:
    """The mean over kinds and splits is a statement's worth; a note's is lower, for it is flagged as a whole."""
    said = [statements_of(kinds, vectorizer) for kinds in scopes]
    values = np.array([[held_out_value(one, model, seed) for one in said] for seed in range(SPLITS)])
    by_split = values.mean(axis=1)
    margin = 1.96 * by_split.std(ddof=1) / SPLITS**0.5
    assert abs(by_split.mean()) <= 0.03, (values.mean(axis=0), margin)
    assert abs(by_split.mean()) <= margin, (values.mean(axis=0), margin)


def accepted_somewhere(kind: ErrorType) -> Counter[str]:
    return Counter(term for condition in CONDITIONS if (fact := condition.fact(kind)) for term in fact.accepted)


@pytest.mark.parametrize("kind", ErrorType)
def test_wrong_terms_are_right_for_other_conditions(kind: ErrorType) -> None:
    right = accepted_somewhere(kind)
    wrong = [term for condition in CONDITIONS if (fact := condition.fact(kind)) for term in fact.wrong]
    assert sum(term not in right for term in wrong) / len(wrong) < 0.2
