"""The progress bar in a terminal. Imported only there, because `rich` is slow to load."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, TextIO, TypeAlias

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress as Bar,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TimeElapsedColumn,
)
from rich.text import Text

from reconciler.applying.model import Outcome
from reconciler.planning.model import Action
from reconciler.reports.style import Style, cells, clip, more, plain
from reconciler.reports.text.apply import outcome_line
from reconciler.reports.views.changes import SIGNS

_Colours: TypeAlias = Literal["auto"] | None
_MARGIN = 6
"""Left of the items, and right of them: the `^C` that a terminal echoes there must not begin a new line."""


@contextmanager
def bar(stream: TextIO, total: int, style: Style) -> Iterator["BarProgress"]:
    """Show a bar while the block runs; only failures and notes remain afterwards."""
    # Without a system of colours, there is no bold or dim text either, which `no_color` would leave.
    colours: _Colours = "auto" if style.color else None
    console = Console(file=stream, color_system=colours, no_color=False, highlight=False, markup=False, emoji=False)
    line = BarColumn(32, complete_style="green", finished_style="green")
    columns = (SpinnerColumn(), line, MofNCompleteColumn(), _Rate(), TimeElapsedColumn())
    with _ItemsBar(*columns, console=console, transient=True) as shown:
        yield BarProgress(shown, shown.add_task("", total=total))


class BarProgress:
    """`Progress` as a bar with the changes in flight below it."""

    def __init__(self, shown: "_ItemsBar", task: TaskID) -> None:
        self._bar, self._task = shown, task

    def started(self, address: str, action: Action) -> None:
        self._bar.running[address] = f"{SIGNS[action]} {plain(address)}"

    def finished(self, outcome: Outcome) -> None:
        self._bar.running.pop(outcome.address, None)
        self._bar.advance(self._task)
        if outcome.status == "failed":
            self._bar.console.print(Text(outcome_line(outcome), style="red"))

    def note(self, text: str) -> None:
        # Not wrapped here, so that ids and paths in it can be copied.
        self._bar.console.print(Text(plain(text), style="yellow"), soft_wrap=True)


class _ItemsBar(Bar):
    """A bar, and the changes in flight on the line below it."""

    running: dict[str, str]

    def __init__(self, *columns: ProgressColumn, console: Console, transient: bool) -> None:
        self.running = {}
        self._screen = console
        super().__init__(*columns, console=console, transient=transient)

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        text = in_flight(list(self.running.values()), self._screen.width - _MARGIN)
        yield Text(f"  {text}", style="dim", no_wrap=True)


def in_flight(items: Sequence[str], room: int) -> str:
    """Return as many whole `items` as fit into `room` columns, at most four, and the number of the others."""
    for most in range(min(len(items), 4), 0, -1):
        rest = f", {more(len(items) - most)}" if len(items) > most else ""
        text = ", ".join(items[:most]) + rest
        if cells(text) <= room:
            return text
    return clip(items[0], room) if items else ""


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        elapsed = task.elapsed or 0.0
        return Text(f"{task.completed / elapsed:.1f}/s" if elapsed > 0.5 else "", style="dim")
