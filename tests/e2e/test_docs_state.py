"""Run `docs/state.md` on the project that `init` writes."""

import json
import os
import re
from pathlib import Path
from unittest import mock

from reconciler.cli.main import COMMANDS
from reconciler.cli.state import command
from reconciler.operations.init import init
from tests.e2e.pages import answered, as_it_runs

PAGE = Path(__file__).parents[2] / "docs" / "state.md"
TEXT = PAGE.read_text(encoding="utf-8")


LINEAGE = "0f5c2d9a7be41c36"
"""The lineage on the page."""


def steady(text: str) -> str:
    """Return `text` with ids and trailing spaces replaced, which differ between runs."""
    text = re.sub(r"(?<=Lineage )[0-9a-f]{16}\b", LINEAGE, text)
    text = re.sub(r"\b(vs_|file-)[0-9a-f]{32}\b", r"\1…", text)
    return re.sub(r" +$", "", text, flags=re.MULTILINE)


def followed(scratch: Path) -> str:
    """Return the page with the outputs of its commands, run on an applied starter project in `scratch`."""
    folder = scratch / "acme"
    init(folder)
    with mock.patch.dict(os.environ, RECONCILER_ENDPOINT="embedded"):
        answered(f"apply -C {folder} --yes")
        lineage = json.loads(answered(f"state pull -C {folder}"))["lineage"]
        return as_it_runs(
            PAGE, folder, reconciler=lambda words: answered(words.replace(LINEAGE, lineage)), steady=steady
        )


def test_state_page_outputs_equal_command_outputs(tmp_path):
    assert followed(tmp_path) == TEXT


def test_state_page_mentions_every_state_command():
    assert "state" in COMMANDS
    assert [name for name in command.commands if f"state {name}" not in TEXT and f"`{name}`" not in TEXT] == []
