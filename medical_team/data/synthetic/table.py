"""The whole table of facts, and its words by kind. Driven by ``compose`` and ``oracle``."""

from __future__ import annotations

from collections.abc import Mapping

from medical_team.data.synthetic.conditions.airways import AIRWAYS
from medical_team.data.synthetic.conditions.deep_infections import DEEP_INFECTIONS
from medical_team.data.synthetic.conditions.gut import GUT
from medical_team.data.synthetic.conditions.heart import HEART
from medical_team.data.synthetic.conditions.metabolism import METABOLISM
from medical_team.data.synthetic.conditions.nerves import NERVES
from medical_team.data.synthetic.conditions.pneumonia import PNEUMONIA
from medical_team.data.synthetic.conditions.travel import TRAVEL
from medical_team.data.synthetic.conditions.urgent import URGENT
from medical_team.data.synthetic.conditions.urogenital import UROGENITAL
from medical_team.data.synthetic.conditions.vessels import VESSELS
from medical_team.data.synthetic.facts import Condition

CONDITIONS: tuple[Condition, ...] = (
    *PNEUMONIA,
    *AIRWAYS,
    *TRAVEL,
    *DEEP_INFECTIONS,
    *UROGENITAL,
    *GUT,
    *HEART,
    *NERVES,
    *VESSELS,
    *METABOLISM,
    *URGENT,
)

BY_NAME: Mapping[str, Condition] = {condition.name: condition for condition in CONDITIONS}
