"""Did you mean …?"""

from collections.abc import Iterable
from difflib import get_close_matches

_SHOWN = 12


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """The known names like `wrong`; without any, all of them where they are few; otherwise nothing."""
    names = sorted(set(known))
    close = get_close_matches(wrong[:100], names, n=3, cutoff=0.6)
    if close:
        return f"did you mean {' or '.join(f'`{name}`' for name in close)}?"
    return f"known are {', '.join(f'`{name}`' for name in names)}" if 0 < len(names) <= _SHOWN else ""
