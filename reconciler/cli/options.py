"""Options that several commands share, and their values."""

import os
import re
import shlex
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from reconciler.cli import completing
from reconciler.cli.parameter_types import Duration, Output, check_outputs, in_a_folder, values_of

Function = TypeVar("Function", bound=Callable[..., Any])

FORMAT: Final = "reconciler.format"
"""Key of the selected output format in the click context, for error output."""


_USERINFO: Final = re.compile(r"(?<=://)[^/?#\s]*@")


NO_COLOR: Final = "reconciler.no-color"
"""Key of --no-color in the click context."""


def _remember(ctx: click.Context, param: click.Parameter, value: str) -> str:
    del param
    ctx.meta[FORMAT] = value
    return value


def output_file(
    *kinds: str, description: str, metavar: str = "FILE", required: bool = False
) -> Callable[[Function], Function]:
    """Add `--out`, and check its file before the command runs."""
    option = click.option(
        "--out", metavar=metavar, required=required, type=Output(*kinds), callback=in_a_folder, help=description
    )

    def add(function: Function) -> Function:
        @wraps(function)
        def run(*args: Any, **given: Any) -> Any:
            check_outputs()
            return function(*args, **given)

        return option(run)  # type: ignore[return-value]

    return add


folder = click.option(
    "-C",
    "start",
    metavar="DIR",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="Search for the project in DIR, its parents and DIR/manifests. Default: the current folder.",
)


def _environment(complete: completing.Complete) -> Callable[[Function], Function]:
    return click.option(
        "--env",
        metavar="NAME",
        shell_complete=complete,
        help="Select the environment; required by online commands when the project has several environments.",
    )


environment = _environment(completing.environments)

confirm = click.option(
    "--confirm",
    metavar="NAME",
    help="Confirm that the environment NAME, or the project without environments, is destroyed.",
)

TIMEOUT: Final = "RECONCILER_TIMEOUT"
NO_CACHE: Final = "RECONCILER_NO_CACHE"


LOCK_TIMEOUT: Final = "RECONCILER_LOCK_TIMEOUT"


def _limit(ctx: click.Context, param: click.Parameter, value: int | None) -> None:
    """Set the variable of the time limit until the command ends."""
    del param
    if value is not None:
        before = os.environ.get(TIMEOUT)
        os.environ[TIMEOUT] = str(value)
        ctx.call_on_close(lambda: os.environ.update({TIMEOUT: before}) if before else os.environ.pop(TIMEOUT, None))


def time_limit(function: Function) -> Function:
    """Add `--timeout`."""
    return click.option(
        "--timeout",
        metavar="DURATION",
        type=Duration(1),
        envvar=TIMEOUT,
        expose_value=False,
        callback=_limit,
        help="End after this time: seconds, or 90s, 10m, 1h. Default: one hour for reading, no limit for an apply.",
    )(function)


def _wait(ctx: click.Context, param: click.Parameter, value: int) -> None:
    """Set the wait for locks until the command ends."""
    del param
    if value:
        from reconciler.cli.observing import wait_note
        from reconciler.operations.supervision import sleep
        from reconciler.state.lock_wait import LOCK_WAIT, LockWait

        token = LOCK_WAIT.set(LockWait(value, tell=wait_note, sleep=sleep))
        ctx.call_on_close(lambda: LOCK_WAIT.reset(token))


def locking(function: Function) -> Function:
    """Add `--lock-timeout`, for a command that takes the lock."""
    return click.option(
        "--lock-timeout",
        metavar="DURATION",
        type=Duration(0),
        default=0,
        envvar=LOCK_TIMEOUT,
        expose_value=False,
        callback=_wait,
        help="Wait this long for a lock that another run holds: seconds, or 90s, 10m, 1h. Default: 0.",
    )(function)


def applying(function: Callable[..., int]) -> Callable[..., int]:
    """Add `--lock-timeout` and `--json-events`, for a command that applies a plan."""
    from reconciler.cli.observing import recorded

    return locking(recorded(function))


def _watch(ctx: click.Context, param: click.Parameter, value: int) -> None:
    del param
    if value:
        from reconciler.cli.observing import watch_requests

        watch_requests(ctx, detailed=value > 1)


def requesting(function: Function) -> Function:
    """Add `--timeout` and `-v`."""
    verbose = click.option(
        "-v",
        "--verbose",
        count=True,
        expose_value=False,
        callback=_watch,
        help="Print a line for each request on stderr; -vv also when it is sent, and its waits.",
    )
    return time_limit(verbose(function))


def endpoint(function: Function) -> Function:
    """Add `--endpoint`, `--timeout` and `-v`."""
    api = click.option("--endpoint", metavar="URL", help="Use this API: a URL, `embedded`, or `embedded+assistants`.")
    return api(requesting(function))


def _printed(*formats: str) -> Callable[[Function], Function]:
    return click.option(
        "-o",
        "--format",
        "format_",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        callback=_remember,
        help="Select the output format.",
    )


output = _printed("text", "json")
report = _printed("text", "json", "markdown")
page = _printed("text", "json", "html")
document = _printed("text", "json", "markdown", "html")
drawing = _printed("mermaid", "dot", "svg", "json")
colour = click.option(
    "--no-color",
    is_flag=True,
    expose_value=False,
    callback=lambda ctx, _param, value: ctx.meta.update({NO_COLOR: value}),
    help="Disable colour.",
)


