"""Options that several commands share, and what they stand for."""

import os
import re
import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])

FORMAT: Final = "reconciler.format"
"""Where a running command keeps what it was told to print, for what goes wrong in it."""


_USERINFO: Final = re.compile(r"(?<=://)[^/?#\s]*@")


NO_COLOR: Final = "reconciler.no-color"
"""Where it keeps whether it may use colours."""


def _remember(ctx: click.Context, param: click.Parameter, value: str) -> str:
    del param
    ctx.meta[FORMAT] = value
    return value


def in_a_folder(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
    """A file that could not be written is better found out before the work than after it."""
    if value is not None and not value.parent.is_dir():
        raise click.BadParameter(f"there is no folder {value.parent}", ctx, param)
    return value


folder = click.option(
    "-C",
    "start",
    metavar="DIR",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="Look for the project from DIR.",
)
environment = click.option(
    "--env", metavar="NAME", help="The environment; what looks at live objects needs one if there are several."
)
endpoint = click.option("--endpoint", metavar="URL", help="The API: a URL, or `embedded` for the one that is built in.")


def _printed(*formats: str) -> Callable[[Function], Function]:
    return click.option(
        "-o",
        "--format",
        "format_",
        type=click.Choice(formats),
        default="text",
        show_default=True,
        callback=_remember,
        help="What to print.",
    )


output = _printed("text", "json")
report = _printed("text", "json", "markdown")
document = _printed("text", "json", "markdown", "html")
colour = click.option(
    "--no-color",
    is_flag=True,
    expose_value=False,
    callback=lambda ctx, _param, value: ctx.meta.update({NO_COLOR: value}),
    help="Plain text, also in a terminal.",
)
on_drift = click.option(
    "--on-drift",
    type=click.Choice(["revert", "keep", "refuse"]),
    default="revert",
    show_default=True,
    help="What to do with changes made by hand.",
)
targets = click.option(
    "--target", "targets", metavar="ADDRESS", multiple=True, help="Only this address and what it needs; repeatable."
)
out = click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=in_a_folder,
    help="Also write the JSON document to FILE.",
)


def project(function: Function, printed: Callable[[Function], Function] = output) -> Function:
    """`-C`, `--env`, `-o` and `--no-color`."""
    for option in (colour, printed, environment, folder):
        function = option(function)
    return function


def live(function: Function) -> Function:
    """What `project` has, and `--endpoint`."""
    return project(endpoint(function))


def reviewed(function: Function) -> Function:
    """What `live` has, with documents for people to read elsewhere: `-o markdown` and `-o html`."""
    return project(endpoint(function), document)


_CARRIED: Final = {
    "start": "-C",
    "env": "--env",
    "endpoint": "--endpoint",
    "on_drift": "--on-drift",
    "targets": "--target",
}
"""What a plan is made with. A saved one brings the last two itself."""


def again(verb: str, saved: Path | None = None, **other: Any) -> str:
    """The command line of `verb` with the options that this one was given, or for the plan that it saved.

    `other` sets options besides, by the name of their parameter.
    """
    ctx = click.get_current_context()
    given = {
        name: value
        for name, value in ctx.params.items()
        if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    } | other
    names = [name for name in _CARRIED if name in given and not (saved and name in ("on_drift", "targets"))]
    words = [word for name in names for value in _values(given[name]) for word in (_CARRIED[name], str(value))]
    return command_line([verb, *words, *([str(saved)] if saved else [])])


def command_line(words: Iterable[str]) -> str:
    """What runs `reconciler` with these words, as people may see it: without a user and password in a URL."""
    return shlex.join(["reconciler", *(_USERINFO.sub("", word) for word in words)])


def _values(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def environ() -> dict[str, str]:
    return dict(os.environ)


def addresses(texts: tuple[str, ...]) -> tuple[Any, ...]:
    """Addresses as the user wrote them; wrong usage where one is none."""
    from reconciler.resources.address import Address

    try:
        return tuple(map(Address.parse, texts))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="ADDRESS") from error
