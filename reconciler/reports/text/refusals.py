"""Refusals as text: the objects and the rule, the referrers and their places, and last the ways out.

Objects that one rule refuses for the same reason, with the same ways out, are one block. Each command has a line of its
own, or several that a shell reads as one.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.reports.style import Style, cells, command_lines, pad, plain, wrap
from reconciler.reports.text.changes import painted_sign, title_list
from reconciler.reports.views.refusals import (
    COMMAND,
    CONSENT,
    MOST_CHAINS,
    REMEDY,
    Link,
    RefusalView,
    consent_of_each,
    grouped,
)
from reconciler.reports.wording.remedies import Step, Way

_INDENT: Final = " " * 8


def refusal_lines(refusals: Sequence[RefusalView], style: Style) -> list[str]:
    """Return the refusals as blocks, with an empty line between two."""
    lines: list[str] = []
    for group in grouped(refusals):
        block = _one(group[0], style) if len(group) == 1 else _several(group, style)
        lines += ["", *block] if lines else block
    return lines


def _one(refusal: RefusalView, style: Style) -> Iterator[str]:
    indent = "  "
    if refusal.address:
        indent = " " * 6
        yield _object(refusal, style)
    yield from _cause(f"{indent}refused[{plain(refusal.rule)}]: ", refusal.cause, style)
    yield from _referrers(refusal, style)
    yield from _ways(refusal.ways, style)
    if refusal.consent:
        yield f"      {CONSENT[0].lower()}{CONSENT[1:]}:"
        yield from (f"{_INDENT}{plain(line)}".rstrip() for line in refusal.consent)
        yield f"      {COMMAND.lower()}:"
        yield from command_lines(plain(refusal.command), style.width, indent=_INDENT)


def _several(refusals: Sequence[RefusalView], style: Style) -> Iterator[str]:
    """Return the block of several objects: one below the other with their referrers, or else side by side."""
    first = refusals[0]
    lead = f"  refused[{plain(first.rule)}]: "
    yield from _cause(lead, first.cause_of_several.format(number=len(refusals)), style)
    if any(one.sections or one.chains for one in refusals):
        for one in refusals:
            yield _object(one, style)
            yield from _referrers(one, style)
    else:
        yield from title_list(first.sign, first.action, [one.address for one in refusals], style, " " * 6)
    yield from _ways(first.ways, style)
    if command := consent_of_each(refusals):
        yield "      or permit each of them by a consent:"
        yield from command_lines(plain(command), style.width, indent=_INDENT)


def _object(refusal: RefusalView, style: Style) -> str:
    return f"  {painted_sign(refusal.sign, style)} {refusal.action}  {style.paint(plain(refusal.address), 'bold')}"


def _cause(lead: str, text: str, style: Style) -> Iterator[str]:
    first, *others = wrap(text, style.width, lead=lead, hang=" " * 6)
    yield style.paint(first[: len(lead)], "red") + first[len(lead) :]
    yield from others


def _referrers(refusal: RefusalView, style: Style) -> Iterator[str]:
    for title, referrers in refusal.sections:
        yield from _section(title, referrers, style)
    for chain in refusal.chains[:MOST_CHAINS]:
        yield from _chain(chain, style)
    if len(refusal.chains) > MOST_CHAINS:
        yield f"{'':<15}and {len(refusal.chains) - MOST_CHAINS} more, in `-o json`"


def _ways(ways: Sequence[Way], style: Style) -> Iterator[str]:
    """Return the ways out: one as a line or as numbered steps, several as a list."""
    lead = f"      {REMEDY.lower():<8} "
    label = style.paint(lead.rstrip(), "bold")
    if len(ways) == 1 and not any(step.command for step in ways[0].steps) and len(ways[0].steps) == 1:
        text = f"{ways[0].aim}, {ways[0].steps[0].text}" if ways[0].aim else ways[0].steps[0].text
        first, *others = wrap(_sentence(text), style.width, lead=lead, hang=_INDENT)
        yield label + first[len(lead.rstrip()) :]
        yield from others
    elif len(ways) == 1:
        yield f"{label}{lead[len(lead.rstrip()) :]}{ways[0].aim}:" if ways[0].aim else label
        yield from _steps(ways[0].steps, style, indent=_INDENT)
    elif ways:
        yield f"{label}{lead[len(lead.rstrip()) :]}one of these:"
        for way in ways:
            yield from _way(way, style)


def _way(way: Way, style: Style) -> Iterator[str]:
    """Return one of several ways, with its steps below its aim."""
    bullet, hang = f"{_INDENT}- ", f"{_INDENT}  "
    if len(way.steps) == 1:
        (step,) = way.steps
        text = ", ".join(filter(None, (way.aim, step.text)))
        end = ":" if step.command else ""
        yield from wrap(f"{text[:1].upper()}{text[1:]}{end}", style.width, lead=bullet, hang=hang) if text else ()
        if step.command:
            yield from command_lines(plain(step.command), style.width, indent=hang if text else bullet)
        return
    text = way.aim or "all of these"
    yield from wrap(f"{text[:1].upper()}{text[1:]}:", style.width, lead=bullet, hang=hang)
    yield from _steps(way.steps, style, indent=hang)


def _steps(steps: Sequence[Step], style: Style, *, indent: str) -> Iterator[str]:
    """Return steps with numbers, if there are several, each command below its text."""
    for number, step in enumerate(steps, 1):
        lead = f"{indent}{number}. " if len(steps) > 1 else indent
        hang = " " * len(lead)
        if step.text:
            end = ":" if step.command else ""
            yield from wrap(f"{step.text[:1].upper()}{step.text[1:]}{end}", style.width, lead=lead, hang=hang)
        if step.command:
            yield from command_lines(plain(step.command), style.width, indent=hang if step.text else lead)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}."


def _section(title: str, referrers: Sequence[Link], style: Style) -> Iterator[str]:
    yield f"      {title}"
    names = [plain(name) for name, _ in referrers]
    room = max(map(cells, names))
    for name, (_, place) in zip(names, referrers, strict=True):
        yield from _with_place(f"        {pad(name, room)}", place, style)


def _chain(chain: Sequence[Link], style: Style) -> Iterator[str]:
    """Return a line for every link, with its place."""
    for index, (name, place) in enumerate(chain):
        lead = f"{'' if index else '      through':<15}"
        first, *below = _with_place(f"{lead}{'-> ' if index else ''}{plain(name)}", place, style, hang=" " * 18)
        yield style.paint(first[: len(lead)], *(() if index else ("bold",))) + first[len(lead) :]
        yield from below


def _with_place(line: str, place: str, style: Style, hang: str = " " * 10) -> Iterator[str]:
    """Return `line` and the place after it, or below it if both do not fit on one line."""
    place = plain(place)
    if not place:
        yield line.rstrip()
    elif cells(line + "  " + place) <= style.width:
        yield f"{line}  {style.paint(place, 'dim')}"
    else:
        yield line.rstrip()
        yield hang + style.paint(place, "dim")
