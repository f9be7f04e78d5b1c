"""Access to GitHub from a workflow: comments, issues, pull requests, and the plan artifacts of merged ones."""

from reconciler.github.client import GitHub, connect
from reconciler.github.failures import GitHubError

__all__ = ["GitHub", "GitHubError", "connect"]
