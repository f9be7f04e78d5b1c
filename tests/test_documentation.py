"""Everything that a user can name is documented. A failure lists what is missing, or documented and not there."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

import reconciler
from reconciler.cli import codes
from reconciler.cli.main import cli
from reconciler.explanations.fields import ManifestSchema
from reconciler.manifests.schema import manifest_schema
from reconciler.planning.guard import RULES
from reconciler.planning.reasons import NoticeCode
from reconciler.resources.assistants.model_parameters import REFUSED as REFUSED_PARAMETERS
from reconciler.resources.risks import RISKS
from tests.support import reference
from tests.support.codes import produced

PACKAGE = Path(reconciler.__file__).parent
DOCS = Path(__file__).parents[1] / "docs"
README = Path(__file__).parents[1] / "README.md"
COMMANDS = [(name, command, context) for name, command, context in reference.commands() if " " in name]
VARIABLE = re.compile(
    r"(?:RECONCILER|OPENAI|GITHUB|GITLAB|CI|GIT|GCM|AWS|PG|XDG|PYTHON|LC)_?[A-Z0-9](?:[A-Z0-9_]*[A-Z0-9])?|CI|HOME"
)
OTHER_NAMES = frozenset({"PYTHON", "GITLAB", "GITHUB", "OPENAI_READ_KEY"})
"""Texts that look like variables: words, and the name of a secret in workflows."""


def text(page: str) -> str:
    return DOCS.joinpath(page).read_text(encoding="utf-8")


def section(page: str, heading: str) -> str:
    """Return the text below a heading, up to the next one of the same level."""
    level = heading.partition(" ")[0]
    found = re.search(rf"^{re.escape(heading)}$(.*?)(?=^{level} |\Z)", text(page), re.MULTILINE | re.DOTALL)
    assert found, f"{page} has no {heading}"
    return found[1]


@cache
def pages() -> dict[str, str]:
    return reference.pages()


def test_reference_is_that_of_the_program():
    written = {path.name: path.read_text(encoding="utf-8") for path in reference.FOLDER.glob("*.md")}
    other = sorted(name for name in written.keys() | pages().keys() if written.get(name) != pages().get(name))

    assert other == [], "run `make reference`"


class TestCommands:
    def test_of_the_reference_are_all(self):
        page = text("reference/commands.md")

        assert [name for name, _, _ in COMMANDS if f"\n### `{name}`\n" not in page] == []

    def test_are_in_the_readme(self):
        table = README.read_text(encoding="utf-8").partition("\n## Commands\n")[2].partition("\n## ")[0]
        leaves = [name.removeprefix("reconciler ") for name, command, _ in COMMANDS if not hasattr(command, "commands")]

        assert [name for name in leaves if not re.search(rf"`{re.escape(name)}\b", table)] == []

    def test_and_their_options_have_a_help_text(self):
        options = [(name, one) for name, command, context in COMMANDS for one in reference.options_of(command, context)]

        assert [name for name, command, _ in COMMANDS if not (command.help or "").strip()] == []
        assert [f"{name} {one.opts[0]}" for name, one in options if not one.help] == []

    def test_have_their_options_in_the_reference(self):
        missing = []
        for name, command, context in COMMANDS:
            written = section("reference/commands.md", f"### `{name}`")
            for option in reference.options_of(command, context):
                names = [one for one in (*option.opts, *option.secondary_opts) if "help" not in one and one != "-h"]
                missing += [f"{name} {one}" for one in names if not re.search(rf"[`, /]{re.escape(one)}\b", written)]

        assert missing == []


class TestExitCodes:
    def test_are_those_of_the_commands_and_the_errors(self):
        of_commands = {value for value in vars(codes).values() if isinstance(value, int)}
        source = "".join(file.read_text(encoding="utf-8") for file in PACKAGE.rglob("*.py"))
        of_errors = set(map(int, re.findall(r"^    exit_code(?:: \w+)? = (\d+)$", source, re.MULTILINE)))

        assert set(codes.MEANINGS) == of_commands | of_errors | {0}

    @pytest.mark.parametrize("page", ["cli.md", "reference/commands.md"])
    def test_are_in_the_tables(self, page):
        rows = re.findall(r"^\| (\d+) \|", section(page, "## Exit codes"), re.MULTILINE)

        assert list(map(int, rows)) == list(codes.MEANINGS)

    def test_are_in_the_help(self):
        written = cli.help or ""

        assert [
            code for code in codes.MEANINGS if not re.search(rf"\b{code} ", written.partition("Exit codes")[2])
        ] == []


class TestCodes:
    """The sections are compared with the program in tests/explanations/test_codes.py."""

    def test_of_errors_warnings_refusals_and_risks_have_a_section(self):
        page = text("codes.md")
        known = produced().all | set(get_args(NoticeCode)) | set(RULES) | set(RISKS)

        assert sorted(code for code in known if f"\n### `{code}`\n" not in page) == []

    def test_of_risks_are_on_the_page_of_risks_below_their_level(self):
        page, levels = text("risks.md"), dict[str, str]()
        for section in page.split("\n## ")[1:]:
            level = section.partition("\n")[0].lower()
            levels |= dict.fromkeys(re.findall(r"^### `([a-z-]+)`$", section, re.MULTILINE), level)

        assert levels == dict(RISKS)

    def test_of_models_that_refuse_parameters_are_on_the_page_of_risks(self):
        cells = [line.strip("| ").split(" | ") for line in text("risks.md").splitlines() if line.startswith("| gpt-")]

        assert [row[0].replace(",", "") for row in cells] == [entry.models for entry in REFUSED_PARAMETERS]
        for (_, said, _), entry in zip(cells, REFUSED_PARAMETERS, strict=True):
            names = set(re.split(r"!?=|\.|\s", entry.refused)) - {"reasoning", "tools"}
            assert sorted(name for name in names if name not in said.replace("service tier", "service_tier")) == []

    def test_of_refusals_are_on_the_page_of_the_guard(self):
        page = text("guard.md")

        assert sorted(rule for rule in RULES if f"`{rule}`" not in page) == []


class TestEnvironmentVariables:
    def test_that_the_program_reads_are_on_the_page(self):
        page = text("environment-variables.md")

        assert sorted(f"{name} ({places})" for name, places in variables().items() if f"`{name}`" not in page) == []

    def test_on_the_page_are_read_by_the_program_or_its_workflows(self):
        templates = "".join(file.read_text(encoding="utf-8") for file in PACKAGE.glob("workflows/templates/*/*.yml"))
        ours = set(re.findall(r"`(RECONCILER_[A-Z_]+)`", text("environment-variables.md")))

        assert sorted(ours - variables().keys() - set(re.findall(r"\bvars\.(\w+)", templates))) == []

    def test_in_other_pages_are_on_the_page(self):
        known = set(re.findall(r"`(RECONCILER_[A-Z_]+)`", text("environment-variables.md")))
        pages = [README, *DOCS.rglob("*.md")]
        used = {(name, page.name) for page in pages for name in re.findall(r"\bRECONCILER_[A-Z]\w*", page.read_text())}

        assert sorted((name, page) for name, page in used if name not in known) == []


@cache
def variables() -> dict[str, str]:
    """Return the names in the source code that are those of environment variables, and their first file.

    Workflow files and the demo have variables that they set themselves.
    """
    found: dict[str, str] = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        path = file.relative_to(PACKAGE).as_posix()
        if path.startswith(("workflows/", "operations/demo", "emulator/")):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for name in named(node):
                found.setdefault(name, path)
    return found


def named(node: ast.AST) -> Iterator[str]:
    """Yield the variables that a node names: by their prefix, or as the key of an environment."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if VARIABLE.fullmatch(node.value) and node.value not in OTHER_NAMES:
            yield node.value
    elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "get":
        yield from re.findall(r"environ(?:\(\))?\.get\('([A-Z_]+)'", ast.unparse(node))


