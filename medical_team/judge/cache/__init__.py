"""Audits that were given once: ``cached`` is the judge that remembers, ``store`` its file."""

from medical_team.judge.cache.cached import CachedJudge

__all__ = ["CachedJudge"]
