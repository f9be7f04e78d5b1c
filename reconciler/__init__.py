"""GitOps for OpenAI assistants: the difference between YAML in Git and what is live, and how to remove it."""

import time
from typing import Final

DISTRIBUTION: Final = "assistant-reconciler"
"""The name under which this package is installed."""
STARTED: Final = time.time_ns()
"""Time at which the import of this package began, in nanoseconds."""
