"""A recorded game is the game that was played, but for its token ids."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fakes import ALL_EQUAL, FakeAuditor, FakeDeck, FakeEngine, Habits
from hypothesis import given, settings
from hypothesis import strategies as st

from medical_team.config import GatesConfig, RewardsConfig
from medical_team.errors import DataError
from medical_team.manager import MedicalGameManager
from medical_team.records import GameRecorder, count_games, game_of, games_schema, recorded_games, row_of
from medical_team.types import Game, Generation, Outcome, Role

RATES = st.floats(0.0, 0.4)


def play(seed: int, no_op: float, malformed: float, fails: float, disagrees: float) -> list[Game]:
    played: list[Game] = []
    manager = MedicalGameManager(
        FakeDeck(seed=seed),
        {
            Role.ATTACKER: FakeEngine(Role.ATTACKER, Habits(no_op=no_op, malformed=malformed, fails=fails)),
            Role.ASSESSOR: FakeEngine(Role.ASSESSOR, Habits(malformed=malformed, truncated=0.1, fails=fails)),
        },
        FakeAuditor(disagrees=disagrees, cannot_tell=0.1, fails=0.1),
        mix=ALL_EQUAL,
        gates=GatesConfig(),
        rewards=RewardsConfig(),
        concurrency=8,
        max_deals_factor=20.0,
        record=played.append,
    )
    asyncio.run(manager.collect(24))
    return played


def without_tokens(game: Game) -> Game:
    """What is not recorded, and times, which are recorded in single precision, are put aside."""

    def blank(answer: Generation) -> Generation:
        return replace(answer, prompt_ids=(0,) * len(answer.prompt_ids), response_ids=(0,) * len(answer.response_ids))

    turns = tuple(replace(turn, generation=blank(turn.generation), seconds=0.0) for turn in game.turns)
    audit = replace(game.audit, seconds=0.0) if game.audit else None
    return replace(game, turns=turns, audit=audit, seconds=0.0)


@settings(max_examples=25)
@given(seed=st.integers(0, 1000), no_op=RATES, malformed=RATES, fails=st.floats(0, 0.2), disagrees=RATES)
def test_a_game_survives_its_row(seed: int, no_op: float, malformed: float, fails: float, disagrees: float) -> None:
    games = play(seed, no_op, malformed, fails, disagrees)
    rows = pa.Table.from_pylist([row_of(game) for game in games], schema=games_schema()).to_pylist()
    assert [without_tokens(game_of(row)) for row in rows] == [without_tokens(game) for game in games]


def test_a_run_is_read_in_its_order(tmp_path: Path) -> None:
    games = play(3, 0.2, 0.2, 0.2, 0.2)
    assert {game.outcome for game in games} == set(Outcome)
    recorder = GameRecorder(tmp_path)
    for step in (2, 1):
        for game in games[(step - 1) * 10 : step * 10]:
            recorder.append(game)
        recorder.flush(step)
    assert [game.deal.game_id for game in recorded_games(tmp_path)] == list(range(20))
    assert count_games(tmp_path) == 20


def test_a_file_of_an_earlier_version_is_refused_where_something_is_missing(tmp_path: Path) -> None:
    recorder = GameRecorder(tmp_path)
    for game in play(3, 0.0, 0.0, 0.0, 0.0):
        recorder.append(game)
    path = recorder.flush(1)
    table = pq.read_table(path)
    earlier = [name for name in table.column_names if name.startswith("source_error")]
    pq.write_table(table.drop_columns(earlier), path)
    with pytest.raises(DataError, match=r"step-000001.parquet: game \d+ has no source_error_sentence_id"):
        list(recorded_games(tmp_path))


def test_a_file_that_is_no_parquet_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "step-000001.parquet").write_bytes(b"half a file")
    for read in (lambda: list(recorded_games(tmp_path)), lambda: count_games(tmp_path)):
        with pytest.raises(DataError, match=r"step-000001.parquet is no file of recorded games"):
            read()
