"""The memory of common cards, and of any other one by its number of GB."""

from __future__ import annotations

from dataclasses import dataclass

from medical_team.errors import ConfigError

GB = 1e9

# What a driver reports of the card as total, in MiB.
_MIB = 1 << 20
_CARDS = {
    "RTX-4090": 24_564,
    "RTX-5090": 32_607,
    "RTX-6000-Ada": 49_140,
    "A10G": 23_028,
    "L4": 23_034,
    "L40S": 46_068,
    "A100-40": 40_960,
    "A100-80": 81_920,
    "H100-80": 81_559,
    "H200": 143_771,
    "B200": 183_359,
}

# Share of a card that a plan may fill. Fragments of the allocator and what other programs take are in no formula.
FILL = 0.95


@dataclass(frozen=True, slots=True)
class Card:
    """A GPU as a plan sees it.

    Attributes:
        name: As it is called in ``cluster.card``.
        memory: In bytes, all of it.
    """

    name: str
    memory: float

    @property
    def usable(self) -> float:
        """Bytes that a plan may fill."""
        return self.memory * FILL


def card_named(name: str) -> Card:
    """A card by its name in the table (in any case), or by its memory in GB.

    Raises:
        ConfigError: It is neither; the message lists the table.
    """
    known = {each.lower(): each for each in _CARDS}
    if name.lower() in known:
        exact = known[name.lower()]
        return Card(exact, _CARDS[exact] * _MIB)
    try:
        gigabytes = float(name)
    except ValueError:
        gigabytes = 0.0
    if not 0 < gigabytes < float("inf"):
        raise ConfigError(f"cluster.card = {name} is unknown: give its memory in GB, or one of {', '.join(_CARDS)}")
    return Card(f"{gigabytes:g} GB", gigabytes * GB)
