"""`reconciler`: the command group. Each command is imported when it is called."""

import errno
import importlib
import io
import os
import sys
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from reconciler.cli import codes
from reconciler.cli.options import FORMAT
from reconciler.project import garbage

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from reconciler.resources.problems import Problem

COMMANDS: Final = {
    "init": "Write a small project, or the files that run one in CI.",
    "validate": "Check the manifests offline.",
    "fmt": "Write the manifests in the canonical layout.",
    "plan": "Show the changes that apply would make.",
    "show": "Show a saved plan.",
    "apply": "Apply the manifests.",
    "drift": "Report changes made outside Reconciler.",
    "pull": "Copy live changes into the manifests.",
    "status": "List every managed object with its id and sync status.",
    "graph": "Print the dependencies of all objects, or of one.",
    "inventory": "List every live object with owner, size, cost and references.",
    "import": "Write manifests for live objects.",
    "adopt": "Adopt unmanaged objects that match a manifest.",
    "migrate": "Write manifests from assistants and prompts of a server or of exports.",
    "release": "Create an immutable release of a chatbot.",
    "publish": "Set the published release of a chatbot.",
    "rollback": "Publish an earlier release of a chatbot immediately.",
    "promote": "Publish the release of one environment in another one.",
    "archive": "Remove an object and its dependents from the manifests.",
    "destroy": "Remove everything of one environment.",
    "diff": "Show the changes between two versions of a chatbot.",
    "export": "Print the bundle that an application loads.",
    "state": "Inspect and edit the state.",
    "consent": "Write the consent that permits one refused change.",
    "doctor": "Check the key, the API, the state, Git and everything else that commands need.",
    "explain": "Explain a kind, a field of a manifest, or the code of a message.",
    "schema": "Print or write the JSON Schemas of manifests and bundles.",
    "ci": "Run steps of CI workflows.",
    "completion": "Print the script that completes commands and names in a shell.",
    "emulator": "Run the embedded OpenAI API as a server.",
    "demo": "Run the demo on the sample organisation.",
    "help": "Show the help of a command.",
    "version": "Print the versions of Reconciler, Python and the OpenAI SDK.",
}
MODULES: Final = {
    "import": "import_",
    "demo": "init",
    "show": "plan",
    "status": "drift",
    "version": "help",
    **dict.fromkeys(("release", "publish", "promote", "archive", "diff", "export"), "releases"),
}
"""Modules of commands. Default: the name of the command."""


_WORDS: Final = "reconciler.words"
"""Key of the command line in the click context, for errors about it."""
_NO_PLUGINS: Final = ("PYDANTIC_DISABLE_PLUGINS", "__all__")
"""Without it, pydantic looks for plugins in the metadata of every installed package, and each may change what a
manifest means."""
_NO_THREAD: Final = "can't start new thread"
_NOT_MAPPED: Final = ("failed to map segment", "cannot allocate memory")
_NO_EXCEPTION: Final = ("without exception set", "without setting an exception")
"""The only signs by which Python shows that memory for a thread, a library or an exception is missing."""
_NO_MEMORY: Final = b"""\
error[memory]: not enough memory
  Free memory, or raise the limit of the process (`ulimit -v`, the memory of the container), and run again.
"""
"""The error where there is no memory to format one."""


class LazyGroup(click.Group):
    """A command group that shows its help without importing its commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"reconciler.cli.{MODULES.get(cmd_name, cmd_name)}")
        commands = (value for value in vars(module).values() if isinstance(value, click.Command))
        return next(command for command in commands if command.name == cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not ctx.resilient_parsing:
            from reconciler.cli.habits import suggestion

            ctx.fail(f"No such command '{args[0]}'. {suggestion(args[0], COMMANDS)}".rstrip())
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list["CompletionItem[str]"]:
        """Return the commands without importing them."""
        from click.shell_completion import CompletionItem

        commands = [CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_WORDS] = tuple(args)
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            from reconciler.cli.habits import translated

            raise translated(error, ctx.meta[_WORDS]) from error

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and print errors in the selected format."""
        from reconciler.cli.output import show_error
        from reconciler.resources.problems import ReconcilerError

        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            from reconciler.cli.habits import translated

            raise translated(error, ctx.meta[_WORDS]) from error
        except ReconcilerError as error:
            show_error(error.problems, ctx.meta.get(FORMAT, "text"))
            return error.exit_code
        except (MemoryError, RecursionError) as error:
            show_error((_too_large(error),), ctx.meta.get(FORMAT, "text"))
            return codes.FAILED
        except (RuntimeError, OSError) as error:
            if _lacks_memory(error):
                show_error((_too_large(MemoryError()),), ctx.meta.get(FORMAT, "text"))
                return codes.FAILED
            if not isinstance(error, OSError):
                raise
            if isinstance(error, BrokenPipeError):  # of a help text: click ends the command quietly
                raise
            show_error((_unusable(error),), ctx.meta.get(FORMAT, "text"))
            return codes.FAILED

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _unusable(error: OSError) -> "Problem":
    from reconciler.resources.problems import Problem, reason

    hint = "Check that the path exists, that you have permission to read and write it, and that the disk is not full."
    return Problem("io", reason(error), hint=hint)


