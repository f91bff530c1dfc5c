"""What a person sees when an entry point stops."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from medical_team import errors
from medical_team.entry import run_entry_point


def leave(main: Callable[[list[str]], int | None]) -> object:
    with pytest.raises(SystemExit) as left:
        run_entry_point(main)
    return left.value.code


def stop_with(error: Exception) -> Callable[[list[str]], int | None]:
    def main(arguments: list[str]) -> int | None:
        raise error

    return main


def test_success_is_zero():
    assert leave(lambda arguments: None) == 0


def test_a_code_of_the_entry_points_own_is_kept():
    assert leave(lambda arguments: 5) == 5


def test_main_gets_the_arguments(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.argv", ["train.py", "a.b=1", "--dry-run"])
    seen: list[str] = []

    leave(seen.extend)
    assert seen == ["a.b=1", "--dry-run"]


USER_ERRORS = [
    error for error in vars(errors).values() if isinstance(error, type) and issubclass(error, errors.UserError)
]
INTERRUPTIONS = [
    error for error in vars(errors).values() if isinstance(error, type) and issubclass(error, errors.RunInterrupted)
]
RUN_ERRORS = [
    error
    for error in vars(errors).values()
    if isinstance(error, type) and issubclass(error, errors.MedicalTeamError) and error not in USER_ERRORS
]
CODES = dict.fromkeys(USER_ERRORS, 2) | dict.fromkeys(RUN_ERRORS, 1) | dict.fromkeys(INTERRUPTIONS, 75)


@pytest.mark.parametrize(("error", "code"), CODES.items())
def test_an_error_of_ours_is_one_sentence_and_a_code(
    error: type[Exception], code: int, capsys: pytest.CaptureFixture[str]
):
    assert leave(stop_with(error("notes.csv, row 7: no sentences; fix or remove it"))) == code

    said = capsys.readouterr()
    assert said.err == f"{error.__name__}: notes.csv, row 7: no sentences; fix or remove it\n"
    assert said.out == ""


def test_no_library_reports_to_its_maker_unless_the_user_lets_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("os.environ", {"VLLM_NO_USAGE_STATS": "0"})
    leave(lambda arguments: None)

    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0" and os.environ["HF_HUB_DISABLE_TELEMETRY"] == "1"
    assert os.environ["VLLM_NO_USAGE_STATS"] == "0"


def test_anything_else_shows_where_it_came_from():
    with pytest.raises(ZeroDivisionError):
        run_entry_point(stop_with(ZeroDivisionError()))
