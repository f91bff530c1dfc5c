"""Where the judge is: base URLs, checked before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence

from yarl import URL

from medical_team.errors import ConfigError
from medical_team.judge.bearer import TOKEN_VARIABLE


def endpoint_urls(urls: Sequence[str]) -> tuple[URL, ...]:
    """The base URLs, without a slash at the end.

    Raises:
        ConfigError: There is none, two are the same, or one is no address of an endpoint.
    """
    if not urls:
        raise ConfigError("judge.http.urls is empty: give a base URL such as http://localhost:8000")
    found = tuple(endpoint_url(url) for url in urls)
    if len(set(found)) < len(found):
        raise ConfigError("judge.http.urls names an endpoint twice")
    return found


def endpoint_url(text: str) -> URL:
    """One base URL.

    Raises:
        ConfigError: It is none. The message does not repeat it where it may hold a password.
    """
    try:
        url = URL(text)
    except ValueError:
        raise ConfigError(f"judge.http.urls: {text!r} is no URL, such as http://localhost:8000") from None
    if url.user or url.password or url.query_string or url.fragment:
        raise ConfigError(
            f"judge.http.urls: a base URL has no user, password, query or fragment ({url.host}); "
            f"the token belongs into judge.http.token_file or {TOKEN_VARIABLE}"
        )
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigError(f"judge.http.urls: {text!r} is no base URL, such as http://localhost:8000")
    return url.with_path(url.path.rstrip("/"))
