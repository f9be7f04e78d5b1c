"""A secret leaves a run only in the request that sends it: it is in no file, output, state, plan or message."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.support.canary import SECRET, found_in, leaks, shapes
from tests.support.cli import Cli, Done
from tests.support.credentials import BEARER, OAUTH, VARIABLE, agent, credential, vault
from tests.support.world import PROJECT, as_yaml

USAGE = 64
ERRORS = {
    "as it is": lambda body: body,
    "as JSON": json.dumps,
    "split over lines": lambda body: "\n".join(body[start : start + 7] for start in range(0, len(body), 7)),
}
"""Messages of a server that repeats the body of a request."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a credential of each type, whose secrets are in the environment."""
    folder = tmp_path / "acme"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("RECONCILER_ENDPOINT", "embedded")
    monkeypatch.setenv("CRM_TOKEN", SECRET)
    wants(folder)
    return folder


def wants(folder: Path, **more: Any) -> None:
    """Write the manifests, with `more` fields in each credential."""
    auths = {"crm-token": BEARER, "oauth": OAUTH, "variable": VARIABLE}
    credentials = [credential(name, auth=auth, **more) for name, auth in auths.items()]
    (folder / "project.yaml").write_text(as_yaml([PROJECT]))
    (folder / "manifests.yaml").write_text(as_yaml([vault(), *credentials, agent()]))


def is_clean(done: Done, *folders: Path) -> bool:
    """Return True if neither the output of a command nor a file has the secret. Print every place."""
    places = [f"stdout: {name}" for name in found_in(done.out.encode())]
    places += [f"stderr: {name}" for name in found_in(done.err.encode())]
    places += leaks(folders)
    return not places


class TestCanary:
    def test_the_search_finds_every_shape(self):
        assert len(shapes()) > 30
        assert {
            name for name, shape in shapes().items() if name not in found_in(b"before\n" + shape + b" after")
        } == set()

    def test_create_rotate_and_replace(self, project, cli: Cli):
        assert is_clean(cli("plan", "--out", "plan.json"), project)
        assert is_clean(cli("apply", "--yes", "--out", "result.json"), project)
        wants(project, generation=2)
        assert is_clean(cli("plan", "-o", "json", "--out", "plan.json"), project)
        assert is_clean(cli("apply", "plan.json", "--yes"), project)
        wants(project, generation=3, name="other")
        assert is_clean(cli("apply", "--yes", "-o", "json"), project)

    @pytest.mark.parametrize(
        "command",
        [
            ["validate"],
            ["plan", "--offline"],
            ["plan", "-o", "html"],
            ["plan", "-o", "markdown"],
            ["drift", "-o", "json"],
            ["status"],
            ["inventory", "-o", "json"],
            ["state", "show", "credential/oauth"],
            ["state", "list"],
            ["import", "credential", "--into", "imported"],
        ],
        ids=" ".join,
    )
    def test_commands_that_read(self, project, cli: Cli, command):
        assert cli("apply", "--yes").code == 0
        done = cli(*command)
        assert done.code != USAGE, done.err
        assert is_clean(done, project)

    def test_a_lost_state(self, project, cli: Cli):
        assert cli("apply", "--yes").code == 0
        assert is_clean(cli("state", "rebuild", "--yes"), project)

    @pytest.mark.parametrize("how", ERRORS)
    def test_a_server_that_repeats_the_request_in_its_error(self, project, cli: Cli, monkeypatch, how):
        monkeypatch.setenv("RECONCILER_TRACE", "1")
        monkeypatch.setenv("OPENAI_API_KEY", "key")
        monkeypatch.setenv("OPENAI_LOG", "debug")
        with repeating(ERRORS[how]) as url:
            monkeypatch.setenv("RECONCILER_ENDPOINT", url)
            done = cli("apply", "--yes")
        assert done.code == 4
        assert "the server's message is not shown" in done.out + done.err
        assert is_clean(done, project)


@contextmanager
def repeating(message: Any) -> Iterator[str]:
    """Serve an API without objects, in which every create of a credential is an error that repeats the request."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, {"object": "list", "data": [], "has_more": False})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if not self.path.endswith("/credentials"):
                made = {"id": "vault_1", "object": "vault", "created_at": 1, **json.loads(body)}
                return self._answer(201, made)
            error = {"message": message(body), "type": "invalid_request_error", "code": None, "param": None}
            return self._answer(400, {"error": error})

        def _answer(self, status: int, value: Any) -> None:
            content = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
