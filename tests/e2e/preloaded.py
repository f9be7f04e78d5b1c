"""The command `reconciler`, forked for every call from a process that has imported it.

Scripts of many short commands wait for nothing else. Each call is a process of its own all the same, with the caller's
arguments, environment, folder and files.
"""

import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

import reconciler
from reconciler.cli.main import run
from tests.support.documents import check_printed_documents

_CLIENT: Final = """#!%s -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
    server.connect(%r)
    call = json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]).encode()
    socket.send_fds(server, [call], [0, 1, 2])
    sys.exit(int(server.recv(8)))
"""
_LARGEST: Final = 2**17


@contextmanager
def preloaded(folder: Path) -> Iterator[Path]:
    """A folder for PATH, with the command in it."""
    folder.mkdir()
    path = folder / "socket"
    command = folder / "reconciler"
    command.write_text(_CLIENT % (sys.executable, str(path)), encoding="utf-8")
    command.chmod(0o755)
    with subprocess.Popen([sys.executable, "-m", __name__, str(path)]) as server:
        try:
            while not path.exists():
                assert server.poll() is None
                time.sleep(0.01)
            yield folder
        finally:
            server.terminate()


def serve(path: str) -> None:
    for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    check_printed_documents(pytest.MonkeyPatch())
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(path)
        listening.listen()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # forked processes are not waited for
        while True:
            caller, _ = listening.accept()
            with caller:
                if os.fork() == 0:
                    listening.close()
                    answer(caller)


def answer(caller: socket.socket) -> None:
    """Run one command, as what has called it; does not return."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    call, files, _, _ = socket.recv_fds(caller, _LARGEST, 3)
    arguments, environ, folder = json.loads(call)
    for standard, file in enumerate(files):
        os.dup2(file, standard)
    # Those of the server know of another file whether one can seek in it.
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    code = run(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    caller.send(str(code).encode())
    os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1])
