"""The table of risks: the documentation explains each of them."""

import re
from pathlib import Path

from reconciler.resources.risks import LEVELS, RISKS

PAGE = Path(__file__).parents[3] / "docs" / "risks.md"


def test_the_page_explains_each_under_its_level():
    levels = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    explained = {
        name: part for part in levels for name in re.findall(r"^### `(.+)`\n\n[^#\n]", part, flags=re.MULTILINE)
    }
    assert {name: part.partition("\n")[0].lower() for name, part in explained.items()} == dict(RISKS)
    assert [part.partition("\n")[0].lower() for part in levels] == [*LEVELS, "costs"]
