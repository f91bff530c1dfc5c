"""Makes the small model's folder: ``python launch/prepare_model.py [FOLDER]``. Nothing to do when it is there."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from medical_team.errors import UserError
from medical_team.models import prepare_small_model


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path(".cache/models/smollm2-135m-instruct"))
    folder = parser.parse_args().folder
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        prepare_small_model(folder)
    except UserError as error:
        print(f"prepare_model: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
