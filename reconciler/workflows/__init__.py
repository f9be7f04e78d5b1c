"""The files with which a repository runs Reconciler in CI, for GitHub Actions and for GitLab CI."""

from reconciler.workflows.model import CI, Setup, setup_of
from reconciler.workflows.source import Source, parse_source

__all__ = ["CI", "Setup", "Source", "parse_source", "setup_of"]
