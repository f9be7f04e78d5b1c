"""Exit codes of all commands. An error with its own exit code has it in `ReconcilerError.exit_code`."""

from typing import Final

FAILED: Final = 1
"""An error, or a declined confirmation."""
CHANGES: Final = 2
"""Drift; with `plan --detailed-exitcode` changes; with `ci reviewed` changes that are held back; with
`fmt --check` files that are not in the canonical layout."""
REFUSED: Final = 3
"""Refused by the guard."""
PARTLY: Final = 4
"""Partially applied."""
USAGE: Final = 64
"""Incorrect usage. The default of click is 2, which means changes here."""
