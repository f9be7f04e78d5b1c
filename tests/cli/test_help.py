"""`help`, `version`, and errors about the words of other tools."""

import platform
from collections.abc import Mapping
from importlib.metadata import version

import click
import pytest

from reconciler.cli.habits import ARGUMENTS, COMMANDS as HABITS, OPTIONS, SUBCOMMANDS, Habit
from reconciler.cli.main import COMMANDS, cli as group
from tests.support.cli import Cli, edit


@pytest.mark.parametrize("words", [(), ("plan",), ("state",), ("state", "mv"), ("migrate", "threads"), ("help",)])
def test_help_is_that_of_the_option(cli: Cli, words):
    done = cli("help", *words)
    assert (done.code, done.err) == (0, "")
    assert done.out == cli(*words, "--help").out


@pytest.mark.parametrize(("line", "said"), [("help plna", "Did you mean 'plan'?"), ("help state ls", "'state list'")])
def test_help_of_an_unknown_command_is_wrong_usage(cli: Cli, line, said):
    done = cli(*line.split())
    assert (done.code, done.out) == (64, "")
    assert said in done.err


def test_version_lists_the_versions_of_what_runs(cli: Cli):
    found = {
        "version": version("assistant-reconciler"),
        "python": platform.python_version(),
        "openai": version("openai"),
    }
    assert cli("version", "-o", "json").document == {"format": "reconciler/version/v1", **found}
    assert cli("version").out.splitlines() == [
        f"reconciler {found['version']}",
        f"Python {found['python']}",
        f"openai {found['openai']}",
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("lint", "Did you mean 'validate'?"),
        ("get assistants", "Did you mean 'status'?"),
        ("describe assistant/helper", "Did you mean 'status ADDRESS' or 'state show ADDRESS'?"),
        ("delete assistant/helper", "Did you mean 'archive ADDRESS'?"),
        ("refresh", "Did you mean 'drift'?"),
        ("preview", "Did you mean 'plan'?"),
        ("up", "Did you mean 'apply'?"),
        ("taint x", "`reconciler plan` shows it"),
        ("output", "Did you mean 'export ADDRESS'?"),
        ("workspace list", "`--env NAME`"),
        ("login", "set OPENAI_API_KEY"),
        ("force-unlock 1", "Did you mean 'state unlock'?"),
        ("rollout undo chatbot/helper", "Did you mean 'rollback CHATBOT'?"),
        ("whoami", "Did you mean 'doctor'?"),
        ("logs", "Did you mean 'state history'?"),
        ("edit", "edit the YAML file"),
        ("descibe", "Did you mean 'status ADDRESS'"),
        ("state ls", "Did you mean 'state list'?"),
        ("state delete x", "Did you mean 'state rm ADDRESS'?"),
        ("state histroy", "Did you mean 'history'?"),
        ("emulator start", "Did you mean 'emulator serve'?"),
        ("diff", "run `reconciler plan`"),
        ("plan -out=plan.json", "No such option '-out'. Did you mean '--out'?"),
        ("plan -out plan.json", "No such option '-out'. Did you mean '--out'?"),
        ("apply -auto-approve", "No such option '-auto-approve'. Did you mean '--yes'?"),
        ("apply --auto-approve", "Did you mean '--yes'?"),
        ("plan -auto-approve", "`reconciler plan` does not need it."),
        ("state rm assistant/helper --auto-approve", "`reconciler state rm` does not need it."),
        ("plan -target=assistant/helper", "Did you mean '--target'?"),
        ("plan assistant/helper", "Did you mean '--target assistant/helper'?"),
        ("plan -n staging", "Did you mean '--env'?"),
        ("plan -json", "Did you mean '-o json'?"),
        ("plan -refresh-only", "`reconciler drift`"),
        ("init -upgrade", "No such option '-upgrade'. There are no providers"),
        ("plan -destroy", "`reconciler destroy --env ENV`"),
        ("down", "Did you mean 'destroy --env ENV'?"),
        ("plan -var x=y", "project.yaml"),
        ("apply -f plan.json", "All manifests of the project are read"),
        ("apply -lock=false", "Apply always takes the lock"),
        ("apply --force", "Consent"),
        ("plan --enviroment staging", "No such option '--enviroment'"),
        ("plan --targt assistant/helper", "Did you mean '--target'?"),
        ("plan -o yaml", "'yaml' is not one of"),
        ("-version", "Did you mean '--version'?"),
        ("-auto-approve", "Options go after the command"),
    ],
)
def test_word_of_another_tool_is_wrong_usage_with_what_to_write(project, cli: Cli, line, said):
    done = cli(*line.split())
    assert (done.code, done.out) == (64, "")
    assert said in " ".join(done.err.split())


def test_diff_of_what_is_not_a_chatbot_names_plan(project, cli: Cli):
    done = cli("diff", "assistant/helper", "chatbot/helper")
    assert (done.code, done.out) == (1, "")
    assert "`reconciler plan --target assistant/helper`" in done.err


def instead(habits: Mapping[str, Habit]) -> set[str]:
    return {one for habit in habits.values() for one in habit.instead}


def every_command(command: click.Command, ctx: click.Context) -> list[click.Command]:
    if not isinstance(command, click.Group):
        return [command]
    below = (command.get_command(ctx, name) for name in command.list_commands(ctx))
    return [command, *(one for found in below if found for one in every_command(found, ctx))]


def test_suggested_commands_and_options_exist():
    ctx = click.Context(group)
    options = {name for one in every_command(group, ctx) for param in one.get_params(ctx) for name in param.opts}
    assert {one.split()[0] for one in instead(OPTIONS)} <= options
    lines = instead(HABITS).union(*map(instead, SUBCOMMANDS.values()))
    for line in lines:
        command: click.Command | None = group
        for word in line.split():
            if isinstance(command, click.Group):
                command = command.get_command(ctx, word)
        assert command is not None, line
        known = {name for param in command.get_params(ctx) for name in param.opts}
        assert {word for word in line.split() if word.startswith("--")} <= known, line
    for name, habit in ARGUMENTS.items():
        command = group.get_command(ctx, name)
        assert command is not None, name
        known = {one for param in command.get_params(ctx) for one in param.opts}
        assert {one.split()[0] for one in habit.instead} <= known, name
    assert not HABITS.keys() & COMMANDS.keys()
    for name, habits in SUBCOMMANDS.items():
        below = group.get_command(ctx, name)
        assert isinstance(below, click.Group)
        assert not habits.keys() & set(below.list_commands(ctx))


def test_environment_in_place_of_an_option_is_recognised(project, cli: Cli):
    edit(project / "project.yaml", "spec:", "spec:\n  environments: {staging: {}, production: {}}")
    done = cli("plan", "staging")
    assert done.code == 64
    assert "Did you mean '--env staging'?" in done.err
    assert "--env" not in cli("plan", "elsewhere").err.replace("[OPTIONS]", "")
