"""What every entry point does around its work: logging, and one sentence with exit code 2 for bad input."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from medical_team.errors import MedicalTeamError, UserError

BAD_INPUT = 2
FAILED = 1


def run_entry_point(main: Callable[[list[str]], int | None]) -> None:
    """Run ``main`` on the command line's arguments and exit with its code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for noisy in ("httpx", "filelock", "openrlhf", "ray"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        sys.exit(main(sys.argv[1:]) or 0)
    except UserError as error:
        _stop(error, BAD_INPUT)
    except MedicalTeamError as error:
        _stop(error, FAILED)


def _stop(error: MedicalTeamError, code: int) -> None:
    print(f"{type(error).__name__}: {error}", file=sys.stderr)
    sys.exit(code)
