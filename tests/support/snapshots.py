"""Snapshots of what commands show in a terminal: text files in which colours, ids and times are readable and stable.

Run a test with `WRITE_EXPECTED=1` to write its snapshots again, and review the difference.
"""

import io
import os
import re
from collections.abc import Callable
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from reconciler.cli.main import run
from reconciler.reports.style import cells

LOOKS: Final = {"1": "bold", "2": "dim", "31": "red", "32": "green", "33": "yellow", "36": "cyan"}
_SGR: Final = re.compile(r"\x1b\[(?P<codes>[\d;]*)m")
_ID: Final = re.compile(r"\b(?P<prefix>[a-z]+[_-])(?P<rest>[0-9a-f]{20,})\b")
_DIGEST: Final = re.compile(r"(?<=sha256:)[0-9a-f]{6,64}|(?<=[a-z]-)[0-9a-f]{8}\b(?!-)")
_CLOCK: Final = re.compile(r"(?<=2001-01-01)[T ]\d\d:\d\d(:\d\d)?")


_WHOLE: Final = re.compile(r"[+-]?\s*\w+: (\S+|\{.*\})|(\s+|[\w ]+: )(git|reconciler) .*")
"""Lines that stay whole, so that they can be copied: values of YAML documents, also in a diff, and commands."""
HOME: Final = "/home/ada"
"""The folder in place of that of the test."""


class Screen(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


def readable(text: str) -> str:
    """Return `text` with its colours as words: `⟦bold red⟧refused⟦/⟧`."""

    def word(found: re.Match[str]) -> str:
        looks = [LOOKS[code] for code in found["codes"].split(";") if code not in ("", "0")]
        return f"⟦{' '.join(looks)}⟧" if looks else "⟦/⟧"

    return _SGR.sub(word, text)


@dataclass
class Scrubber:
    """Replaces values that differ in each run by others of the same length, so that the layout stays the same."""

    names: dict[str, str] = field(default_factory=dict)
    """Further texts with their replacements, such as the folder of the test."""
    ids: dict[str, str] = field(default_factory=dict)

    def scrubbed(self, text: str) -> str:
        for name, other in self.names.items():
            text = text.replace(name, other)
        text = _ID.sub(self._id, text)
        text = _DIGEST.sub(lambda found: "0" * len(found[0]), text)
        now = datetime.now(UTC)
        for day in (now, now - timedelta(days=1)):
            text = text.replace(day.date().isoformat(), "2001-01-01")
        return _CLOCK.sub(lambda found: re.sub(r"\d", "0", found[0]), text)

    def _id(self, found: re.Match[str]) -> str:
        number = f"{self.ids.setdefault(found[0], str(len(self.ids) + 1))}"
        return found["prefix"] + number.rjust(len(found["rest"]), "0")


@dataclass
class Snapshots:
    """The snapshots of one folder, of one run of the tests."""

    folder: Path
    scrubber: Scrubber

    def taken(self, *words: str, width: int, colour: bool, errors: bool = True) -> str:
        """Run a command in a terminal of `width` columns, and return what it shows, without progress messages unless
        `errors` is true.
        """
        screen = Screen()
        with ExitStack() as stack:
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            patch.setenv("COLUMNS", str(width))
            if not colour:
                patch.setenv("NO_COLOR", "1")
            args = list(words)
            patch.setattr("sys.argv", ["reconciler", *args])
            stack.enter_context(redirect_stdout(screen))
            stack.enter_context(redirect_stderr(screen if errors else io.StringIO()))
            code = run(args)
        exit_code = f"[exit code {code}]\n" if code else ""
        return self.scrubber.scrubbed(readable(screen.getvalue())) + exit_code

    def check(
        self, name: str, *words: str, width: int, errors: bool = True, before: Callable[[], object] = lambda: None
    ) -> str:
        """Compare the output of a command with `NAME.WIDTH.txt`, and return it without colours. `before` is called
        before each run of the command.
        """
        runs = []
        for colour in (False, True):
            before()
            runs.append(self.taken(*words, width=width, colour=colour, errors=errors))
        plain, coloured = runs
        assert "⟦" not in plain
        assert re.sub("⟦[^⟧]*⟧", "", coloured) == plain, "colours change the text"
        file = self.folder / f"{name}.{width}.txt"
        command = " ".join(words)
        text = f"$ reconciler {command}  # {width} columns, without colour\n{plain}\n"
        text += f"$ reconciler {command}  # {width} columns, in colour\n{coloured}"
        if os.environ.get("WRITE_EXPECTED"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8")
        return plain


def too_wide(text: str, width: int) -> list[str]:
    """Return the lines of `text` that are wider than the terminal and could have been broken at a space, which those of
    YAML documents and commands could not. A line with the folder of the test is as long as that.
    """
    lines = (line for line in text.splitlines() if cells(line) > width and HOME not in line)
    return [line for line in lines if " " in line.strip() and not _WHOLE.fullmatch(line)]
