"""GitOps for OpenAI assistants: the difference between YAML in Git and what is live, and how to remove it."""

from typing import Final

DISTRIBUTION: Final = "assistant-reconciler"
"""The name under which this package is installed."""
