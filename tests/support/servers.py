"""S3 and PostgreSQL servers for tests, one of each for a session, on free local ports."""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reconciler.s3.location import Location

# moto checks If-Match and writes in two steps. The lock prevents writes of other threads in between.
_S3_SERVER = """
import sys, threading
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

moto, turn = DomainDispatcherApplication(create_backend_app), threading.Lock()

def in_turn(environ, start_response):
    with turn:
        return [b"".join(moto(environ, start_response))]

run_simple("127.0.0.1", int(sys.argv[1]), in_turn, threaded=True)
"""
PASSWORD = "not-for-messages"  # must not appear in any output


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class S3Server:
    """moto's S3 server in its own process. Its objects are lost when it stops."""

    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-c", _S3_SERVER, str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _await_port(self.port, self.process)

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def make_bucket(self, name: str) -> None:
        self._request("PUT", f"/{name}")

    def check_keys(self, on: bool) -> None:
        """Turn the check of access keys on or off. No key is valid while it is on."""
        self._request("POST", "/moto-api/reset-auth", b"0" if on else b"inf")

    def _request(self, method: str, path: str, body: bytes | None = None) -> None:
        plain = {"Content-Type": "text/plain"}
        request = urllib.request.Request(self.url + path, data=body, method=method, headers=plain)
        with urllib.request.urlopen(request, timeout=10) as answer:
            answer.read()


@dataclass
class PostgresServer:
    """A PostgreSQL cluster. The server refuses to run as root, so root runs it as another user."""

    programs: Path
    folder: Path
    port: int = field(default_factory=free_port)

    @property
    def dsn(self) -> str:
        return f"postgres://reconciler:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        self._run("initdb", "-U", "reconciler", "-A", "scram-sha-256", f"--pwfile={secret}", "--no-sync", "-E", "UTF8")

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        self._run("pg_ctl", "start", "-w", "-o", options, "-l", str(self.folder / "log"))

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "-w", "-m", "immediate")

    def pids(self) -> list[int]:
        """Return the process ids of the server."""
        first = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text(encoding="ascii")
        return [first, *map(int, children.split())]

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), "-D", str(self.folder / "data"), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, timeout=60, **_unprivileged())


def _unprivileged() -> dict[str, Any]:
    if os.getuid() != 0:
        return {}
    user = next(name for name in ("postgres", "nobody") if name in {entry.pw_name for entry in pwd.getpwall()})
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def postgres_programs() -> Path | None:
    """Return the folder of PostgreSQL's programs. Debian installs those of the server outside of PATH."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "pg_ctl").exists()), None)


def _await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > end or process.poll() is not None:
                raise
            time.sleep(0.05)
        else:
            return


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    pytest.importorskip("moto", reason="requires the package moto[server] from PyPI", exc_type=ImportError)
    server = S3Server()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def bucket(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Location:
    """Return an empty prefix in a new bucket, with its credentials in the environment."""
    name = f"acme-{secrets.token_hex(6)}"
    s3_server.make_bucket(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", PASSWORD)
    return Location(name, "team a/acme", "eu-central-1", s3_server.url)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    programs = postgres_programs()
    if programs is None:
        pytest.skip("requires PostgreSQL's server: Debian's package postgresql")
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    if os.getuid() == 0:
        shutil.chown(folder, _unprivileged()["user"])
    server = PostgresServer(programs, folder)
    try:
        server.make()
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def database(postgres_server: PostgresServer) -> str:
    """Return the URL of a schema that does not exist yet, in the format of `RECONCILER_STATE`."""
    return f"{postgres_server.dsn}?schema=acme_{secrets.token_hex(6)}"
