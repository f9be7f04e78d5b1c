"""`docs/state.md`, followed command by command on the project that `init` writes."""

import re
from pathlib import Path

from reconciler.cli.main import COMMANDS
from reconciler.cli.state import command
from reconciler.operations.init import init
from tests.e2e.pages import Shell, answered, reading

PAGE = Path(__file__).parents[2] / "docs" / "state.md"
TEXT = PAGE.read_text(encoding="utf-8")
SESSION = re.compile(r"^```console\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
STEP = re.compile(r"^\$ ", flags=re.MULTILINE)


def steady(text: str) -> str:
    """`text` with ids and widths replaced, which differ from run to run."""
    text = re.sub(r"\b(vs_|file-)[0-9a-f]{32}\b", r"\1…", text)
    return re.sub(r" +$", "", text, flags=re.MULTILINE)


def test_every_command_does_what_the_page_shows(tmp_path):
    init(tmp_path / "acme")
    with reading(tmp_path / "acme", RECONCILER_ENDPOINT="embedded"):
        Shell(answered).run("reconciler apply --yes")
        for session in SESSION.findall(TEXT):
            for step in STEP.split(session)[1:]:
                line, _, shown = step.partition("\n")
                assert steady(Shell(answered).run(line)).strip() == shown.strip(), line


def test_the_page_tells_of_every_command():
    assert "state" in COMMANDS
    assert [name for name in command.commands if f"state {name}" not in TEXT and f"`{name}`" not in TEXT] == []
