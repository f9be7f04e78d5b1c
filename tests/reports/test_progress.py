import io
import re
import subprocess
import sys

from reconciler.applying.model import Outcome
from reconciler.reports.progress import LogProgress, progress_to
from reconciler.reports.progress_bar import in_flight
from reconciler.reports.style import Style
from reconciler.resources.problems import Problem


def outcome(name: str, status="done", **more) -> Outcome:
    return Outcome(f"assistant/{name}", "update", status, **more)


def log(total: int, times: list[float]):
    stream = io.StringIO()
    return stream, LogProgress(stream, total, interval=1.0, clock=iter(times).__next__)


def test_a_log_has_at_most_one_line_a_second_and_always_the_last():
    stream, progress = log(4, [0.0, 0.5, 1.0, 1.1])
    for name in "abcd":
        progress.started(f"assistant/{name}", "update")
        progress.finished(outcome(name))
    assert stream.getvalue().splitlines() == [
        "[1/4] ~ update assistant/a",
        "[3/4] ~ update assistant/c",
        "[4/4] ~ update assistant/d",
    ]


def test_what_goes_wrong_is_always_logged():
    stream, progress = log(9, [0.0, 0.1, 0.2, 0.3])
    progress.finished(outcome("a"))
    progress.finished(outcome("b", "failed", problem=Problem("rate-limit", "no\x1b[2J\nmore")))
    progress.finished(outcome("c", "skipped", because_of="assistant/b"))
    progress.finished(outcome("d", "not-started"))
    progress.note("waiting 3 s:\nOpenAI asked for it")
    assert stream.getvalue().splitlines()[1:] == [
        "[2/9] ~ update assistant/b: failed: error[rate-limit]: no\\x1b[2J\\nmore",
        "[3/9] ~ update assistant/c: skipped: waited for assistant/b",
        "[4/9] ~ update assistant/d: not-started",
        "waiting 3 s:\\nOpenAI asked for it",
    ]


def test_what_is_in_flight_is_shown_whole_as_far_as_there_is_room():
    items = ["+ file/a.md", "+ file/b.md", "+ file/c.md"]
    assert in_flight(items, 80) == "+ file/a.md, + file/b.md, + file/c.md"
    assert in_flight(items, 35) == "+ file/a.md, + file/b.md, … 1 more"
    assert in_flight(items, 8) == "+ file/…"
    assert in_flight([], 80) == ""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar_that_leaves_only_failures_and_notes(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with progress_to(stream, 2, style=Style(color=False)) as progress:
        progress.started("assistant/[b]a", "update")
        progress.note("waiting for [red]files\x07")
        progress.finished(outcome("[b]a", "failed", problem=Problem("bad", "no")))
    text = stream.getvalue()
    assert "~ update assistant/[b]a" in text
    assert "waiting for [red]files\\x07" in text
    assert "~ update assistant/[b]a: failed: error[bad]: no" in text
    assert not re.search(r"\x1b\[[\d;]*m", text), "NO_COLOR means no bold and no dim text either"


def test_a_bar_has_colour_where_the_style_has(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with progress_to(stream, 2, style=Style(color=True)) as progress:
        progress.started("assistant/a", "update")
    assert "\x1b[2m" in stream.getvalue()


def test_a_terminal_that_cannot_move_the_cursor_gets_lines(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    stream = Terminal()
    with progress_to(stream, 1, style=Style()) as progress:
        progress.finished(outcome("a"))
    assert stream.getvalue() == "[1/1] ~ update assistant/a\n"


def test_a_pipe_gets_lines():
    stream = io.StringIO()
    with progress_to(stream, 1, style=Style()) as progress:
        progress.finished(outcome("a"))
    assert stream.getvalue() == "[1/1] ~ update assistant/a\n"


def test_reports_do_not_load_rich_until_there_is_a_bar():
    code = "import sys, reconciler.reports.text, reconciler.reports.progress; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
