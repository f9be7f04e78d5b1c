"""A server that repeats secrets, in errors or in objects, does not make a run print, write or store them."""

import asyncio
import os
import signal
import subprocess
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from reconciler.cli.main import run as run_command
from reconciler.live import requests
from reconciler.live.pace import Pace
from reconciler.project.workspace import open_workspace
from tests.support.canary import SECRET, found_in, leaks
from tests.support.cli import Cli
from tests.support.credentials import BEARER, OAUTH, VARIABLE, vault
from tests.support.echoing import ANSWERS, Echoing, Handler, echoing
from tests.support.processes import PATIENCE, Process, start
from tests.support.state_repositories import ENVIRON, Remote, git
from tests.support.world import PROJECT, Document, as_yaml, manifest

PRIVATE: Final[Document] = {"MODE": "night", "TOKEN": {"$env": "CRM_TOKEN"}}
HOSTED: Final[Document] = {"type": "openai_hosted", "network": {"access": "disabled"}, "env": PRIVATE}
NIGHTLY: Final[Document] = {
    "target": {"agent": "triage", "environment": HOSTED, "input": "Begin."},
    "expression": "0 3 * * *",
    "timezone": "UTC",
}
SECRETIVE: Final = (
    manifest("Credential", "crm-token", {"vault": "crm", "auth": BEARER}),
    manifest("Credential", "oauth", {"vault": "crm", "auth": OAUTH}),
    manifest("Credential", "variable", {"vault": "crm", "auth": VARIABLE}),
    manifest("EnvironmentTemplate", "tools", {"network": {"access": "disabled"}, "env": PRIVATE}),
    manifest("Automation", "nightly", NIGHTLY),
)
"""Manifests with secrets, of every kind that can have some."""
FORMATS: Final = ("text", "json", "html", "markdown")
KINDS: Final = ("Credential", "EnvironmentTemplate", "Automation")
FULL: Final = "an object with all that was sent"
LATE: Final = "a response that is late"
PLAIN: Final = "as the emulator"
FAILS: Final = sorted(ANSWERS.keys() - {FULL, PLAIN})
SAMPLE: Final = ("400", "400 over lines", "a redirect", "an object of another shape", "no HTTP")
PLENTY: Final[Document] = {**PROJECT, "spec": {"outlets": [{"directory": "published"}], "safety": {"max_deletes": 30}}}


def wants(folder: Path, *, only: str = "", **more: Any) -> None:
    """Write manifests of every kind with secrets, or of one kind, with `more` fields in each."""
    wanted = [document for document in SECRETIVE if only in ("", document["kind"])]
    made = [{**document, "spec": {**document["spec"], **more}} for document in wanted]
    agent = manifest("Assistant", "triage", {"target": "agents", "model": "gpt-6-luna"})
    bot = manifest("Chatbot", "desk", {"assistant": "triage"})
    (folder / "project.yaml").write_text(as_yaml([PLENTY]))
    documents = [vault(), agent, bot, *made]
    (folder / "manifests.yaml").write_text(as_yaml(documents))


def variables(around: Path) -> dict[str, str]:
    """Return the environment of a run, which has all that it writes below `around`, and prints all that it can."""
    return {
        "CRM_TOKEN": SECRET,
        "OPENAI_API_KEY": "sk-test",
        "OPENAI_LOG": "debug",
        "RECONCILER_TRACE": "1",
        "TMPDIR": str(around / "tmp"),
        "HOME": str(around / "home"),
    }


@pytest.fixture
def around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a project and everything else that a run may write. The API is elsewhere."""
    start()
    folder = tmp_path / "around"
    for path in (folder / "acme", folder / "tmp", folder / "home"):
        path.mkdir(parents=True)
    monkeypatch.chdir(folder / "acme")
    for name, value in variables(folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(tempfile, "tempdir", None)
    wants(folder / "acme")
    return folder


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten all waits of a run."""
    defaults = Pace.__init__.__kwdefaults__ or {}
    monkeypatch.setitem(defaults, "sleep", lambda seconds: asyncio.sleep(seconds / 1000))
    monkeypatch.setattr(requests, "REQUEST_SECONDS", 0.5)


def printed(cli: Cli, *words: object) -> tuple[int, bytes]:
    """Run a command, and return its exit code and all that it printed."""
    try:
        done = cli(*words)
    except Exception:  # noqa: BLE001 - what RECONCILER_TRACE shows of a defect
        return -1, traceback.format_exc().encode()
    return done.code, (done.out + done.err).encode()


def check(said: bytes, around: Path) -> None:
    """Assert that neither an output nor a file has the secret."""
    assert found_in(said) == [], said.decode()
    assert list(leaks([around])) == []


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in SAMPLE else [pytest.mark.long]) for name in FAILS]
)
def test_a_failed_request_repeats_the_secret(around, tmp_path, monkeypatch, hurried, cli: Cli, name):
    with echoing(tmp_path / "api", ANSWERS[name]) as server:
        monkeypatch.setenv("RECONCILER_ENDPOINT", server.url)
        form = FORMATS[FAILS.index(name) % len(FORMATS)]
        code, said = printed(cli, "apply", "--yes", "-o", form, "--out", "result.json")
        assert code in (0, 4) if name == LATE else code == 4, said.decode()
        check(said, around)
        check(printed(cli, "plan", "-o", "html")[1], around)
    assert len({path.rpartition("/")[2] for path in server.paths}) == len(KINDS)