class TestFields:
    """The pages of docs/reference are compared with the schema above."""

    SCHEMA = ManifestSchema(manifest_schema())

    def test_every_kind_has_a_page_and_a_section(self):
        manifests = text("manifests.md")

        assert [kind.name for kind in self.SCHEMA.kinds if f"{kind.name.lower()}.md" not in pages()] == []
        assert [kind.name for kind in self.SCHEMA.kinds if f"\n## {kind.name}\n" not in manifests] == []

    def test_every_field_has_a_description_in_the_reference(self):
        written = "".join(text(f"reference/{name}") for name in pages() if name != "commands.md")
        missing = [path for path in self.paths() if not re.search(rf"\| \[?`{re.escape(path[-1])}`", written)]

        assert [".".join(path) for path in missing] == []
        assert re.findall(r"^\| \[?`[^`]*`(?:\]\([^)]*\))? \| [^|]* \| +\|$", written, re.MULTILINE) == []

    def paths(self) -> Iterator[reference.Parts]:
        waiting: list[reference.Parts] = [(kind.name.lower(), "spec") for kind in self.SCHEMA.kinds]
        waiting += [("assistant", "metadata"), ("assistant", "lifecycle")]
        seen: set[str] = set()
        while waiting:
            parts = waiting.pop()
            forms = self.SCHEMA.explain(parts)
            if reference.has_fields(parts, forms) and reference.key_of(forms) not in seen:
                seen.add(reference.key_of(forms))
                for below in reference.inside(parts, forms):
                    yield below
                    waiting.append(below)


DOCSTRINGS = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def printed(path: Path) -> Iterator[str]:
    """Yield the texts of a module that can be printed or stand in a schema: all but the docstrings of code."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    owners = [node for node in ast.walk(tree) if isinstance(node, DOCSTRINGS) and ast.get_docstring(node) is not None]
    docstrings = {node.body[0].value for node in owners if isinstance(node.body[0], ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings:
            yield f"{path.relative_to(PACKAGE)}:{node.lineno}: {node.value}"


def test_message_names_a_command_instead_of_a_file_that_users_do_not_have():
    found = [one for path in sorted(PACKAGE.rglob("*.py")) for one in printed(path)]
    assert [one for one in found if re.search(r"\bdocs/[\w-]+\.md\b", one)] == []
