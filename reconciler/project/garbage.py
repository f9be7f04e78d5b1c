"""The search for cycles of garbage, which would look through every module, manifest and live object again and again.

These stay until the end of a command: searching them takes a quarter of the time of a large plan, and a tenth of the
time of a small one. Requests and writes make almost no cycles: after an apply with 1,500 requests, a hundred objects.
"""

import gc
from typing import Final

_RARELY: Final = (1_000_000, 50, 100)
"""The number of new objects between two searches, which look only at those. A plan of 10,000 agents makes as many."""


def rarely_while_loading() -> None:
    """Search seldom from here on. A small project is loaded without any search."""
    gc.set_threshold(*_RARELY)


def leave_out_loaded() -> None:
    """Do not search what was loaded until now. In a process that did not begin with `rarely_while_loading`, nothing
    changes.
    """
    if gc.get_threshold() == _RARELY:
        gc.freeze()


def end() -> None:
    """Prepare the end of the process, at which Python would search everything once more."""
    gc.freeze()
