"""`docs/coming-from-assistants-or-prompts.md`, followed command by command."""

import os
import re
import subprocess
import sys
from pathlib import Path

from reconciler import bundles

PAGE = Path(__file__).parents[2] / "docs" / "coming-from-assistants-or-prompts.md"
TEXT = PAGE.read_text(encoding="utf-8")
FILES = re.findall(r"`(exports/[\w.]+)`:\n\n```json\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
SESSIONS = re.findall(r"^```console\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)


class Shell:
    """Runs what a reader would type, and remembers where and with which variables."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environ = os.environ | {"PATH": path, "COLUMNS": "100"}

    def run(self, command: str) -> str:
        word, _, rest = command.partition(" ")
        if word == "cd":
            self.folder /= rest
        elif word == "export":
            name, _, value = rest.partition("=")
            self.environ[name] = value
        else:
            done = subprocess.run(
                command, shell=True, cwd=self.folder, env=self.environ, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            return done.stdout.strip()
        return ""


def test_every_command_does_what_the_page_shows(tmp_path):
    for name, content in FILES:
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(content, encoding="utf-8")
    shell = Shell(tmp_path)
    for session in SESSIONS:
        for step in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
            command, _, shown = step.partition("\n")
            assert shell.run(command) == shown.strip(), command
    bundle = bundles.load(shell.folder / ".reconciler" / "bundles", "claims", "assistant/claims-desk")
    assert bundle.request("assistant/claims-desk")["temperature"] == 0.2


def test_the_page_shows_what_there_is_to_run():
    assert [name for name, _ in FILES] == ["exports/assistants.json", "exports/welcome.json"]
    assert len(SESSIONS) >= 7
