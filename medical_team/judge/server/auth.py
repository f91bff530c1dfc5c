"""The bearer token at the server: when there must be one, and whether a request carries it."""

from __future__ import annotations

import hmac
import ipaddress

from medical_team.errors import ConfigError
from medical_team.judge.bearer import TOKEN_VARIABLE


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
