"""A judge behind HTTP.

Read ``client`` first, then ``caller``: what an audit goes through. ``pool`` decides who sends when and where, over
``endpoint`` (``breaker``, ``limit``) and ``outage``; ``trouble`` is the table of what can go wrong, ``transport`` the
only file that sends. Import the package only where a judge is behind HTTP: aiohttp takes a moment.
"""

from medical_team.judge.http.caller import Caller
from medical_team.judge.http.client import HttpJudge
from medical_team.judge.http.readiness import Readiness
from medical_team.judge.http.trouble import MalformedAnswer

__all__ = ["Caller", "HttpJudge", "MalformedAnswer", "Readiness"]
