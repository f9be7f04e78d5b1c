"""Run `docs/coming-from-assistants-or-prompts.md`."""

import re
from pathlib import Path

from reconciler import bundles
from tests.e2e.pages import answered, as_it_runs

PAGE = Path(__file__).parents[2] / "docs" / "coming-from-assistants-or-prompts.md"
TEXT = PAGE.read_text(encoding="utf-8")
FILES = re.findall(r"`(exports/[\w.]+)`:\n\n```json\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
SESSIONS = re.findall(r"^```console\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)


def followed(scratch: Path) -> str:
    """Return the page with the outputs of its commands, run in `scratch`."""
    return as_it_runs(PAGE, scratch, reconciler=answered)


def test_migration_page_outputs_equal_command_outputs(tmp_path):
    assert followed(tmp_path) == TEXT
    bundle = bundles.load(tmp_path / "claims" / ".reconciler" / "bundles", "claims", "assistant/claims-desk")
    assert bundle.request("assistant/claims-desk")["temperature"] == 0.2


def test_migration_page_contains_both_exports_and_all_sessions():
    assert [name for name, _ in FILES] == ["exports/assistants.json", "exports/welcome.json"]
    assert len(SESSIONS) >= 7
