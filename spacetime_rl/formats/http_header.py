"""What a header of an HTTP request can hold."""

from __future__ import annotations


def fits_header(token: str) -> bool:
    """Whether a token may stand in a header: visible ASCII, no spaces."""
    return all("!" <= character <= "~" for character in token)
