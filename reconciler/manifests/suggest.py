"""Did you mean …?"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

SUGGESTIONS: Final = 100
"""As many per run are looked for among names that users make; each costs a comparison with every name."""
_SHOWN: Final = 12
_COMPARED: Final = 10_000
_LONGEST: Final = 60


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """The known names like `wrong`; without any, all of them where they are few; otherwise nothing."""
    names = sorted(set(known))
    close = get_close_matches(wrong[:_LONGEST], names[:_COMPARED], n=3, cutoff=0.6)
    if close:
        return f"did you mean {' or '.join(f'`{name}`' for name in close)}?"
    return f"known are {', '.join(f'`{name}`' for name in names)}" if 0 < len(names) <= _SHOWN else ""


def shown(text: str) -> str:
    """`text` in a message: between backticks, and not all of it where it is long."""
    return f"`{text}`" if len(text) <= _LONGEST else f"`{text[:_LONGEST]}…`"
