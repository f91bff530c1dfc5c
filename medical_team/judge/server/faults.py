"""Unexpected errors, told without what they say: the message of an exception may quote the text it stumbled over."""

from __future__ import annotations

import traceback
from pathlib import Path

_FRAMES = 3


def where(error: BaseException) -> str:
    """The error's type and the innermost places it passed: ``KeyError at llm.py:88, queue.py:41``."""
    frames = traceback.extract_tb(error.__traceback__)[: -_FRAMES - 1 : -1]
    places = ", ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
    return f"{type(error).__name__} at {places or 'no known place'}"
