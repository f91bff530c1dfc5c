"""The bearer token: where it comes from, when there must be one, and whether a request carries it."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping
from pathlib import Path

from medical_team.errors import ConfigError, DataError

TOKEN_VARIABLE = "MEDICAL_TEAM_JUDGE_TOKEN"


def read_token(file: Path | None, environment: Mapping[str, str]) -> str | None:
    """The token in the file, else in the environment, else none.

    Raises:
        DataError: The file cannot be read, or what is there is no token.
    """
    if file is None:
        return _checked(environment[TOKEN_VARIABLE], TOKEN_VARIABLE) if TOKEN_VARIABLE in environment else None
    try:
        return _checked(file.read_text(encoding="ascii"), str(file))
    except OSError as error:
        raise DataError(f"{file}: the token cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise DataError(f"{file}: the token must be plain ASCII") from None


def _checked(text: str, source: str) -> str:
    token = text.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise DataError(f"{source}: the token must be one word of ASCII characters")
    return token


def require_token(host: str, token: str | None) -> None:
    """A server that others can reach asks who they are.

    Raises:
        ConfigError: ``host`` is not this machine's own address, and there is no token.
    """
    if token is None and not _is_loopback(host):
        raise ConfigError(
            f"--host {host} can be reached from elsewhere: give a token by --token-file or {TOKEN_VARIABLE}"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def carries_token(authorization: bytes, token: str | None) -> bool:
    """Whether that header's value is the token's; how long the answer takes does not tell how close a guess is."""
    if token is None:
        return True
    scheme, _, given = authorization.partition(b" ")
    return hmac.compare_digest(given.strip(), token.encode()) and scheme.lower() == b"bearer"
