"""The shell of the demo: commands that are printed and run, and the embedded API that they use."""

import io
import json
import os
import shlex
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reconciler.resources.problems import Problem, ReconcilerError

PREFIX: Final = "reconciler "
ENVIRONMENT: Final = "staging"


@dataclass(frozen=True)
class Stage:
    """A temporary copy of the sample organisation, and the API that it is applied to."""

    folder: Path
    url: str
    environ: dict[str, str]
    """The variables of the shell that the demo shows."""
    say: Callable[[str], None]
    reconciler: Callable[[list[str]], int]
    """A function that runs a `reconciler` command in this process, which is faster than a new process."""

    def title(self, text: str) -> None:
        self.say(f"\n# {text}")

    def shell(self, command: str, *, expect: int = 0) -> None:
        """Print and run a command, with its output on stdout; raises ReconcilerError for an unexpected exit code."""
        self.say(f"\n$ {command}")
        code = (
            self._run_reconciler(command.removeprefix(PREFIX))
            if command.startswith(PREFIX)
            else self._run_shell(command)
        )
        if code != expect:
            message = f"`{command}` returned exit code {code} instead of {expect}"
            raise ReconcilerError(Problem("demo", message, hint="This is a bug in Reconciler. Please report it."))

    def export(self, name: str, value: str) -> None:
        """Print and run the command that sets a variable of the shell."""
        self.say(f"\n$ export {name}={value}")
        self.environ[name] = value

    def _run_reconciler(self, command: str) -> int:
        words, _, pipe = command.partition(" | ")
        with chdir(self.folder), _environment(self.environ):
            if not pipe:
                return self.reconciler(shlex.split(words))
            with redirect_stdout(io.StringIO()) as printed:
                code = self.reconciler(shlex.split(words))
        return code or self._run_shell(pipe, printed.getvalue())

    def _run_shell(self, command: str, given: str | None = None) -> int:
        sys.stdout.flush()
        folder, environ = self.folder, dict(self.environ)
        done = subprocess.run(command, shell=True, cwd=folder, env=environ, input=given, text=True, check=False)  # noqa: S602
        return done.returncode


def request(
    url: str, body: Mapping[str, object] | None = None, beta: str = "agents=v1", method: str | None = None
) -> dict[str, Any]:
    """Send a request as a user or another program would, and return the response."""
    headers = {"Authorization": "Bearer demo", "OpenAI-Beta": beta, "Content-Type": "application/json"}
    data = json.dumps(body).encode() if body else None
    sent = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - our own server on this machine
    with urllib.request.urlopen(sent, timeout=10) as response:  # noqa: S310
        answer: dict[str, Any] = json.load(response)
        return answer


@contextmanager
def embedded_api(*options: str) -> Iterator[str]:
    """Start the embedded API in another process; yields its base URL."""
    command = [sys.executable, "-m", "reconciler.cli.main", "emulator", "serve", "--port", "0", *options]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)  # noqa: S603 - our own command
    try:
        line = server.stderr.readline() if server.stderr else ""
        if "http://" not in line:
            rest = server.stderr.read() if server.stderr else ""
            raise ReconcilerError(Problem("demo", f"the embedded API did not start: {line}{rest}"))
        yield "http://" + line.partition("http://")[2].split()[0]
    finally:
        server.terminate()
        server.wait()
        if server.stderr:
            server.stderr.close()


@contextmanager
def _environment(environ: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def environ_of(url: str) -> dict[str, str]:
    """Return the environment of the user, without variables that would redirect the demo."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RECONCILER_", "OPENAI_", "CI"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    return kept | {"PATH": path, "OPENAI_BASE_URL": url, "OPENAI_API_KEY": "demo", "RECONCILER_ENV": ENVIRONMENT}
