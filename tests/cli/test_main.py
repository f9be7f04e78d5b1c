"""Tests of incorrect usage, internal errors, and their messages."""

import errno
import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.cli import plan as plan_module
from reconciler.cli.main import run
from tests.support.cli import Cli, edit

FULL = Path("/dev/full")
RECONCILER = [sys.executable, "-m", "reconciler.cli.main"]


def test_a_name_of_a_project_or_a_consent_is_not_suggested_as_an_address(project: Path, cli: Cli):
    spec = "spec: {address: vectorstore/handbook, rule: protected, reason: Moved, expires: 2026-12-20}"
    head = "apiVersion: reconciler/v1\nkind: Consent\nmetadata: {name: spring}\n"
    (project / "consents.yaml").write_text(f"{head}{spec}\n")
    for name in ("spring", "acme"):
        assert "write kind/name, such as assistant/triage" in cli("plan", "--target", name).err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("pln", "Did you mean 'plan'?"),
        ("plan --targ assistant/helper", "Did you mean '--target'?"),
        ("plan --target helper", "'helper' is not a valid address; did you mean"),
        ("plan --target handbook", "'handbook' is not a valid address; did you mean vectorstore/handbook?"),
        ("pull handbok", "'handbok' is not a valid address; did you mean vectorstore/handbook?"),
        ("pull", "Name the addresses whose drift is copied, or pass --all for all drift."),
        ("pull assistant/helper --all", "pass either --all or addresses"),
        ("graph nothing-like-it", "is not a valid address; write kind/name, such as assistant/triage"),
        ("validate assistants/helper.yaml", "All manifests of the project are read: -C DIR selects the project."),
        ("plan assistants/helper.yaml", "All manifests of the project are read: -C DIR selects the project."),
        ("inventory agents", "Did you mean '--name GLOB' or '--by type'?"),
        ("-C . plan", "Options go after the command, as in: reconciler plan -C DIR"),
        ("plan -C nowhere", "Directory 'nowhere' does not exist"),
        ("plan -C project.yaml", "is a file"),
        ("plan --out nowhere/plan.json", "folder nowhere does not exist"),
        ("plan --out kb", "is a directory"),
        ("plan -o yaml", "'yaml' is not one of 'text', 'json'"),
        ("plan --on-drift ask", "'ask' is not one of"),
        ("export helper", "'helper' is not a valid address"),
        ("state lst", "No such command 'lst'"),
        ("apply", "a confirmation is required, but stdin is not a terminal; pass --yes"),
        ("apply plan.json --target assistant/helper --yes", "cannot be combined with a saved plan"),
        ("apply plan.json --on-drift keep --yes", "cannot be combined with a saved plan"),
        ("emulator serve --port 70000", "70000 is not in the range"),
        ("emulator serve --latency -1", "-1.0 is not in the range"),
        ("emulator serve --rate-limit 0", "0.0 is not in the range"),
    ],
)
def test_wrong_usage(project, cli: Cli, line, said):
    done = cli(*line.split())
    assert (done.code, done.out) == (64, "")
    assert said in done.err


@pytest.mark.parametrize("command", ["apply", "adopt", "rollback helper", "rollback helper 9", "state unlock"])
def test_a_missing_environment_is_reported_before_a_missing_confirmation(project, cli: Cli, command):
    with (project / "project.yaml").open("a") as file:
        file.write("  environments: {staging: {}, production: {}}\n")
    done = cli(*command.split())
    assert (done.code, done.out) == (1, "")
    assert "error[environment-required]" in done.err
    assert "--yes" not in done.err


def test_a_plan_file_that_does_not_exist_is_reported_before_a_missing_confirmation(project, cli: Cli):
    done = cli("apply", "nowhere.json")
    assert (done.code, "error[plan-file]" in done.err, "--yes" in done.err) == (1, True, False)


def test_without_a_command_the_help_is_shown(cli: Cli):
    done = cli()
    assert done.code == 64
    assert "Commands:" in done.err


@pytest.mark.parametrize("command", ["validate", "plan", "drift", "status", "apply --yes", "export assistant/helper"])
def test_no_project_says_how_to_make_one(tmp_path, monkeypatch, cli: Cli, command):
    monkeypatch.chdir(tmp_path)
    done = cli(*command.split())
    assert (done.code, done.out) == (1, "")
    assert "error[no-project]" in done.err
    assert "reconciler init" in done.err


