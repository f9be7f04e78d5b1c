"""The number of generated examples of a test: the usual one, or the full one with the option `--full`.

Seeds are fixed, so that every run draws the same examples and a failure can be replayed.
"""

from typing import Final

import pytest

RESULT: Final = "result"
"""The property of a test that the summary of the run prints."""

_chosen = {"full": False}


def configure(config: pytest.Config) -> None:
    """Take the option from the command line, before the modules of tests are imported."""
    _chosen["full"] = bool(config.getoption("--full"))


def count(usual: int, *, full: int) -> int:
    """Return the number of examples. Decorators may call it: `settings(max_examples=count(80, full=400))`."""
    return full if _chosen["full"] else usual


def announce(request: pytest.FixtureRequest, result: str) -> None:
    """Print seeds, counts and coverage of a test in the summary of the run, whether or not it fails."""
    request.node.user_properties.append((RESULT, result))
