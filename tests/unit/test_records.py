"""Recorded games: complete, private, one file a step, and gone when their step is played anew."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

import pytest
from fakes import ALL_EQUAL, FakeAuditor, FakeDeck, FakeEngine, Habits

from medical_team.config import GatesConfig, RewardsConfig
from medical_team.errors import DataError
from medical_team.manager import MedicalGameManager
from medical_team.records import GameRecorder, read_games
from medical_team.types import Game, Outcome, Role


@pytest.fixture(scope="module")
def games() -> list[Game]:
    """Games of every type and of most outcomes, as a manager plays them."""
    played: list[Game] = []
    manager = MedicalGameManager(
        FakeDeck(),
        {
            Role.ATTACKER: FakeEngine(Role.ATTACKER, Habits(no_op=0.2, malformed=0.2, fails=0.3)),
            Role.ASSESSOR: FakeEngine(Role.ASSESSOR, Habits(malformed=0.2, truncated=0.2, fails=0.3)),
        },
        FakeAuditor(disagrees=0.1, cannot_tell=0.1, fails=0.1),
        mix=ALL_EQUAL,
        gates=GatesConfig(),
        rewards=RewardsConfig(),
        concurrency=8,
        max_deals_factor=8.0,
        record=played.append,
    )
    asyncio.run(manager.collect(60))
    assert {game.outcome for game in played} == set(Outcome)
    return played


def test_what_is_read_is_what_was_played(tmp_path: Path, games: list[Game]) -> None:
    recorder = GameRecorder(tmp_path / "games")
    for game in games:
        recorder.append(game)
    assert recorder.flush(12) == tmp_path / "games" / "step-000012.parquet"
    rows = read_games(tmp_path / "games").to_pylist()
    assert len(rows) == len(games)
    for row, game in zip(rows, games, strict=True):
        assert (row["step"], row["game_id"]) == (12, game.deal.game_id)
        assert (row["game_type"], row["outcome"], row["reason"]) == (game.deal.game_type, game.outcome, game.reason)
        assert row["shown_sentences"] == (list(game.shown.sentences) if game.shown else None)
        assert row["edit_replacement"] == (game.edit.replacement if game.edit else None)
        assert row["verdict"] == (game.assessment.verdict if game.assessment else None)
        assert row["audit_reason"] == (game.audit.reason if game.audit else None)
        for role in Role:
            turn, terms = game.turn(role), game.rewards.get(role)
            assert row[f"{role}_raw"] == (turn.generation.text if turn else None)
            assert row[f"{role}_violation"] == (turn.violation if turn else None)
            assert row[f"{role}_total"] == (pytest.approx(terms.total) if terms else None)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_files_and_folder_are_private_whatever_the_umask(tmp_path: Path, games: list[Game], umask: int) -> None:
    folder = tmp_path / "games"
    folder.mkdir(mode=0o777)
    before = os.umask(umask)
    try:
        recorder = GameRecorder(folder)
        recorder.append(games[0])
        path = recorder.flush(1)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_each_flush_holds_its_own_step(tmp_path: Path, games: list[Game]) -> None:
    recorder = GameRecorder(tmp_path)
    for step, game in enumerate(games[:3], start=1):
        recorder.append(game)
        recorder.flush(step)
    table = read_games(tmp_path)
    assert table["step"].to_pylist() == [1, 2, 3]
    assert table["game_id"].to_pylist() == [game.deal.game_id for game in games[:3]]


def test_a_resumed_run_forgets_the_steps_after_its_checkpoint(tmp_path: Path, games: list[Game]) -> None:
    recorder = GameRecorder(tmp_path)
    for step in (1, 2, 3):
        recorder.append(games[step])
        recorder.flush(step)
    recorder.append(games[4])
    (tmp_path / "step-000004.tmp").write_bytes(b"half a file")
    resumed = GameRecorder(tmp_path)
    resumed.discard_after(1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-000001.parquet"]
    resumed.append(games[2])
    resumed.flush(2)
    assert read_games(tmp_path)["step"].to_pylist() == [1, 2]


def test_a_write_that_fails_leaves_the_file_that_was_there(
    tmp_path: Path, games: list[Game], monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyarrow.parquet as pq

    recorder = GameRecorder(tmp_path)
    recorder.append(games[0])
    recorder.flush(1)

    def full_disk(*arguments: object, **options: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(pq, "write_table", full_disk)
    recorder.append(games[1])
    with pytest.raises(OSError, match="no space"):
        recorder.flush(1)
    assert read_games(tmp_path)["game_id"].to_pylist() == [games[0].deal.game_id]


def test_no_games_are_an_empty_table_and_no_folder_is_an_error(tmp_path: Path) -> None:
    GameRecorder(tmp_path / "games")
    assert read_games(tmp_path / "games").num_rows == 0
    with pytest.raises(DataError, match="no such folder"):
        read_games(tmp_path / "elsewhere")
