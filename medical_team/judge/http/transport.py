"""One HTTP exchange: bytes out, bytes back, or a ``RequestFailed``. The only file that holds a session of aiohttp's."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
from yarl import URL

from medical_team.judge.http.trouble import RequestFailed, Trouble, of_exception, of_status

# Servers close idle connections after 5 seconds (uvicorn's default); who closes first does not lose a request to it.
KEEP_ALIVE_S = 4.0
# Answers a packet or two away; longer only where packets are dropped, and there the whole deadline would go.
CONNECT_S = 5.0
LARGEST_ANSWER = 4 * 2**20


class Transport:
    """Pooled connections, opened in the event loop that first needs them.

    Redirects are not followed and no proxy of the environment is used: notes go to the endpoint that is configured,
    and nowhere else. After ``close`` it may be used again, in another loop too.
    """

    def __init__(self, token: str | None) -> None:
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._session: aiohttp.ClientSession | None = None

    async def exchange(self, method: str, url: URL, body: bytes | None, within_s: float) -> tuple[int, bytes]:
        """Status and body of the answer, for statuses 200 and 503 on a GET, and 200 on anything else.

        Raises:
            RequestFailed: There is no such answer. The message names the URL and the cause.
        """
        try:
            async with (
                asyncio.timeout(within_s),
                self._open().request(method, url, data=body, allow_redirects=False) as response,
            ):
                if response.status == 200 or (method == "GET" and response.status == 503):
                    return response.status, await _read(response)
                trouble, detail = of_status(response.status)
                retry_after_s = seconds_to_wait(response.headers.get("Retry-After"))
        except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
            trouble, detail = of_exception(error)
            retry_after_s = None
        raise RequestFailed(trouble, str(trouble) + (f" ({detail})" if detail else ""), retry_after_s, url=url)

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                # How many may be in flight is the pool's to say, endpoint by endpoint.
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_S),
                headers={"Content-Type": "application/json", **self._headers},
                # No peer needs them, and a packed answer is one whose size is not known before it is unpacked.
                skip_auto_headers=("User-Agent", "Accept-Encoding"),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The body, as long as it is no longer than an answer can be."""
    body = bytearray()
    while part := await response.content.readany():
        body += part
        if len(body) > LARGEST_ANSWER:
            response.close()
            raise RequestFailed(Trouble.MALFORMED, f"an answer of more than {LARGEST_ANSWER} bytes", url=response.url)
    return bytes(body)


def seconds_to_wait(retry_after: str | None) -> float | None:
    """What a Retry-After header says (RFC 9110, 10.2.3: seconds, or a date); ``None`` where it says nothing."""
    if not retry_after:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):  # no date, or one of a year that there is not
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
