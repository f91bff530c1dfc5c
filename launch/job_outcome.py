"""What became of a job on a Ray cluster: its reason as the last line, and its exit code.

    python launch/job_outcome.py ID

Waits until the job is over. Exits with the code of the job's program; for a job that was stopped, with 75 where it
saved before that and 1 where it did not. The cluster is the one of RAY_API_SERVER_ADDRESS.
"""

from __future__ import annotations

import argparse
import os
import time
from typing import Any

from medical_team.entry import FAILED, SAVED, Parser, run_entry_point
from medical_team.errors import MachineError, RunStopped

_ASKS_EVERY_S = 1.0


def main(arguments: list[str]) -> int:
    parser = Parser(__doc__)
    parser.add_argument("id", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    address = os.environ.get("RAY_API_SERVER_ADDRESS", "http://127.0.0.1:8265")
    client = connect(address)
    while not client.get_job_status(options.id).is_terminal():
        time.sleep(_ASKS_EVERY_S)
    lines = [line for line in client.get_job_logs(options.id).splitlines() if line.strip()]
    info = client.get_job_info(options.id)
    code, reason = outcome(str(info.status), info.driver_exit_code, lines)
    print(f"{options.id} {str(info.status).lower()} with exit code {code}: {reason}")
    return code


def connect(address: str) -> Any:
    from ray.job_submission import JobSubmissionClient

    try:
        return JobSubmissionClient(address)
    except (ConnectionError, RuntimeError) as error:
        raise MachineError(f"no Ray dashboard at {address} takes this token ({str(error).splitlines()[0]})") from None


def outcome(status: str, code: int | None, lines: list[str]) -> tuple[int, str]:
    """Exit code and reason of a job that is over, given the lines that it wrote."""
    last = lines[-1] if lines else "it wrote nothing"
    if status == "STOPPED":
        return (SAVED if last.startswith(RunStopped.__name__) else FAILED), last
    if status == "SUCCEEDED":
        return 0, last
    return code or FAILED, last


if __name__ == "__main__":
    run_entry_point(main)
