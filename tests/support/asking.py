"""What tests ask of a plan: which rules refuse what, and who stands in which section."""

from typing import Any

from reconciler.planning.model import SECTIONS, Refusal
from tests.support.plan_inputs import Worlds


def rules(worlds: Worlds, **options: Any) -> list[tuple[str, str]]:
    """Rule and address of every refusal."""
    return [(refusal.rule, refusal.address) for refusal in worlds.plan(**options).refusals]


def refusal(worlds: Worlds, **options: Any) -> Refusal:
    """The only one."""
    (one,) = worlds.plan(**options).refusals
    return one


def sections(worlds: Worlds, **options: Any) -> dict[str, tuple[str, ...]]:
    """The sections of the only refusal that have entries."""
    one = refusal(worlds, **options)
    assert tuple(one.sections) == SECTIONS
    return {section: entries for section, entries in one.sections.items() if entries}
