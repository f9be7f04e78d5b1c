"""GitHub, as a workflow needs it: one comment, one issue, the pull requests of a merge, and the plans they showed."""

from reconciler.github.client import GitHub, connect
from reconciler.github.failures import GitHubError

__all__ = ["GitHub", "GitHubError", "connect"]
