"""Which failed requests are sent again, how often, and after how long."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, wait_random_exponential

from medical_team.errors import JudgeError
from medical_team.judge.deadline import Deadline
from medical_team.judge.http.trouble import RETRIES, RequestFailed, Trouble

T = TypeVar("T")
R = TypeVar("R")

# Full jitter: clients that failed together do not come back together.
BACKOFF = wait_random_exponential(multiplier=0.1, max=5.0)


class Tries:
    """The attempts at one request, and what the last one failed of. Those that were only late are not counted."""

    _troubles: tuple[Trouble, ...] = ()
    _last: RequestFailed | None = None

    def __init__(self, attempts: int) -> None:
        self._attempts = attempts

    async def run(self, deadline: Deadline, attempt: Callable[[R], Awaitable[T]], request: R) -> T:
        """The result of the first attempt at the request that has one.

        Raises:
            RequestFailed: The last attempt's.
            TimeoutError: The deadline was over before the next one.
        """
        # Nearly every request ends here: the machinery of retries costs more than the rest of a request.
        try:
            return await attempt(request)
        except RequestFailed as failure:
            first: RequestFailed | None = failure

        async def attempt_again() -> T:
            nonlocal first
            if first is not None:
                failed, first = first, None
                raise failed
            return await attempt(request)

        async with deadline.enforced():
            return await AsyncRetrying(retry=self._again, wait=BACKOFF, reraise=True)(attempt_again)

    @property
    def last_error(self) -> JudgeError | None:
        """Why there is no answer yet: more telling than the deadline that ended the waiting."""
        return self._last.error() if self._last else None

    def _again(self, state: RetryCallState) -> bool:
        failure = state.outcome.exception() if state.outcome else None
        if not isinstance(failure, RequestFailed):
            return False
        self._last = failure
        if failure.is_last:
            return False
        if not failure.counts:
            return True
        self._troubles += (failure.trouble,)
        allowed = RETRIES.get(failure.trouble)
        if allowed is not None and self._troubles.count(failure.trouble) > allowed:
            return False
        return len(self._troubles) < self._attempts