def _no_cache(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    """Set the variable that turns the cache off until the command ends."""
    del param
    if value:
        before = os.environ.get(NO_CACHE)
        os.environ[NO_CACHE] = "1"
        ctx.call_on_close(lambda: os.environ.update({NO_CACHE: before}) if before else os.environ.pop(NO_CACHE, None))


no_cache = click.option(
    "--no-cache",
    is_flag=True,
    expose_value=False,
    callback=_no_cache,
    help="Parse and validate all manifests again, instead of reading unchanged ones from the cache.",
)


def manifests(function: Function) -> Function:
    """Add `-C` and `--no-cache`, for a command that loads manifests and does not have the options of `project`."""
    return folder(no_cache(function))


on_drift = click.option(
    "--on-drift",
    type=click.Choice(["revert", "keep", "refuse"]),
    default="revert",
    show_default=True,
    help="Handle drift: revert it, keep it, or refuse the plan.",
)
targets = click.option(
    "--target",
    "targets",
    metavar="ADDRESS",
    multiple=True,
    shell_complete=completing.addresses,
    help="Include only this object and its dependencies; repeatable.",
)
out = output_file("result", description="Also write the result to FILE as JSON.")


def project(
    function: Function,
    printed: Callable[[Function], Function] = output,
    env: Callable[[Function], Function] = environment,
) -> Function:
    """Add `-C`, `--env`, `-o`, `--no-color` and `--no-cache`."""
    for option in (no_cache, colour, printed, env, folder):
        function = option(function)
    return function


def live(function: Function) -> Function:
    """Add the options of `project`, and `--endpoint`."""
    return project(endpoint(function))


def paged(function: Function) -> Function:
    """Add the options of `live`, with the format `-o html`."""
    return project(endpoint(function), page)


def drawn(function: Function) -> Function:
    """Add the options of `live`, with the formats of graphs."""
    return project(endpoint(function), drawing)


def reviewed(function: Function) -> Function:
    """Add the options of `live`, with the formats `-o markdown` and `-o html`."""
    return project(endpoint(function), document)


def destroying(function: Function) -> Function:
    """Add the options of `reviewed`; --env may be an environment that project.yaml does not have any longer."""
    return project(endpoint(function), document, _environment(completing.destroyable))


_CARRIED: Final = {
    "start": "-C",
    "env": "--env",
    "endpoint": "--endpoint",
    "on_drift": "--on-drift",
    "targets": "--target",
}
"""Options that determine a plan, by parameter name. A saved plan contains the last two."""


def again(
    verb: str,
    saved: Path | None = None,
    *,
    words: tuple[str, ...] = (),
    left: tuple[str, ...] = (),
    identity: str = "",
    **other: Any,
) -> str:
    """Return the command line of `verb` with the options of the current command, or for the plan in `saved`.

    `words` are its arguments. `identity` is that of the project: the command names its environment, which a saved plan
    has. `other` sets further options by parameter name, and those in `left` are omitted.
    """
    ctx = click.get_current_context()
    given = {
        name: value
        for name, value in ctx.params.items()
        if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    } | other
    left = (*left, "on_drift", "targets") if saved else left
    environment = identity.partition("/")[2]
    if environment and not saved:
        given["env"] = environment
    names = [name for name in _CARRIED if name in given and name not in left]
    given_words = [word for name in names for value in values_of(given[name]) for word in (_CARRIED[name], str(value))]
    return command_line([verb, *words, *given_words, *([str(saved)] if saved else [])])


def command_line(words: Iterable[str]) -> str:
    """Return the command line that runs `reconciler` with these words, without credentials in URLs."""
    return shlex.join(["reconciler", *(_USERINFO.sub("", word) for word in words)])


def environ() -> dict[str, str]:
    return dict(os.environ)


def addresses(texts: tuple[str, ...]) -> tuple[Any, ...]:
    """Parse addresses; raises BadParameter for an invalid one."""
    from reconciler.resources.address import Address

    found = []
    for text in texts:
        try:
            found.append(Address.parse(text))
        except ValueError as error:
            meant = _called(text)
            message = f"{text!r} is not a valid address; {meant}" if meant else str(error)
            raise click.BadParameter(message, param_hint="ADDRESS") from error
    return tuple(found)


def _called(name: str) -> str:
    """Return a question with the addresses of objects that have this or a similar name; empty if there are none."""
    from reconciler.project import names
    from reconciler.resources.name_lists import similar
    from reconciler.resources.registry import kinds

    ctx = click.get_current_context(silent=True)
    start = ctx.params.get("start") if ctx else None
    objects = {kind.name: kind.prefix for kind in kinds().values() if kind.is_object}
    found = ((objects.get(kind), own) for kind, own in names.manifests(Path(start or ".")))
    known = [(f"{prefix}/{own}", own) for prefix, own in found if prefix]
    alike = [name] if any(own == name for _, own in known) else similar(name, (own for _, own in known))
    addresses = dict.fromkeys(address for address, own in known if own in alike)
    return f"did you mean {' or '.join([*addresses][:2])}?" if addresses else ""
