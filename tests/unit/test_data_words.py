"""Words tell nothing: a bag of words learnt on some conditions is worth nothing on held-out ones."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline

from medical_team.data.synthetic.table import CONDITIONS
from medical_team.data.synthetic.wording import FRAMES
from medical_team.types import ErrorType

SPLITS = 12
HELD_OUT = 0.2


class Said(NamedTuple):
    """A statement about a condition, and whether it is wrong."""

    condition: str
    text: str
    wrong: bool


def statements_of(kind: ErrorType, rng: random.Random) -> list[Said]:
    """As many right as wrong statements per condition, in frames drawn at random."""
    said = []
    for condition in CONDITIONS:
        fact = condition.fact(kind)
        if fact is not None:
            for terms, wrong in ((fact.accepted, False), (tuple(fact.wrong), True)):
                for number in range(12):
                    text = rng.choice(FRAMES[kind]).format(He="She", term=terms[number % len(terms)])
                    said.append(Said(condition.name, text, wrong))
    return said


def learn(said: Sequence[Said]) -> Pipeline:
    model = make_pipeline(CountVectorizer(ngram_range=(1, 2), binary=True), LogisticRegression(max_iter=500))
    return model.fit([one.text for one in said], [one.wrong for one in said])


def suspicion(model: Pipeline, said: Sequence[Said]) -> np.ndarray:
    return model.predict_proba([one.text for one in said])[:, 1]


def cross_scored(said: Sequence[Said], names: Sequence[str], folds: int = 3) -> np.ndarray:
    """The suspicion of each statement by a model that has not seen its condition."""
    scores = np.zeros(len(said))
    for fold in range(folds):
        left_out = set(names[fold::folds])
        places = [place for place, one in enumerate(said) if one.condition in left_out]
        model = learn([one for one in said if one.condition not in left_out])
        scores[places] = suspicion(model, [said[place] for place in places])
    return scores


def informedness(scores: np.ndarray, wrong: np.ndarray, threshold: float) -> float:
    """Sensitivity + specificity - 1: what flagging all above a threshold is worth."""
    flagged = scores > threshold
    return float(flagged[wrong].mean() - flagged[~wrong].mean())


def held_out_value(kind: ErrorType, seed: int) -> float:
    """The worth of the best sign and threshold on training conditions, on the conditions held out."""
    rng = random.Random(f"{kind}:{seed}")
    said = statements_of(kind, rng)
    names = sorted({one.condition for one in said})
    rng.shuffle(names)
    held_out = set(names[: round(HELD_OUT * len(names))])
    train = [one for one in said if one.condition not in held_out]
    test = [one for one in said if one.condition in held_out]
    scores, wrong = cross_scored(train, names), np.array([one.wrong for one in train])
    sign = 1 if roc_auc_score(wrong, scores) > 0.5 else -1
    threshold = max(
        np.quantile(sign * scores, np.linspace(0.1, 0.9, 17)), key=lambda at: informedness(sign * scores, wrong, at)
    )
    return informedness(sign * suspicion(learn(train), test), np.array([one.wrong for one in test]), threshold)


def test_words_by_kind_are_worth_nothing_on_held_out_conditions() -> None:
    """The mean over kinds and splits is a statement's worth; a note's is lower, for it is flagged as a whole."""
    values = np.array([[held_out_value(kind, seed) for kind in ErrorType] for seed in range(SPLITS)])
    by_split = values.mean(axis=1)
    margin = 1.96 * by_split.std(ddof=1) / SPLITS**0.5
    assert by_split.mean() <= 0.03, values.mean(axis=0)
    assert by_split.mean() - margin <= 0, values.mean(axis=0)


def accepted_somewhere(kind: ErrorType) -> Counter[str]:
    return Counter(term for condition in CONDITIONS if (fact := condition.fact(kind)) for term in fact.accepted)


@pytest.mark.parametrize("kind", ErrorType)
def test_wrong_terms_are_right_for_other_conditions(kind: ErrorType) -> None:
    right = accepted_somewhere(kind)
    wrong = [term for condition in CONDITIONS if (fact := condition.fact(kind)) for term in fact.wrong]
    assert sum(term not in right for term in wrong) / len(wrong) < 0.2
