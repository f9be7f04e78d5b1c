"""The host of the API of OpenAI, for code that only compares URLs and needs no client."""

from typing import Final

OPENAI: Final = "api.openai.com"


def is_of_openai(host: str | None) -> bool:
    """Return True for the host of the API of OpenAI, or of one of its regions."""
    name = (host or "").lower().rstrip(".")
    return name == OPENAI or name.endswith(f".{OPENAI}")
