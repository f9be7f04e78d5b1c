"""Words of Terraform, kubectl, Helm, Pulumi and Git with their names here, for errors about unknown words.

The tables name commands and options as they are written on the command line; a test checks that they exist.
"""

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import click

from reconciler.project import names


@dataclass(frozen=True, slots=True)
class Habit:
    """The counterpart of a word of another tool."""

    instead: tuple[str, ...] = ()
    """Command lines without `reconciler`, or options, of which one fits."""
    note: str = ""
    """A sentence that explains the difference, or what to do where nothing fits."""

    @property
    def text(self) -> str:
        quoted = [f"'{one}'" for one in self.instead]
        question = f"Did you mean {' or '.join(quoted)}?" if quoted else ""
        return " ".join(filter(None, (question, self.note)))


def _each(words: str, *instead: str, note: str = "") -> dict[str, Habit]:
    """Return the same habit for several words, separated by spaces."""
    return dict.fromkeys(words.split(), Habit(instead, note))


_ENVIRONMENT: Final = "Environments are entries of project.yaml, and `--env NAME` or RECONCILER_ENV selects one."
_MANIFESTS: Final = "Objects are changed in their manifests: edit the YAML file, then run 'reconciler apply'."
_ALL_MANIFESTS: Final = "All manifests of the project are read: -C DIR selects the project."
_YAML: Final = frozenset({".yaml", ".yml"})
COMMANDS: Final[Mapping[str, Habit]] = {
    **_each("lint check verify vet test", "validate"),
    **_each("get list ls ps", "status", note="`reconciler inventory` lists every object at OpenAI."),
    **_each("describe inspect", "status ADDRESS", "state show ADDRESS"),
    **_each(
        "delete del remove rm", "archive ADDRESS", note="It removes the manifest; the next apply deletes the object."
    ),
    **_each("refresh detect", "drift", note="Every plan reads the live objects."),
    **_each("preview dry-run whatif what-if", "plan"),
    **_each("up deploy sync push update upgrade reconcile install", "apply"),
    **_each("create new add", "apply", note="To start a project, run `reconciler init`. " + _MANIFESTS),
    **_each("edit patch set label annotate scale", note=_MANIFESTS),
    **_each("replace", "apply", note=_MANIFESTS),
    **_each("down teardown uninstall", "destroy --env ENV"),
    **_each("clean prune gc", "inventory --unused"),
    **_each(
        "taint untaint",
        note="An object is replaced if a field changes that its API cannot update; `reconciler plan` shows it.",
    ),
    **_each("output outputs render template build synth", "export ADDRESS"),
    **_each("workspace workspaces stack env environment context namespace", note=_ENVIRONMENT),
    **_each("config configure", note="Settings are in project.yaml: `reconciler explain project.spec` lists them."),
    **_each("login logout auth", note="There is no login: set OPENAI_API_KEY."),
    **_each("console", "explain TOPIC", "state show ADDRESS"),
    **_each("doc docs man api-resources", "explain", "help"),
    **_each("force-unlock unlock", "state unlock"),
    **_each("logs log events history", "state history", note="Runs of assistants are not recorded here."),
    **_each("rollout undo revert", "rollback CHATBOT"),
    **_each("cluster-info health ping whoami diagnose", "doctor"),
    **_each("approve allow permit override", "consent ADDRESS RULE"),
    **_each("tag freeze", "release CHATBOT"),
    **_each("mv move rename", "state mv FROM TO", note="To rename an object, set `moved_from` in its manifest."),
    **_each("forget", "state rm ADDRESS"),
    **_each("backup", "state pull"),
    **_each("restore", "state push FILE"),
    **_each("format", "fmt"),
    **_each("dump generate", "import"),
    **_each("query search top", "inventory"),
    **_each("dependencies deps tree", "graph"),
    **_each("providers", "version"),
}
"""Commands of other tools."""
SUBCOMMANDS: Final[Mapping[str, Mapping[str, Habit]]] = {
    "state": {
        **_each("ls", "state list"),
        **_each("get describe", "state show ADDRESS"),
        **_each("delete remove del forget", "state rm ADDRESS"),
        **_each("move rename", "state mv FROM TO"),
        **_each("export backup download", "state pull"),
        **_each("import restore upload", "state push FILE"),
        **_each("log logs", "state history"),
        **_each("force-unlock", "state unlock"),
        **_each("recover repair refresh", "state rebuild"),
        **_each("migrate replace-provider", "state migrate-backend URL"),
    },
    "emulator": _each("start run up", "emulator serve"),
}
"""Subcommands of other tools, by group."""
OPTIONS: Final[Mapping[str, Habit]] = {
    **_each("auto-approve autoapprove approve y yes skip-preview", "--yes"),
    **_each("force", note="No option skips the guard: a refusal prints the Consent that permits the change."),
    **_each("n namespace context workspace stack stage environment e", "--env", note=_ENVIRONMENT),
    **_each("chdir directory dir project", "-C"),
    **_each("output", "-o"),
    **_each("json", "-o json"),
    **_each("out save output-file", "--out"),
    **_each("target targets t", "--target"),
    **_each("detailed-exitcode expect-no-changes exit-code", "--detailed-exitcode"),
    **_each("no-color no-colour", "--no-color"),
    **_each("url api-url server base-url", "--endpoint"),
    **_each("check", "--check"),
    **_each("diff", "--diff"),
    **_each("message", "-m"),
    **_each("version", "--version"),
    **_each(
        "f filename file k kustomize recursive R", note=_ALL_MANIFESTS + " To select objects, use --target ADDRESS."
    ),
    **_each("A all-namespaces", note="A command works on one environment. " + _ENVIRONMENT),
    **_each("l selector", "--target", note="Objects are selected by their address."),
    **_each("dry-run dryrun preview", "--dry-run", note="`reconciler plan` shows the changes and writes nothing."),
    **_each("refresh-only refresh", note="`reconciler drift` reports changes made outside Reconciler."),
    **_each("destroy", note="`reconciler destroy --env ENV` removes everything of one environment."),
    **_each("var var-file set values", note="Variables are values in project.yaml."),
    **_each("replace", note="An object is replaced if a field changes that its API cannot update."),
    **_each("exclude", "--target", note="The targets are what is included."),
    **_each("parallelism", note="Independent changes are made at the same time, at the pace of the API."),
    **_each("lock", note="Apply always takes the lock; --lock-timeout DURATION waits for it."),
    **_each(
        "upgrade reconfigure migrate-state backend-config force-copy from-module plugin-dir",
        note="There are no providers or modules to install. `reconciler state migrate-backend URL` moves the state.",
    ),
    **_each("compact-warnings", note="Each warning is printed once."),
    **_each("verbose debug trace", "-v"),
    **_each("input", note="Without a terminal, apply requires --yes."),
    **_each("w watch wait", note="Apply waits until its changes are complete."),
    **_each("json-into", "--json-events"),
    **_each("prune", note="The objects of removed manifests are deleted by apply, if nothing refers to them."),
    **_each("generate-config-out", "-C", note="`reconciler import` writes the manifests to the project."),
    **_each("state state-out backup", note="The state backend is set in project.yaml or by RECONCILER_STATE."),
}
"""Options of other tools, without dashes: those of Terraform have one, as in `-auto-approve`."""

