"""Exit codes, the same for every command. An error that has one of its own carries it: `ReconcilerError.exit_code`."""

from typing import Final

FAILED: Final = 1
"""An error, or a person who did not agree."""
CHANGES: Final = 2
"""Drift; with `plan --detailed-exitcode` something to do; with `ci reviewed` something held back."""
REFUSED: Final = 3
"""By the guard."""
PARTLY: Final = 4
"""Something was done, and something was not."""
USAGE: Final = 64
"""Wrong usage; click's own is 2, which means changes here."""