@pytest.mark.parametrize("name", ["400", "500", "a redirect"])
def test_a_failed_rotation_repeats_the_secret(around, tmp_path, monkeypatch, hurried, cli: Cli, name):
    for answer, generation in ((PLAIN, 1), (name, 2)):
        wants(around / "acme", generation=generation)
        with echoing(tmp_path / "api", ANSWERS[answer]) as server:
            monkeypatch.setenv("RECONCILER_ENDPOINT", server.url)
            code, said = printed(cli, "apply", "--yes", "--out", "result.json")
        assert code == (0 if answer == PLAIN else 1), said.decode()
        check(said, around)
        assert len(set(server.paths)) == len(SECRETIVE) - 2 * (generation == 1)


class TestAServerThatReturnsSecrets:
    """Each object that the server returns has everything that was sent, also in lists."""

    @pytest.fixture
    def server(self, around, tmp_path, monkeypatch) -> Iterator[Echoing]:
        with echoing(tmp_path / "api", ANSWERS[FULL]) as server:
            monkeypatch.setenv("RECONCILER_ENDPOINT", server.url)
            yield server

    def test_create_rotate_and_replace(self, server, around, cli: Cli):
        edits: list[Document] = [{}, {"generation": 2}, {"generation": 2, "name": "New"}]
        for more, form in zip(edits, ("html", "markdown", "json"), strict=True):
            wants(around / "acme", **more)
            check(printed(cli, "plan", "-o", form, "--out", "plan.json")[1], around)
            code, said = printed(cli, "apply", "plan.json", "--yes", "-o", form, "--out", "result.json")
            assert code == 0, said.decode()
            check(said, around)
        # Each is created, then rotated; credentials are replaced because of the name.
        assert len(server.paths) == 5 + 5 + 3
        for command in ("plan", "drift -o html", "status", "inventory -o json", "validate"):
            code, said = printed(cli, *command.split())
            assert code == 0, said.decode()
            check(said, around)

    def test_requests_and_events_that_are_reported(self, server, around, cli: Cli):
        """The ids of objects and of requests are the server's, which may have the secret in them."""
        edits: list[Document] = [{}, {"generation": 2}]
        for more in edits:
            wants(around / "acme", **more)
            code, said = printed(cli, "apply", "--yes", "-vv", "--json-events", "events.jsonl")
            assert code == 0, said.decode()
            assert b"> POST /vaults" in said
            assert b'"change-done"' in (around / "acme" / "events.jsonl").read_bytes()
            check(said, around)

    def test_what_is_imported_and_what_is_rebuilt(self, server, around, cli: Cli):
        assert printed(cli, "apply", "--yes")[0] == 0
        for command in ("state rebuild --yes", "import credential --into a", "import template --into b"):
            check(printed(cli, *command.split())[1], around)


def killed(folder: Path, url: str) -> None:
    """Apply in a process of its own, whose output is in a file of the folder."""
    os.chdir(folder)
    with (folder / "printed").open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ["RECONCILER_ENDPOINT"] = url
    run_command(["apply", "--yes"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_is_killed_while_it_sends_a_secret(around, tmp_path, kind):
    wants(around / "acme", only=kind)
    started: list[Process] = []

    def kill(_handler: Handler, _body: bytes) -> None:
        os.kill(started[0].pid, signal.SIGKILL)

    with echoing(tmp_path / "api", kill) as server:
        started.append(Process(variables(around), killed, around / "acme", server.url))
        started[0].process.join(PATIENCE)
    assert started[0].process.exitcode == -signal.SIGKILL
    assert (around / "acme" / ".reconciler").exists()
    check(b"", around)


@pytest.fixture(params=["git", "bucket", "database"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Remote | None]:
    """Return the value of RECONCILER_STATE for a shared state, and the repository that has it."""
    if request.param == "git":
        return "git", Remote.make(tmp_path / "remotes" / "acme.git")
    server = request.getfixturevalue(request.param)
    return str(getattr(server, "url", server)), None


def test_a_shared_state(state, around, tmp_path, monkeypatch, cli: Cli):
    url, remote = state
    monkeypatch.setenv("RECONCILER_STATE", url)
    if remote:
        git(around / "acme", "init", "--quiet", "--initial-branch=main")
        git(around / "acme", "remote", "add", "origin", remote.folder.as_uri())
    with echoing(tmp_path / "api", ANSWERS[FULL]) as server:
        monkeypatch.setenv("RECONCILER_ENDPOINT", server.url)
        edits: list[Document] = [{}, {"generation": 2}]
        for more in edits:
            wants(around / "acme", **more)
            code, said = printed(cli, "apply", "--yes")
            assert code == 0, said.decode()
            check(said, around)
    store = open_workspace(around / "acme", os.environ).backend.store
    documents = [document.data for key in store.list("") if (document := store.read(key))]
    assert documents
    assert [found_in(data) for data in documents] == [[]] * len(documents)
    if remote:
        everything = ["git", "-C", str(remote.folder), "cat-file", "--batch", "--batch-all-objects"]
        assert found_in(subprocess.run(everything, env=ENVIRON, check=True, capture_output=True).stdout) == []