ARGUMENTS: Final[Mapping[str, Habit]] = {
    "inventory": Habit(
        ("--name GLOB", "--by type"), "Objects of all types are listed; `reconciler import KIND` selects a kind."
    ),
}
"""Counterparts of an argument, by the command that takes none."""


def translated(error: click.UsageError, words: Sequence[str]) -> click.UsageError:
    """Return an error about the command line `words` with what is meant, if it is known; otherwise the error itself."""
    if isinstance(error, click.NoSuchCommand):
        return _unknown_command(error)
    ctx = error.ctx
    if ctx is None:
        return error
    if ctx.parent is None:
        return _before_the_command(error, ctx, words)
    habit = _of_option(error, ctx, words) or _of_argument(error, ctx, words)
    return click.UsageError(f"{habit[0]} {habit[1].text}", ctx) if habit else error


def suggestion(word: str, commands: Iterable[str]) -> str:
    """Return what a word in place of a command may mean; empty if nothing is like it."""
    if word in COMMANDS:
        return COMMANDS[word].text
    return _nearest(word, [*commands], COMMANDS)


def _nearest(word: str, commands: Sequence[str], habits: Mapping[str, Habit]) -> str:
    close = difflib.get_close_matches(word, [*commands, *habits], n=1)
    if not close:
        return ""
    return Habit((close[0],)).text if close[0] in commands else habits[close[0]].text


