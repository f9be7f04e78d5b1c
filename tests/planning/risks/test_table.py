"""The table of risks: every one is explained, and every one is tried, where it is told and where it is not."""

import re
from pathlib import Path

from reconciler.resources.risks import LEVELS, RISKS
from tests.planning.risks import test_rules
from tests.resources import test_risks

PAGE = Path(__file__).parents[3] / "docs" / "risks.md"


def test_the_page_explains_each_under_its_level():
    levels = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    explained = {
        name: part for part in levels for name in re.findall(r"^### `(.+)`\n\n[^#\n]", part, flags=re.MULTILINE)
    }
    assert {name: part.partition("\n")[0].lower() for name, part in explained.items()} == dict(RISKS)
    assert [part.partition("\n")[0].lower() for part in levels] == [*LEVELS]


def test_each_is_tried():
    """That of a consent fires where consents are tested."""
    told = {rule for rule, *_ in test_risks.FIRES} | {rule for rule, _ in test_rules.TOLD}
    assert told | {"consent-used"} == RISKS.keys()
    not_told = {rule for rule, *_ in test_risks.SILENT} | {rule for rule, _ in test_rules.NOT_TOLD}
    assert not_told == RISKS.keys()