def _too_large(error: MemoryError | RecursionError) -> "Problem":
    from reconciler.resources.problems import Problem

    if isinstance(error, MemoryError):
        hint = (
            "Free memory, or raise the limit of the process (`ulimit -v`, the memory of the container), and run again."
        )
        return Problem("memory", "not enough memory", hint=hint)
    hint = "Look for a value that is nested hundreds of levels deep in the files that the command reads."
    return Problem("too-deep", "a document is nested too deeply", hint=hint)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="assistant-reconciler", prog_name="reconciler")
def cli() -> None:
    """Manage OpenAI assistants as YAML in Git: plan, apply and detect drift.

    Exit codes: 0 success, 1 error, 2 drift (and changes: `plan --detailed-exitcode`, `fmt --check`, `ci reviewed`),
    3 refused, 4 partially applied, 5 stale plan, 6 locked, 64 incorrect usage.
    """


def main(args: list[str] | None = None) -> NoReturn:
    """Run a command and exit with its exit code. Errors are printed as messages, without a stack trace."""
    if args is None:
        _use_utf8()
    os.environ.setdefault(*_NO_PLUGINS)
    garbage.rarely_while_loading()
    _open_streams()
    code = run(args)
    garbage.end()
    sys.exit(code)


def _use_utf8() -> None:
    """Start Python again in UTF-8 mode if the locale has another encoding for the names of files, as with
    `LC_ALL=POSIX PYTHONUTF8=0`. The streams keep their encoding.
    """
    if sys.getfilesystemencoding() == "utf-8" or os.environ.get("PYTHONUTF8") == "1":
        return
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    environ = {"PYTHONIOENCODING": f"{encoding}:backslashreplace", **os.environ, "PYTHONUTF8": "1"}
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environ)  # noqa: S606 - the command itself, again


def _open_streams() -> None:
    """Replace closed streams (`>&-`) by the null device, and escape characters that a stream cannot encode."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - open to the end
        elif mode == "w":
            stream.reconfigure(errors="backslashreplace")


def run(args: list[str] | None = None) -> int:
    """Run a command and return its exit code."""
    try:
        result: Any = cli.main(args=args, prog_name="reconciler", standalone_mode=False)
    except click.exceptions.Exit as stop:
        result = stop.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("aborted", err=True)
        result = codes.FAILED
    except click.ClickException as error:
        from reconciler.cli.output import note_prose

        usage = io.StringIO()
        error.show(usage)
        note_prose(usage.getvalue().rstrip("\n"))
        result = codes.USAGE if isinstance(error, click.UsageError) else codes.FAILED
    except Exception as error:  # noqa: BLE001 - users get a message, and a stack trace with RECONCILER_TRACE only
        result = _failed(error)
    return result if isinstance(result, int) else 0


def _failed(error: Exception) -> int:
    """Report an error that no command expects: missing memory, in whatever form, or a bug."""
    try:
        lacks_memory = _lacks_memory(error)
    except MemoryError:
        lacks_memory = True
    if not lacks_memory:
        return _internal(error)
    os.write(2, _NO_MEMORY)
    return codes.FAILED


def _lacks_memory(error: BaseException | None) -> bool:
    """Return True if an error, or one before it, shows that memory was not available."""
    while error is not None:
        said = str(error).lower()
        if (
            isinstance(error, MemoryError)
            or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
            or (isinstance(error, RuntimeError) and said == _NO_THREAD)
            or (isinstance(error, ImportError) and any(sign in said for sign in _NOT_MAPPED))
            or (isinstance(error, SystemError) and any(sign in said for sign in _NO_EXCEPTION))
        ):
            return True
        error = error.__cause__ or error.__context__
    return False


def _internal(error: Exception) -> int:
    if os.environ.get("RECONCILER_TRACE"):
        raise error
    click.echo(f"error[internal]: {type(error).__name__}: {error}", err=True)
    from reconciler.project.health import BUG

    click.echo(f"  {BUG}", err=True)
    return codes.FAILED


if __name__ == "__main__":
    main()
