"""Fixtures of GitHub: a server, and a client of it."""

from tests.support.github_hub import github, hub, waits

__all__ = ["github", "hub", "waits"]
