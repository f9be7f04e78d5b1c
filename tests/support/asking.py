"""Extracts of plans that are short enough to compare in a test."""

from typing import Any

from reconciler.planning.model import SECTIONS, Change, Plan, Refusal
from reconciler.planning.referrers import subject_text
from tests.support.plan_inputs import Worlds


def rules(worlds: Worlds, **options: Any) -> list[tuple[str, str]]:
    """Return the rule and address of every refusal."""
    return [(refusal.rule, refusal.address) for refusal in worlds.plan(**options).refusals]


def rules_of(plan: Plan) -> list[tuple[str, str, str]]:
    """Return the rule, the address and the cause of every refusal of a plan."""
    return [(refusal.rule, refusal.address, refusal.cause.code) for refusal in plan.refusals]


def refusal(worlds: Worlds, **options: Any) -> Refusal:
    """Return the only refusal."""
    (one,) = worlds.plan(**options).refusals
    return one


def sections(worlds: Worlds, **options: Any) -> dict[str, tuple[str, ...]]:
    """Return the sections of the only refusal that have entries."""
    one = refusal(worlds, **options)
    assert tuple(one.sections) == SECTIONS
    return listed(one)


def listed(one: Refusal) -> dict[str, tuple[str, ...]]:
    """Return the sections of a refusal that have entries, each entry as a referrer with its state."""
    return {section: tuple(map(subject_text, entries)) for section, entries in one.sections.items() if entries}


def chains(one: Refusal) -> tuple[tuple[str, ...], ...]:
    """Return the links of each chain."""
    return tuple(tuple(str(link.node) for link in chain) for chain in one.chains)


def places(one: Refusal) -> dict[str, str]:
    """Return the place of each reference, by referrer with its state, and by link of a chain."""
    links = {subject_text(link): link.place for chain in one.chains for link in chain if link.place}
    return links | {subject_text(entry): entry.place for entries in one.sections.values() for entry in entries}


def remedies(one: Refusal) -> dict[str, dict[str, Any]]:
    """Return the arguments of each remedy by its code."""
    return {remedy.code: dict(remedy.args) for remedy in one.remedies}


def why(change: Change) -> list[tuple[str, dict[str, Any]]]:
    """Return the code and arguments of each reason."""
    return [(reason.code, dict(reason.args)) for reason in change.reasons]


def warned(plan: Plan) -> list[tuple[str, str | None, dict[str, Any]]]:
    """Return the code, address and arguments of each warning."""
    return [(notice.code, notice.address, dict(notice.args)) for notice in plan.warnings]
