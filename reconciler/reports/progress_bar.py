"""The bar in a terminal. Imported only where there is one: rich takes its time to load."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

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
from reconciler.reports.progress import item_text, outcome_line
from reconciler.reports.style import Style, clip, plain

_SHOWN = 3


@contextmanager
def bar(stream: TextIO, total: int, style: Style) -> Iterator["BarProgress"]:
    """A bar that is there while the block runs, and leaves only failures and notes behind."""
    console = Console(file=stream, no_color=not style.color, highlight=False, markup=False, emoji=False)
    columns = (SpinnerColumn(), BarColumn(bar_width=32), MofNCompleteColumn(), _Rate(), TimeElapsedColumn())
    with _ItemsBar(*columns, console=console, transient=True) as shown:
        yield BarProgress(shown, shown.add_task("", total=total))


class BarProgress:
    """`Progress` as a bar with the changes in flight below it."""

    def __init__(self, shown: "_ItemsBar", task: TaskID) -> None:
        self._bar, self._task = shown, task

    def started(self, address: str, action: Action) -> None:
        self._bar.running[address] = item_text(address, action)

    def finished(self, outcome: Outcome) -> None:
        self._bar.running.pop(outcome.address, None)
        self._bar.advance(self._task)
        if outcome.status == "failed":
            self._bar.console.print(Text(outcome_line(outcome), style="red"))

    def note(self, text: str) -> None:
        self._bar.console.print(Text(plain(text), style="yellow"))


class _ItemsBar(Bar):
    """A bar, and in the line below it what is in flight."""

    running: dict[str, str]

    def __init__(self, *columns: ProgressColumn, console: Console, transient: bool) -> None:
        self.running = {}
        self._screen = console
        super().__init__(*columns, console=console, transient=transient)

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        items = list(self.running.values())
        more = f", … {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
        room = self._screen.width - 2 - len(more)
        yield Text(f"  {clip(', '.join(items[:_SHOWN]), room)}{more}", style="dim", no_wrap=True)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        elapsed = task.elapsed or 0.0
        return Text(f"{task.completed / elapsed:.1f}/s" if elapsed > 0.5 else "", style="dim")
