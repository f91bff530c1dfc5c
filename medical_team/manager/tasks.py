"""Structured concurrency for games: tasks that never outlive the block that started them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def task_group() -> AsyncIterator[asyncio.TaskGroup]:
    """``asyncio.TaskGroup``, raising its first exception as it is rather than in a group.

    When a task or the block raises, all other tasks are cancelled and awaited first; so they are when the block is
    cancelled from outside.
    """
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
