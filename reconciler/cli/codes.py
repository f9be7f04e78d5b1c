"""Exit codes of all commands. An error with its own exit code has it in `ReconcilerError.exit_code`."""

from collections.abc import Mapping
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
MEANINGS: Final[Mapping[int, str]] = {
    0: "success",
    FAILED: "error",
    CHANGES: "drift, or changes with `--detailed-exitcode` or `--check`",
    REFUSED: "refused",
    PARTLY: "partially applied",
    5: "stale plan",
    6: "locked",
    USAGE: "incorrect usage",
}
"""Meanings of the exit codes. 5 and 6 are those of errors."""
