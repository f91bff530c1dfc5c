"""Where the judge is and what lets us in: URLs and the bearer token, checked before anything is sent."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from yarl import URL

from medical_team.errors import ConfigError

TOKEN_VARIABLE = "MEDICAL_TEAM_JUDGE_TOKEN"


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


def bearer_token(token_file: Path | None) -> str | None:
    """The token of the file, else of the environment; ``None`` where neither is given.

    Raises:
        ConfigError: The file cannot be read, or what it holds cannot be sent as a token.
    """
    if token_file is None:
        source, token = TOKEN_VARIABLE, os.environ.get(TOKEN_VARIABLE, "").strip()
        if not token:
            return None
    else:
        source, token = f"judge.http.token_file={token_file}", _read(token_file)
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigError(f"{source} does not hold a token: one line of printable ASCII without blanks")
    return token


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"judge.http.token_file={path} cannot be read ({type(error).__name__})") from None