@pytest.mark.parametrize("command", ["plan", "drift", "status", "apply --yes", "pull --all"])
def test_all_errors_of_the_manifests_are_shown_as_text_or_json(project, cli: Cli, command):
    edit(project / "assistants" / "helper.yaml", "model:", "modle:")
    edit(project / "chatbots" / "helper.yaml", "assistant:", "asistant:")
    done = cli(*command.split(), "-o", "json")
    assert done.code == 1
    places = {(problem["place"]["file"], problem["place"]["line"]) for problem in done.document["problems"]}
    assert places >= {("assistants/helper.yaml", 7), ("chatbots/helper.yaml", 7)}
    assert "did you mean `model`?" in done.err


def test_the_project_is_found_upwards_and_in_manifests(project, cli: Cli, monkeypatch):
    monkeypatch.chdir(project / "kb")
    assert cli("validate").code == 0
    monkeypatch.chdir(project.parent)
    assert cli("validate").code == 1
    project.rename(project.parent / "manifests")
    assert cli("validate").out.startswith("acme:")
    assert cli("validate", "-C", "manifests/kb").code == 0


def test_a_local_state_is_refused_in_ci_unless_the_api_is_embedded(project, cli: Cli, monkeypatch):
    monkeypatch.setenv("CI", "true")
    assert cli("plan").code == 0
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    done = cli("plan", "--endpoint", "http://127.0.0.1:9/v1")
    assert done.code == 1
    assert "RECONCILER_STATE" in done.err


def test_a_file_in_place_of_the_data_folder_is_an_error(project, cli: Cli):
    (project / ".reconciler").write_text("a file where the folder should be")
    done = cli("plan")
    assert (done.code, done.out) == (1, "")
    assert "error[io]: File exists" in done.err
    assert "This is a bug" not in done.err


def test_a_broken_file_of_the_embedded_api_is_named(project, cli: Cli):
    (project / ".reconciler").mkdir()
    (project / ".reconciler" / "emulator.sqlite").write_bytes(b"no database, but long enough to be looked at" * 100)
    done = cli("plan")
    assert done.code == 1
    assert "emulator.sqlite: file is not a database" in done.err


@pytest.mark.parametrize("row", ["not JSON", "[1]", "{}", '{"id": 5}'])
def test_a_damaged_row_of_the_embedded_api_is_an_error(applied, cli: Cli, row):
    with closing(sqlite3.connect(applied / ".reconciler" / "emulator.sqlite")) as rows:
        rows.execute("UPDATE objects SET body = ?", (row,))
        rows.commit()
    done = cli("plan")
    assert done.code == 1
    assert "error[emulator-data]" in done.err


LACKS_MEMORY = [
    MemoryError(),
    OSError(errno.ENOMEM, "Cannot allocate memory"),
    RuntimeError("can't start new thread"),
    ImportError("x.so: failed to map segment from shared object"),
    SystemError("error return without exception set"),
]


