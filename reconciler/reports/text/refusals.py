"""Refusals as text: the object and the rule, the referrers and their places, and the remedies."""

from collections.abc import Iterator, Sequence

from reconciler.reports.style import Style, cells, pad, plain, wrap, wrap_parts
from reconciler.reports.text.changes import painted_sign
from reconciler.reports.views.refusals import COMMAND, CONSENT, MOST_CHAINS, REMEDY, Link, RefusalView


def refusal_lines(refusals: Sequence[RefusalView], style: Style) -> list[str]:
    """Return every refusal as a block, with an empty line between two."""
    lines: list[str] = []
    for refusal in refusals:
        lines += ["", *_one(refusal, style)] if lines else _one(refusal, style)
    return lines


def _one(refusal: RefusalView, style: Style) -> Iterator[str]:
    indent = "  "
    if refusal.address:
        indent = " " * 6
        sign = painted_sign(refusal.sign, style)
        yield f"  {sign} {refusal.action}  {style.paint(plain(refusal.address), 'bold')}"
    lead = f"{indent}refused[{plain(refusal.rule)}]: "
    first, *others = wrap(refusal.cause, style.width, lead=lead, hang=" " * 6)
    yield style.paint(first[: len(lead)], "red") + first[len(lead) :]
    yield from others
    for title, referrers in refusal.sections:
        yield from _section(title, referrers, style)
    for chain in refusal.chains[:MOST_CHAINS]:
        yield from _chain(chain, style)
    if len(refusal.chains) > MOST_CHAINS:
        yield f"{'':<15}and {len(refusal.chains) - MOST_CHAINS} more, in `-o json`"
    if len(refusal.remedy_lines) == 1:
        yield from _labelled(REMEDY.lower(), refusal.remedies.split(), style)
    else:
        for index, text in enumerate(refusal.remedy_lines):
            yield from _labelled("" if index else REMEDY.lower(), text.split(), style)
    if refusal.consent:
        yield f"      {CONSENT[0].lower()}{CONSENT[1:]}:"
        yield from (f"        {plain(line)}".rstrip() for line in refusal.consent)
        yield from _labelled(COMMAND.lower(), refusal.command.split(" "), style)


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


def _labelled(label: str, parts: Sequence[str], style: Style) -> Iterator[str]:
    lead = f"      {label:<8} "
    first, *others = wrap_parts(list(map(plain, parts)), style.width, lead=lead, hang=" " * len(lead))
    yield style.paint(first[: len(lead)], "bold") + first[len(lead) :]
    yield from others
