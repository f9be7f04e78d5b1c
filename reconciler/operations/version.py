"""`version`: the versions of Reconciler, of Python and of the OpenAI SDK."""

import platform
from importlib.metadata import version
from typing import Final, Literal

from typing_extensions import TypedDict

from reconciler import DISTRIBUTION

FORMAT: Final = "reconciler/version/v1"


class VersionDocument(TypedDict):
    """The versions of an installation."""

    format: Literal["reconciler/version/v1"]
    version: str
    """The version of Reconciler."""
    python: str
    """The version of Python."""
    openai: str
    """The version of the OpenAI SDK."""


def versions() -> VersionDocument:
    """Return the versions of this installation."""
    return {
        "format": FORMAT,
        "version": version(DISTRIBUTION),
        "python": platform.python_version(),
        "openai": version("openai"),
    }