def _unknown_command(error: click.NoSuchCommand) -> click.UsageError:
    ctx, word = error.ctx, error.command_name
    group = ctx.command.name or "" if ctx and ctx.parent else ""
    if not group:
        return error
    habits = SUBCOMMANDS.get(group, {})
    known = ctx.command.list_commands(ctx) if ctx and isinstance(ctx.command, click.Group) else []
    text = habits[word].text if word in habits else _nearest(word, known, habits)
    return click.UsageError(f"No such command '{word}'. {text}".strip(), ctx)


def _before_the_command(error: click.UsageError, ctx: click.Context, words: Sequence[str]) -> click.UsageError:
    """Return an error about an option before the command, where only --help and --version are."""
    if not isinstance(error, click.NoSuchOption):
        return error
    if words[0] == "-version":
        return click.UsageError(f"No such option '{words[0]}'. {OPTIONS['version'].text}", ctx)
    message = f"{error.format_message()} Options go after the command, as in: reconciler plan -C DIR"
    return click.UsageError(message, ctx)


def _of_option(error: click.UsageError, ctx: click.Context, words: Sequence[str]) -> tuple[str, Habit] | None:
    """Return the habit of the option that an error is about: one with a single dash is read as several letters."""
    known = {name for param in ctx.command.params for name in param.opts}
    named = [error.option_name] if isinstance(error, click.NoSuchOption) else []
    for word in (*filter(_has_one_dash, words), *named):
        written = word.partition("=")[0]
        habit = OPTIONS.get(written.lstrip("-"))
        if habit is not None and written not in known:
            fitting = tuple(one for one in habit.instead if one.split()[0] in known)
            unneeded = "" if fitting else f"`{_path(ctx)}` does not need it."
            return f"No such option '{written}'.", Habit(fitting, habit.note or unneeded)
    return None


def _path(ctx: click.Context) -> str:
    """Return the command as it is written on the command line, with its group."""
    groups = f"{_path(ctx.parent)} " if ctx.parent else ""
    return f"{groups}{ctx.command.name if groups else 'reconciler'}"


def _has_one_dash(word: str) -> bool:
    name = word.partition("=")[0]
    return len(name) > 2 and name[0] == "-" and name[1] != "-"


def _of_argument(error: click.UsageError, ctx: click.Context, words: Sequence[str]) -> tuple[str, Habit] | None:
    """Return the habit of an argument: of objects and environments, which are options, and of `diff`."""
    command = ctx.command
    if command.name == "diff":
        note = "To compare the manifests with the live objects, run `reconciler plan`."
        return error.format_message(), Habit(note=note)
    if type(error) is not click.UsageError or any(isinstance(param, click.Argument) for param in command.params):
        return None
    if habit := ARGUMENTS.get(command.name or ""):
        return f"{error.format_message()}.", habit
    options = {name for param in command.params for name in param.opts}
    environments = names.environments(Path(ctx.params.get("start") or ".")) if "--env" in options else []
    given = (word for before, word in pairwise(words) if "-" not in (before[:1], word[:1]))
    meant = next(filter(None, (_of_word(word, options, environments) for word in given)), None)
    return (f"{error.format_message()}.", meant) if meant else None


def _of_word(word: str, options: Collection[str], environments: Collection[str]) -> Habit | None:
    if word in environments:
        return Habit((f"--env {word}",))
    if "-C" in options and (Path(word).suffix in _YAML or Path(word).exists()):
        return Habit(note=_ALL_MANIFESTS)
    return Habit((f"--target {word}",)) if "/" in word and "--target" in options else None
