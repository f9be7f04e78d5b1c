"""`docs/coming-from-assistants-or-prompts.md`, followed command by command."""

import re
from pathlib import Path

from reconciler import bundles
from tests.e2e.pages import Shell, answered, reading

PAGE = Path(__file__).parents[2] / "docs" / "coming-from-assistants-or-prompts.md"
TEXT = PAGE.read_text(encoding="utf-8")
FILES = re.findall(r"`(exports/[\w.]+)`:\n\n```json\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
SESSIONS = re.findall(r"^```console\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)


def test_every_command_does_what_the_page_shows(tmp_path):
    for name, content in FILES:
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(content, encoding="utf-8")
    with reading(tmp_path):
        for session in SESSIONS:
            for step in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
                command, _, shown = step.partition("\n")
                assert Shell(answered).run(command).strip() == shown.strip(), command
    bundle = bundles.load(tmp_path / "claims" / ".reconciler" / "bundles", "claims", "assistant/claims-desk")
    assert bundle.request("assistant/claims-desk")["temperature"] == 0.2


def test_the_page_shows_what_there_is_to_run():
    assert [name for name, _ in FILES] == ["exports/assistants.json", "exports/welcome.json"]
    assert len(SESSIONS) >= 7
