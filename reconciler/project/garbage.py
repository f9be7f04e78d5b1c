"""The search for cycles of garbage, which would look through every module, manifest and live object again and again.

These stay until the end of a command: searching them takes a quarter of the time of a large plan, and a tenth of the
time of a small one. Only requests make cycles that are garbage soon.
"""

import gc
from typing import Final

_STARTING: Final = (1_000_000, 50, 100)
_CONNECTED: Final = (100_000, 50, 100)


def rarely_while_loading() -> None:
    """Search seldom from here on. A small project is loaded without any search."""
    gc.set_threshold(*_STARTING)


def leave_out_loaded() -> None:
    """Search more often from here on, but not what was loaded until now. In a process that did not begin with
    `rarely_while_loading`, nothing changes.
    """
    if gc.get_threshold() == _STARTING:
        gc.freeze()
        gc.set_threshold(*_CONNECTED)


def end() -> None:
    """Prepare the end of the process, at which Python would search everything once more."""
    gc.freeze()
