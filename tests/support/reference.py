"""`python -m tests.support.reference`: write docs/reference/, the commands and the fields of manifests.

The commands are those of the program, the fields those of the JSON Schema of manifests.
"""

import inspect
import json
import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

import click

from reconciler.cli import codes
from reconciler.cli.main import cli
from reconciler.explanations.fields import ManifestSchema
from reconciler.explanations.model import FieldExplanation
from reconciler.manifests.schema import manifest_schema

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "docs" / "reference"
WRITTEN: Final = "<!-- Written by `make reference`. -->\n\n"
COMMANDS: Final = f"""\
# Commands

{WRITTEN}This page lists every command of `reconciler` with its arguments and options, as `reconciler COMMAND --help`
prints them. Every command has `--help`, or `-h`. For what the commands share, see [Command line](../cli.md); for what
each is used for, the [table in the README](../../README.md#commands).
"""
FIELDS: Final = f"""\
# Fields of manifests

{WRITTEN}These pages list every field of every kind of manifest, with its type, its default and its limits. For
examples and explanations, see [Manifests](../manifests.md). `reconciler explain` prints the same in a terminal: the
headings are the paths that it takes.

| kind | description |
|---|---|
"""
COMMON: Final = """
## Fields of every manifest

A manifest has these fields. `spec` has those of its kind.

"""
HEAD: Final = "| field | type | description |\n|---|---|---|\n"
Parts: TypeAlias = tuple[str, ...]


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.md"):
        if path.name not in pages():
            path.unlink()
    for name, text in pages().items():
        FOLDER.joinpath(name).write_text(text, encoding="utf-8")
    sys.stdout.write(f"wrote {FOLDER.relative_to(ROOT)}\n")


def pages() -> dict[str, str]:
    """Return the texts of the pages by file name."""
    return {"commands.md": commands_page(), **field_pages(ManifestSchema(manifest_schema()))}


# Commands


def commands() -> Iterator[tuple[str, click.Command, click.Context]]:
    """Yield the commands that are not hidden, in the order of the help, with their names and contexts."""
    yield from _commands(click.Context(cli, info_name="reconciler"))


def _commands(context: click.Context) -> Iterator[tuple[str, click.Command, click.Context]]:
    yield context.command_path, context.command, context
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            if command and not command.hidden:
                yield from _commands(click.Context(command, parent=context, info_name=name))


def options_of(command: click.Command, context: click.Context) -> list[click.Option]:
    """Return the options of a command that are not hidden."""
    return [one for one in command.get_params(context) if isinstance(one, click.Option) and not one.hidden]


def commands_page() -> str:
    exits = "".join(f"| {code} | {meaning} |\n" for code, meaning in codes.MEANINGS.items())
    ending = f"\n## Exit codes\n\n| exit code | meaning |\n|---|---|\n{exits}\n"
    ending += "The [command line](../cli.md#exit-codes) has what they mean for each command.\n"
    return COMMANDS + "".join(_command(*one) for one in commands()) + ending


def _command(name: str, command: click.Command, context: click.Context) -> str:
    level = "###" if " " in name else "##"
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    parts = [f"\n{level} `{name}`\n", _help(command), f"\n```\n{usage}\n```\n"]
    rows = [_option(one, context) for one in options_of(command, context) if "--help" not in one.opts]
    if rows:
        parts.append(f"\n| option | description |\n|---|---|\n{''.join(rows)}")
    return "".join(parts)


def _help(command: click.Command) -> str:
    """Return the help of a command in Markdown: paragraphs after `\\b` keep their lines."""
    found = []
    for paragraph in inspect.cleandoc(command.help or "").partition("\f")[0].split("\n\n"):
        text = paragraph.strip("\n")
        if text.startswith("\b"):
            found.append(f"\n```\n{inspect.cleandoc(text.removeprefix(chr(8)))}\n```\n")
        elif text:
            found.append(f"\n{text}\n")
    return "".join(found)


def _option(option: click.Option, context: click.Context) -> str:
    names, text = option.get_help_record(context) or ("", "")
    variables = option.envvar if isinstance(option.envvar, (list, tuple)) else [option.envvar] if option.envvar else []
    if variables:
        text += f" Variable: {', '.join(f'`{one}`' for one in variables)}."
    return f"| `{_cell(names)}` | {_cell(text)} |\n"


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


# Fields of manifests


@dataclass
class Section:
    """The fields of one mapping."""

    path: str
    text: str
    rows: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        level = "##" if self.path.count(".") < 2 else "###"
        rows = f"\n{HEAD}{''.join(self.rows)}" if self.rows else ""
        return f"\n{level} `{self.path}`\n\n{self.text}{rows}"


