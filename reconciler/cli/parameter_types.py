"""Types of parameters: durations, and files that a command writes, which are checked before anything else is done."""

import os
import re
from pathlib import Path
from typing import Any, Final

import click

_UNITS: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION: Final = re.compile(r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s?)?", re.ASCII)
_LONGEST: Final = 7 * 86_400


class Output(click.Path):
    """A file that a command writes: a new one, or one with an earlier document of these kinds."""

    def __init__(self, *kinds: str, dir_okay: bool = False, allow_dash: bool = False) -> None:
        super().__init__(path_type=Path, dir_okay=dir_okay, allow_dash=allow_dash)
        self.kinds = kinds


def in_a_folder(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
    """Raise BadParameter if the folder of the file does not exist, before any work is done."""
    if value is not None and not value.parent.is_dir():
        raise click.BadParameter(f"folder {value.parent} does not exist", ctx, param)
    return value


def check_outputs() -> None:
    """Raise ReconcilerError if a file that the command would write is in use: nothing was read or written yet."""
    from reconciler.files.outputs import objection
    from reconciler.resources.problems import Problem, ReconcilerError

    ctx = click.get_current_context()
    named = {
        param.name: tuple(Path(word) for word in values_of(value) if _is_file(word, param))
        for param in ctx.command.params
        if (value := ctx.params.get(param.name or ""))
    }
    for param in ctx.command.params:
        if isinstance(param.type, Output):
            others = [file for name, files in named.items() if name != param.name for file in files]
            for file in named.get(param.name, ()):
                if why := objection(file, param.type.kinds, others):
                    hint = f"Choose another file for {param.opts[0]}. Nothing was changed."
                    raise ReconcilerError(Problem("unwritable", f"cannot write {file}: {why}", hint=hint))


def _is_file(word: Any, param: click.Parameter) -> bool:
    """Return True for a value that names a file, as an argument may without its type."""
    if isinstance(word, str) and isinstance(param, click.Argument):
        return os.path.isfile(word)  # noqa: PTH113 - a word with a null byte is no file and no error
    return isinstance(word, Path)


def values_of(value: Any) -> tuple[Any, ...]:
    """Return the values of a parameter that may be repeated."""
    return value if isinstance(value, tuple) else (value,)


class Duration(click.ParamType[int]):
    """A duration in seconds: a number, with or without units."""

    name = "duration"

    def __init__(self, least: int) -> None:
        self._least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value).strip()
        found = _DURATION.fullmatch(text)
        if not text or not found:
            self.fail(f"{text!r} is not a duration. Use seconds, or units: 90, 90s, 10m, 1h30m.", param, ctx)
        seconds = sum(int(number or 0) * unit for number, unit in zip(found.groups(), _UNITS.values(), strict=True))
        if not self._least <= seconds <= _LONGEST:
            self.fail(f"{text!r} is not between {self._least} s and 7 days.", param, ctx)
        return seconds