@pytest.mark.parametrize("error", LACKS_MEMORY, ids=lambda error: type(error).__name__)
def test_missing_memory_is_an_error_in_every_form(project, capfd, monkeypatch, error):
    def fail(*_given: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr(plan_module, "show_plan", fail)
    assert run(["plan"]) == 1
    printed = capfd.readouterr().err
    assert "error[memory]: not enough memory" in printed
    assert "internal" not in printed


@pytest.mark.long
@pytest.mark.parametrize("kilobytes", [32_000, 45_000, 60_000, 75_000, 90_000, 110_000, 150_000])
def test_low_memory_is_an_error(project, kilobytes):
    """Packages in Rust, such as pydantic-core, end the process themselves when they get no memory."""
    line = f"ulimit -v {kilobytes}; exec {sys.executable} -m reconciler.cli.main plan"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert "internal" not in done.stderr
    ended_by_rust = re.match(r"memory allocation of \d+ bytes failed", done.stderr)
    assert done.returncode == 0 or "error[memory]" in done.stderr or ended_by_rust


@pytest.mark.parametrize("url", ["http://[::1", "::", "[a]", "ftp://x", "http://x:y/v1"])
@pytest.mark.parametrize("name", ["RECONCILER_ENDPOINT", "OPENAI_BASE_URL", "HTTP_PROXY", "project.yaml"])
def test_an_invalid_url_is_an_error(project, cli: Cli, monkeypatch, name, url):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    if name == "HTTP_PROXY":
        monkeypatch.setenv("RECONCILER_ENDPOINT", "http://127.0.0.1:9/v1")
    else:
        monkeypatch.delenv("RECONCILER_ENDPOINT")
    if name == "project.yaml":
        edit(project / "project.yaml", "spec:", f'spec:\n  endpoint: "{url}"')
    else:
        monkeypatch.setenv(name, url)
    done = cli("plan")
    assert done.code == 1
    assert "error[bad-endpoint]" in done.err


def test_a_bug_prints_a_message_and_a_trace_on_demand(project, cli: Cli, monkeypatch):
    monkeypatch.setattr(plan_module, "show_plan", lambda *args, **options: 1 / 0)
    done = cli("plan")
    assert (done.code, done.out) == (1, "")
    assert "error[internal]: ZeroDivisionError" in done.err
    assert "RECONCILER_TRACE=1" in done.err
    monkeypatch.setenv("RECONCILER_TRACE", "1")
    with pytest.raises(ZeroDivisionError):
        cli("plan")


def test_plugins_of_pydantic_are_not_loaded(project, tmp_path):
    (tmp_path / "watcher-1.dist-info").mkdir()
    (tmp_path / "watcher-1.dist-info" / "entry_points.txt").write_text("[pydantic]\nwatcher = watcher:plugin\n")
    (tmp_path / "watcher.py").write_text("import sys\nplugin = None\nprint('watching', file=sys.stderr)\n")
    env = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run([*RECONCILER, "validate"], capture_output=True, text=True, check=False, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    asked = env | {"PYDANTIC_DISABLE_PLUGINS": "another"}
    done = subprocess.run([*RECONCILER, "validate"], capture_output=True, text=True, check=False, env=asked)
    assert "watching" in done.stderr


def test_a_closed_pipe_ends_output_silently(project):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*RECONCILER, "plan"], stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_closed_streams_are_replaced_by_the_null_device(project, closed):
    line = f"{sys.executable} -m reconciler.cli.main apply --yes {closed}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert ("Applied: acme" in done.stdout) == (closed != ">&-")
    assert "error" not in done.stderr


def test_unencodable_characters_are_escaped(project):
    (project / "kb" / "café.md").write_text("Open at eight.")
    env = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*RECONCILER, "plan"], capture_output=True, text=True, check=False, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert r"file/kb/caf\xe9.md" in done.stdout


@pytest.mark.parametrize("command", [[], ["plan"], ["adopt"], ["import"], ["state"], ["emulator", "serve"]])
def test_help_is_laid_out(cli: Cli, command):
    done = cli(*command, "--help")
    assert done.code == 0
    assert "\\b" not in done.out


def test_commands_to_retype_have_no_password(project, cli: Cli):
    done = cli("plan", "--endpoint", "http://me:s3cret@127.0.0.1:9/v1")
    assert done.code == 1
    assert "s3cret" not in done.out + done.err


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full, which Linux has")
@pytest.mark.parametrize("line", ["plan", "plan -o json"])
def test_a_full_disk_is_an_error(project, line):
    with FULL.open("w") as full:
        done = subprocess.run([*RECONCILER, *line.split()], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert "error[io]: No space left on device" in done.stderr
    assert "internal" not in done.stderr


@pytest.mark.parametrize("width", ["0", "1", "20", "100000", "wide"])
def test_help_in_terminals_of_any_width(project, cli: Cli, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", width)
    for command, code in (("plan", 0), ("status", 0), ("drift", 2)):  # nothing is applied yet
        assert cli(command).code == code


def test_json_is_the_only_thing_on_stdout(applied, cli: Cli):
    formats = {
        command: cli(*command.split(), "-o", "json").document["format"]
        for command in ("plan", "apply --yes", "drift", "status", "validate")
    }
    assert formats == {
        "plan": "reconciler/plan/v2",
        "apply --yes": "reconciler/apply/v2",
        "drift": "reconciler/drift/v2",
        "status": "reconciler/status/v2",
        "validate": "reconciler/problems/v1",
    }


def test_what_is_written_by_out_is_what_json_prints(applied, cli: Cli, tmp_path):
    for command in ("plan", "drift"):
        shown = cli(command, "-o", "json", "--out", tmp_path / "document.json")
        written = json.loads((tmp_path / "document.json").read_text())
        assert written == shown.document