@dataclass
class Fields:
    """The sections of all kinds. Mappings with the same fields have one section, at the shortest of their paths."""

    schema: ManifestSchema
    kinds: Sequence[str]
    pages: dict[str, list[Section]] = field(default_factory=dict)
    places: dict[str, tuple[str, Parts]] = field(default_factory=dict)
    """Pages and paths of the sections by what they explain."""

    def __post_init__(self) -> None:
        roots: list[tuple[str, Parts]] = [(kind, (kind, "spec")) for kind in self.kinds]
        roots += [("manifests", (self.kinds[0], name)) for name in ("metadata", "lifecycle")]
        waiting = deque(roots)
        while waiting:
            page, parts = waiting.popleft()
            forms = self.schema.explain(parts)
            if has_fields(parts, forms) and key_of(forms) not in self.places:
                self.places[key_of(forms)] = (page, parts)
                waiting += [(page, below) for below in inside(parts, forms)]
        for page, parts in roots:
            self.pages.setdefault(page, [])
            self._add(page, parts)

    def rows(self, page: str, parts: Parts) -> list[str]:
        """Return the rows of a field, one for each of its meanings."""
        forms = self.schema.explain(parts)
        name = linked(parts[-1], self._link(page, parts))
        return [f"| {name} | {_cell(form.type)} | {_cell(' '.join(facts(form)))} |\n" for form in forms]

    def _link(self, page: str, parts: Parts) -> str:
        forms = self.schema.explain(parts)
        if not has_fields(parts, forms):
            return ""
        there, path = self.places[key_of(forms)]
        return f"{'' if there == page else f'{there}.md'}#{anchor(path)}"

    def _add(self, page: str, parts: Parts) -> None:
        """Add the section of a mapping, if it is here, and those of what is in it."""
        forms = self.schema.explain(parts)
        if not has_fields(parts, forms) or self.places[key_of(forms)] != (page, parts):
            return
        section = Section(".".join(parts), "".join(f"{prose(text)}\n" for text in unique(forms)))
        self.pages[page].append(section)
        below = inside(parts, forms)
        selector = next((form.selected_by for form in forms if form.selected_by), "")
        if selector:
            section.text += f"\n`{selector}` selects the fields:\n\n| `{selector}` | description |\n|---|---|\n"
            for one in below:
                texts = dict.fromkeys(v.description for form in forms for v in form.variants if v.value == one[-1])
                section.text += f"| {linked(one[-1], self._link(page, one))} | {_cell(' '.join(map(prose, texts)))} |\n"
        else:
            section.rows = [row for one in below for row in self.rows(page, one)]
        for one in below:
            self._add(page, one)


def has_fields(parts: Parts, forms: Sequence[FieldExplanation]) -> bool:
    return parts[-1] != "extra" and any(form.members or (form.variants and form.selected_by) for form in forms)


def key_of(forms: Sequence[FieldExplanation]) -> str:
    return repr([(form.members, form.variants) for form in forms])


def inside(parts: Parts, forms: Sequence[FieldExplanation]) -> list[Parts]:
    """Return the paths of the forms of a mapping, or of its fields."""
    variants = [one.value for form in forms if form.selected_by for one in form.variants]
    names = variants or [member.name for form in forms for member in form.members]
    return [(*parts, name) for name in dict.fromkeys(names)]


def unique(forms: Iterable[FieldExplanation]) -> list[str]:
    return list(dict.fromkeys(form.description for form in forms if form.description))


def facts(form: FieldExplanation) -> Iterator[str]:
    """Yield the sentences about a field."""
    if form.required:
        yield "**Required.**"
    yield prose(form.description)
    if form.default is not None and "Default" not in form.description:
        yield f"Default: `{json.dumps(form.default, ensure_ascii=False)}`."
    missing = [value for value in map(json.dumps, form.values) if value.strip('"') not in form.description]
    if missing:
        yield f"Values: {', '.join(f'`{json.dumps(value)}`' for value in form.values)}."
    if form.limits:
        yield f"Limits: {'; '.join(limit(one) for one in form.limits)}."
    if form.only:
        yield f"Only with {' or '.join(f'`{one}`' for one in form.only)}."


def limit(text: str) -> str:
    head, mark, pattern = text.partition("pattern ")
    return f"{head}{mark}`{pattern}`" if mark else text


def prose(text: str) -> str:
    """Return a description in Markdown. `<…>` outside code would be HTML."""
    parts = re.split(r"(`[^`]*`)", re.sub(r"\s*\n\s*", " ", text))
    return "".join(part if part.startswith("`") else part.replace("<", "&lt;") for part in parts)


def linked(name: str, link: str) -> str:
    return f"[`{name}`]({link})" if link else f"`{name}`"


def anchor(parts: Parts) -> str:
    return "".join(parts).lower()


def field_pages(schema: ManifestSchema) -> dict[str, str]:
    """Return the page of each kind, and the page that lists them."""
    kinds = {kind.name.lower(): kind for kind in schema.kinds}
    fields = Fields(schema, tuple(kinds))
    first = next(iter(kinds))
    rows = "".join(f"| {linked(one.name, f'{name}.md')} | {_cell(one.description)} |\n" for name, one in kinds.items())
    around = "".join(
        row for name in ("apiVersion", "metadata", "lifecycle") for row in fields.rows("manifests", (first, name))
    )
    kind = f"| `kind` | string | **Required.** {schema.explain((first, 'kind'))[0].description} |\n"
    sections = "".join(one.markdown() for one in fields.pages["manifests"])
    common = f"{HEAD}{kind}{around}{sections}".replace(f"`{first}.", "`").replace(f"(#{first}", "(#")
    found = {name: page(one.name, fields.pages[name]) for name, one in kinds.items()}
    return {"manifests.md": FIELDS + rows + COMMON + common} | {f"{name}.md": text for name, text in found.items()}


def page(kind: str, sections: Sequence[Section]) -> str:
    head = (
        f"# {kind}\n\n{WRITTEN}This page lists the fields of `spec` of the kind `{kind}`. See\n"
        "[Manifests](../manifests.md) for examples, and [Fields of manifests](manifests.md) for the other kinds and\n"
        "the common fields.\n"
    )
    return head + "".join(section.markdown() for section in sections)


if __name__ == "__main__":
    main()
