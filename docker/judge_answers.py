"""Health check of the judge's container: exit code 0 where its server answers 200.

python docker/judge_answers.py /health
python docker/judge_answers.py /ready TOKEN_FILE
"""

from __future__ import annotations

import sys
import urllib.request
from pathlib import Path

PATIENCE_S = 4


def main(arguments: list[str]) -> int:
    url, *token_file = arguments
    request = urllib.request.Request(url)
    for file in token_file:
        request.add_header("Authorization", f"Bearer {Path(file).read_text(encoding='ascii').strip()}")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return int(answer.status != 200)
    except OSError:
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
