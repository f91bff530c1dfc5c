"""The bearer token that the judge's server asks for and its client sends: where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from medical_team.errors import DataError

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
