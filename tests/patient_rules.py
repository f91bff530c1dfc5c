"""The judge server's entry point, with rules that take their time over a note called "slow".

python tests/patient_rules.py [OPTION of launch/serve_medical_judge.py ...]
"""

from __future__ import annotations

import runpy
import sys
import time
from pathlib import Path

from medical_team.judge import AuditRequest
from medical_team.judge.rule import RuleJudge
from medical_team.types import Audit

SLOW = "slow"
TAKES_S = 0.1

decide = RuleJudge.decide


def decide_slowly(judge: RuleJudge, request: AuditRequest) -> Audit:
    if request.note.note_id == SLOW:
        time.sleep(TAKES_S)
    return decide(judge, request)


if __name__ == "__main__":
    RuleJudge.decide = decide_slowly
    entry = Path(__file__).parents[1] / "launch" / "serve_medical_judge.py"
    sys.argv[0] = str(entry)
    runpy.run_path(str(entry), run_name="__main__")
