"""Fixtures of the command line: a project, and commands on it."""

from tests.support.cli import applied, cli, project, starter

__all__ = ["applied", "cli", "project", "starter"]
