"""What every entry point does around its work: logging, and one sentence with exit code 2 for bad input."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import warnings
from collections.abc import Callable
from typing import NoReturn

from medical_team.backends import resolve
from medical_team.errors import MedicalTeamError, RunInterrupted, UserError
from medical_team.safekeeping import NO_TELEMETRY

FAILED = 1
BAD_INPUT = 2
# EX_TEMPFAIL of sysexits.h: try again later. What runs jobs takes it for "put it back into the queue".
SAVED = 75


class Parser(argparse.ArgumentParser):
    """argparse's, whose complaints are one sentence like all others. Its description is the module's docstring."""

    def __init__(self, description: str | None) -> None:
        super().__init__(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message}; --help shows what there is")


def run_entry_point(main: Callable[[list[str]], int | None]) -> None:
    """Run ``main`` on the command line's arguments and exit with its code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for noisy in ("httpx", "filelock", "ray"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # What libraries say of their own future is nothing that who reads a run's output can act on.
    warnings.filterwarnings("ignore", category=FutureWarning)
    # Ray hands over tensors that lie in its store; they are only read.
    warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
    for name, value in (NO_TELEMETRY | {"VLLM_LOGGING_LEVEL": "ERROR"}).items():
        os.environ.setdefault(name, value)
    if resolve() == "cpu":  # DeepSpeed, which transformers imports, would look for an accelerator and warn
        os.environ.setdefault("DS_ACCELERATOR", "cpu")
    try:
        sys.exit(main(sys.argv[1:]) or 0)
    except RunInterrupted as error:  # first: what is not yet there is both
        _stop(error, SAVED)
    except UserError as error:
        _stop(error, BAD_INPUT)
    except MedicalTeamError as error:
        _stop(error, FAILED)


def _stop(error: MedicalTeamError, code: int) -> None:
    print(f"{type(error).__name__}: {error}", file=sys.stderr)
    sys.exit(code)
