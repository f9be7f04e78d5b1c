"""Explanations of kinds, fields and codes as text. Imports no plan, so that `explain` answers at once."""

import json
from collections.abc import Iterator, Sequence

from reconciler.explanations.model import CodeExplanation, Explanation, FieldExplanation, Member, TermExplanation
from reconciler.reports.style import Style, cells, plain, wrap

_INDENT = "  "


def explanation_text(explanation: Explanation, *, style: Style) -> str:
    """Return the explanation of a topic; the list of kinds without one."""
    blocks: list[list[str]] = [list(_kinds(explanation, style))] if explanation.kinds else []
    blocks += [list(_field(one, style)) for one in explanation.fields]
    blocks += [list(_code(one, style)) for one in explanation.codes]
    blocks += [list(_term(one, style)) for one in explanation.terms]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _kinds(explanation: Explanation, style: Style) -> Iterator[str]:
    yield style.paint("Kinds", "bold")
    for kind in explanation.kinds:
        yield f"{_INDENT}{style.paint(plain(kind.name.lower()), 'cyan')}"
        yield from _prose(kind.description, style, 2)
    yield ""
    yield from wrap(
        "`reconciler explain KIND.spec` lists the fields of a kind, `reconciler explain CODE` explains the code of an "
        "error, a warning, a refusal or a risk, `reconciler explain WORD` explains a word of plans and reports, such "
        "as `modified`.",
        style.width,
    )


def _field(field: FieldExplanation, style: Style) -> Iterator[str]:
    only = f" ({_forms(field.only)})" if field.only else ""
    yield style.paint(plain(field.path), "bold") + plain(only)
    yield from _prose(field.description, style, 1)
    yield ""
    yield from _facts(field, style)
    if field.variants:
        selector = field.selected_by or field.path.rpartition(".")[2]
        yield ""
        yield style.paint(f"{_INDENT}Values of {plain(selector)}", "bold")
        for variant in field.variants:
            yield f"{_INDENT * 2}{style.paint(plain(variant.value), 'cyan')}"
            yield from _prose(variant.description, style, 3)
    if field.members:
        yield ""
        yield style.paint(f"{_INDENT}Fields", "bold")
        for member in field.members:
            yield from _member(member, style)
    if field.selected_by and not field.members:
        below = f"reconciler explain {field.path}.{field.variants[0].value}"
        yield ""
        yield from wrap(f"For the fields of one of them: `{below}`", style.width, lead=_INDENT, hang=_INDENT)


def _facts(field: FieldExplanation, style: Style) -> Iterator[str]:
    values = [] if field.variants and not field.selected_by else list(map(json.dumps, field.values))
    facts = {
        "type": field.type,
        "required": "yes" if field.required else "",
        "default": "" if field.default is None else json.dumps(field.default, ensure_ascii=False),
        "values": ", ".join(values),
        "limits": "; ".join(field.limits),
        "also": "`{$file: PATH}` and `${var.NAME}`" if field.expands else "",
    }
    for name, text in facts.items():
        if text:
            yield from wrap(text, style.width, lead=f"{_INDENT}{name:<10}", hang=_INDENT + " " * 10)


def _member(member: Member, style: Style) -> Iterator[str]:
    about = [member.type, *(["required"] if member.required else []), *([_forms(member.only)] if member.only else [])]
    yield f"{_INDENT * 2}{style.paint(plain(member.name), 'cyan')}  {style.paint(plain('; '.join(about)), 'dim')}"
    yield from _prose(member.description, style, 3)


def _forms(only: Sequence[str]) -> str:
    """Return forms as `target: agents or responses`, if they differ in the last value only."""
    heads = {one.rpartition(": ")[0] for one in only}
    if len(heads) > 1:
        return " or ".join(only)
    return f"{heads.pop()}: {' or '.join(one.rpartition(': ')[2] for one in only)}"


def _code(code: CodeExplanation, style: Style) -> Iterator[str]:
    yield f"{style.paint(plain(code.code), 'bold')} ({code.is_a})"
    yield from _prose(code.meaning, style, 1)
    yield ""
    yield style.paint(f"{_INDENT}Example", "bold")
    for line in code.example.splitlines():
        yield from _example(f"{_INDENT * 2}{plain(line)}".rstrip(), style.width)
    yield ""
    yield style.paint(f"{_INDENT}Solution", "bold")
    yield from _prose(code.solution, style, 2)


def _example(line: str, width: int) -> list[str]:
    """Return a line of an example; wrapped only if it is too wide, so that others keep their columns."""
    lead = line[: len(line) - len(line.lstrip(" "))]
    return [line] if cells(line) <= width else wrap(line, width, lead=lead, hang=f"{lead}{_INDENT * 2}")


def _term(term: TermExplanation, style: Style) -> Iterator[str]:
    yield f"{style.paint(plain(term.term), 'bold')} ({f'{term.of}, ' if term.of else ''}glossary)"
    yield from _prose(term.meaning, style, 1)


def _prose(text: str, style: Style, depth: int) -> Iterator[str]:
    """Yield the paragraphs and list items of a text in Markdown."""
    for paragraph in text.split("\n"):
        if paragraph.strip():
            lead = _INDENT * depth
            yield from wrap(paragraph, style.width, lead=lead, hang=lead)
