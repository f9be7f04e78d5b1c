"""Tests of `reconciler completion`: the values, the time to find them, and the scripts in real shells."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from reconciler.cli.completing import WITHOUT_OBJECT, prefix_of
from reconciler.cli.main import COMMANDS, cli as group
from reconciler.resources.registry import kinds
from tests.support.cli import Cli
from tests.support.imports import HEAVY
from tests.support.terminal import Terminal

COMMANDS_OF_VENV = Path(sys.executable).parent
ENVIRONMENTS = "  environments:\n    staging: {variables: {tier: a}}\n    production: {variables: {tier: b}}\n"
RELEASES = "apiVersion: reconciler/v1\nkind: ChatbotVersion\nmetadata: {{name: helper@{}}}\nspec: {{}}\n"


@pytest.fixture
def bots(project: Path) -> Path:
    """Return the starter project with two environments and two releases."""
    file = project / "project.yaml"
    file.write_text(file.read_text().rstrip() + "\n" + ENVIRONMENTS)
    for number in (1, 12):
        release = project / "releases" / "helper" / f"v{number}.yaml"
        release.parent.mkdir(parents=True, exist_ok=True)
        release.write_text(RELEASES.format(number))
    return project


def completed(line: str) -> list[str]:
    """Return the values for the last word of a line."""
    *words, last = line.split(" ")
    items = ShellComplete(group, {}, "reconciler", "_RECONCILER_COMPLETE").get_completions(words[1:], last)
    return [item.value for item in items]


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("reconciler pl", ["plan"]),
        ("reconciler state sh", ["show"]),
        ("reconciler plan --on-d", ["--on-drift"]),
        ("reconciler plan --on-drift r", ["revert", "refuse"]),
        ("reconciler plan --env ", ["production", "staging"]),
        ("reconciler plan --env=st", ["staging"]),
        ("reconciler apply --target chat", ["chatbot/helper"]),
        (
            "reconciler status ",
            ["assistant/helper", "chatbot/helper", "release/helper@1", "release/helper@12", "vectorstore/handbook"],
        ),
        ("reconciler status assistant/helper assi", []),
        ("reconciler pull vec", ["vectorstore/handbook"]),
        ("reconciler graph vec", ["vectorstore/handbook"]),
        ("reconciler graph -o ", ["mermaid", "dot", "svg", "json"]),
        ("reconciler inventory --by ", ["environment", "label.", "metadata.", "owner", "project", "type"]),
        ("reconciler import --exclude vec", ["vectorstore/handbook"]),
        ("reconciler help stat", ["state", "status"]),
        ("reconciler help state mi", ["migrate-backend"]),
        ("reconciler state show vec", ["vectorstore/handbook"]),
        ("reconciler release he", ["helper"]),
        ("reconciler publish helper ", ["12", "1", "none"]),
        ("reconciler publish chatbot/helper 1", ["12", "1"]),
        ("reconciler ci rollback ", ["helper"]),
        ("reconciler rollback ", ["helper"]),
        ("reconciler rollback helper ", ["12", "1"]),
        ("reconciler promote ", ["helper"]),
        ("reconciler promote helper --from ", ["production", "staging"]),
        ("reconciler consent vectorstore/", ["vectorstore/handbook"]),
        ("reconciler consent project/", ["project/acme"]),
        ("reconciler consent vectorstore/handbook r", ["referenced", "release-drift", "retired-model"]),
        ("reconciler migrate --cutover ", ["helper"]),
        ("reconciler diff helper@1 helper@", ["helper@1", "helper@12"]),
        ("reconciler archive release/", ["release/helper@1", "release/helper@12"]),
        ("reconciler export chatbot/helper@w", ["chatbot/helper@working"]),
        ("reconciler import assi", ["assistant"]),
        ("reconciler explain vaul", ["vault"]),
        ("reconciler explain vault.m", ["vault.metadata"]),
        ("reconciler explain assistant.spec.tools.mc", ["assistant.spec.tools.mcp"]),
        ("reconciler explain assistant.sepc.", []),
        ("reconciler explain odd-", ["odd-extension"]),
        ("reconciler completion ", ["bash", "zsh", "fish"]),
    ],
)
def test_word_is_completed(bots, line, values):
    assert completed(line) == values


def test_all_commands_are_offered_with_their_description(project):
    items = ShellComplete(group, {}, "reconciler", "_X").get_completions([], "")
    assert {item.value: item.help for item in items} == COMMANDS


def test_names_are_those_of_the_folder_that_an_option_selects(bots, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert completed(f"reconciler plan -C {bots} --env p") == ["production"]
    assert completed("reconciler plan --env ") == []


def test_prefixes_are_those_of_the_kinds():
    assert {name: prefix_of(name) for name in kinds()} == {kind.name: kind.prefix for kind in kinds().values()}
    assert WITHOUT_OBJECT - {"Project"} == {kind.name for kind in kinds().values() if not kind.is_object}


@pytest.mark.parametrize("line", ["reconciler ", "reconciler plan --env ", "reconciler pull a", "reconciler explain a"])
def test_completion_imports_nothing_heavy(bots, line):
    program = (
        "import sys\nfrom reconciler.cli.main import run\ntry: run([])\nfinally: print(*sys.modules, file=sys.stderr)"
    )
    environ = {
        **os.environ,
        "COMP_WORDS": line,
        "COMP_CWORD": str(line.count(" ")),
        "_RECONCILER_COMPLETE": "bash_complete",
    }
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environ)
    assert done.stdout.startswith("plain,")
    assert not {name.partition(".")[0] for name in done.stderr.split()} & HEAVY


def test_unknown_shell_is_wrong_usage(cli: Cli):
    assert cli("completion", "tcsh").code == 64


# Real shells

SHELLS = [shell for shell in ("bash", "zsh", "fish") if shutil.which(shell)]
STARTS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(reconciler completion bash)"'),
    "zsh": (["zsh", "-f", "-i"], 'autoload -U compinit; compinit -u -D; eval "$(reconciler completion zsh)"'),
    "fish": (["fish", "--no-config", "-i"], "reconciler completion fish | source"),
}
TYPED = {
    "reconciler pla\t": "reconciler plan ",
    "reconciler plan --env st\t": "reconciler plan --env staging ",
    "reconciler plan --env=st\t": "reconciler plan --env=staging ",
    "reconciler plan --target=chat\t": "reconciler plan --target=chatbot/helper ",
    "reconciler diff helper@12 helper@12\t": "reconciler diff helper@12 helper@12 ",
    "reconciler export chatbot/helper@w\t": "reconciler export chatbot/helper@working ",
    "reconciler explain assistant.spec.multi\t": "reconciler explain assistant.spec.multi_agent ",
    "reconciler fmt proj\t": "reconciler fmt project.yaml ",
}


@pytest.mark.parametrize("shell", SHELLS)
def test_keys_are_completed_in_a_shell(bots, tmp_path, shell):
    command, start = STARTS[shell]
    path = f"{COMMANDS_OF_VENV}{os.pathsep}{os.environ['PATH']}"
    environ = {**os.environ, "PATH": path, "HOME": str(tmp_path), "TERM": "dumb", "PS1": "> ", "COLUMNS": "200"}
    with Terminal(command, environ, bots) as terminal:
        terminal.type(f"{start}; echo rea''dy\n")
        terminal.wait_for("ready")
        for keys, line in TYPED.items():
            terminal.type(keys)
            terminal.wait_for(line)
            terminal.type("\x15")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_is_printed(cli: Cli, shell):
    done = cli("completion", shell)
    assert (done.code, done.err) == (0, "")
    assert f"_RECONCILER_COMPLETE={shell}_complete" in done.out


@pytest.mark.parametrize("shell", SHELLS)
def test_script_is_valid(tmp_path, cli: Cli, shell):
    script = tmp_path / "script"
    script.write_text(cli("completion", shell).out)
    subprocess.run([shell, "-n", str(script)], check=True)
