"""The games of a run as Parquet files, one a step: what the report and re-judging read and a person can look at.

``schema`` has the columns, ``rows`` makes a row of a game and a game of a row, ``provenance`` says where a game comes
from, ``recorder`` writes and reads files, ``export`` is the program that hands games on.
"""

from __future__ import annotations

from medical_team.records.provenance import ErrorOrigin, Provenance
from medical_team.records.recorder import GameRecorder, count_games, read_games, recorded_games
from medical_team.records.rows import game_of, row_of
from medical_team.records.schema import games_schema

__all__ = [
    "ErrorOrigin",
    "GameRecorder",
    "Provenance",
    "count_games",
    "game_of",
    "games_schema",
    "read_games",
    "recorded_games",
    "row_of",
]
