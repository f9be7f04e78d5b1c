"""Tests of the imports of commands, which determine the time to start."""

import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cli.main import COMMANDS
from tests.support.cli import Cli
from tests.support.imports import HEAVY, NEVER_OFFLINE, loaded, modules

GROUPS = (("state", "list"), ("state", "show"), ("state", "history"), ("emulator", "serve"))


@pytest.mark.parametrize("args", [("--help",), ("-h",), ("--version",), ("plan", "--help"), ("apply", "-h")])
def test_help_imports_nothing_heavy(args):
    assert not loaded(*args) & HEAVY


def test_validate_never_needs_the_client(project):
    assert not loaded("validate", folder=project) & NEVER_OFFLINE


@pytest.mark.parametrize(
    "args", [("state", "list"), ("export", "assistant/helper"), ("state", "show", "file/kb/welcome.md")]
)
def test_state_commands_never_need_the_client(applied, args):
    assert not loaded(*args, folder=applied) & NEVER_OFFLINE


@pytest.mark.parametrize(
    ("args", "most"),
    [
        pytest.param(("export", "assistant/helper"), 97, id="export"),
        pytest.param(("state", "list"), 149, id="state list"),
        pytest.param(("state", "show", "file/kb/welcome.md"), 147, id="state show"),
        pytest.param(("validate",), 154, id="validate"),
        pytest.param(("plan",), 315, id="plan"),
    ],
)
def test_a_command_imports_few_of_our_modules(applied, args, most):
    ours = _ours(modules(*args, folder=applied))
    assert len(ours) <= most, sorted(ours)


def test_validate_with_a_filled_cache_imports_few_modules(project, tmp_path_factory, monkeypatch):
    monkeypatch.delenv("RECONCILER_NO_CACHE")
    monkeypatch.setenv("RECONCILER_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
    modules("validate", folder=project)
    found = modules("validate", folder=project)
    assert not found & {"asyncio", "ssl", "sqlite3", "reconciler.live.client", "reconciler.state.backend"}
    assert len(_ours(found)) <= 154, sorted(_ours(found))


def _ours(modules: set[str]) -> set[str]:
    """Return our modules without those of the emulator, which commands use only as their API in tests."""
    return {name for name in modules if name.startswith("reconciler.") and "reconciler.emulator" not in name}


@pytest.mark.parametrize("args", [("export", "assistant/helper"), ("state", "list")], ids=" ".join)
def test_commands_that_print_what_was_applied_read_no_manifests(applied: Path, cli: Cli, args):
    before = cli(*args)
    (applied / "assistants" / "helper.yaml").write_text("kind: [")
    assert cli(*args) == before
    assert "reconciler.manifests.loading" not in modules(*args, folder=applied)


@pytest.mark.parametrize("command", [*((name,) for name in COMMANDS), *GROUPS], ids=" ".join)
def test_every_command_has_help(cli: Cli, command):
    done = cli(*command, "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"Usage: reconciler {' '.join(command)}")


def test_help_of_every_command_is_light():
    program = f"from reconciler.cli.main import run\nfor name in {list(COMMANDS)}: assert run([name, '--help']) == 0\n"
    program += f"import sys; sys.exit(sorted(set(sys.modules) & set({sorted(HEAVY)})) or 0)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_help_lists_commands_and_exit_codes(cli: Cli):
    done = cli("--help")
    assert all(f"  {name} " in done.out for name in COMMANDS)
    assert "64 incorrect usage" in " ".join(done.out.split())
