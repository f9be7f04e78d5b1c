"""Tests that modules use the declarations of kinds and name no kind."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import reconciler
from reconciler.resources.registry import kinds, resource_types

ROOT: Final = Path(reconciler.__file__).parent
WORDS: Final = frozenset(
    {name for kind in kinds().values() for name in (kind.name, kind.prefix)}
    | {name for one in resource_types().values() for name in (one.type, one.address_kind)}
) - {"file", "release", "request"}
"""Three names are also common words in the code. For these, imports are checked instead."""
IMPORTED: Final = ("reconciler.resources.kinds.", "reconciler.live.kinds.", "reconciler.emulator.resources.")

ALLOWED: Final = {
    "resources/kinds/": "the kinds themselves",
    "live/kinds/": "the kinds themselves",
    "live/referrers/": "objects that refer to kinds and have none",
    "emulator/resources/": "the API that has the objects of kinds",
    "emulator/input_items.py": "messages have the role `assistant`",
    "resources/automations/": "parts of the kind Automation",
    "resources/pipelines/": "parts of the kind Pipeline",
    "resources/store_files.py": "part of the kind VectorStore",
    "resources/names.py": "declares what fields may refer to",
    "resources/address.py": "the grammar of addresses, in which releases and files have names of their own form",
    "resources/releases/": "a release is a copy of a chatbot",
    "bundles/": "a bundle holds a chatbot with its pipelines and assistants: the contract with applications",
    "operations/outlet_documents.py": "reads bundles",
    "releases/": "releases are of chatbots",
    "review/": "reports the effects on the users of a chatbot",
    "operations/rollback.py": "publishes a release of a chatbot",
    "operations/consent.py": "writes consents",
    "operations/document_schemas.py": "names the commands that print documents",
    "project/workspace.py": "the chatbot of a release",
    "project/all_environments.py": "the releases that each environment publishes",
    "manifests/renames.py": "releases keep the name that their chatbot had",
    "cli/": "commands take the names of chatbots",
    "planning/guard/references.py": "the sections of a refusal: chatbots and pipelines that need an assistant",
    "planning/release_retention.py": "a release goes with an assistant that it uses",
    "planning/publications.py": "what is published under the name of a chatbot, and of an agent",
    "planning/sync_status.py": "the sync status is by assistant",
    "planning/consents.py": "consents are about the guard",
    "planning/codec.py": "`consent` is a field of a refusal",
    "planning/statements.py": "reads the texts of plans of version 1, in which only files have names with a space",
    "reports/": "the reports of releases, and of drift by assistant",
    "migration/": "makes manifests of assistants",
    "importing/request": "makes manifests of assistants, from requests and responses",
}
"""Modules that may name kinds, each with the reason."""


def named(path: Path) -> Iterator[str]:
    """Kinds, prefixes and types that a module writes, and modules of kinds that it imports, each with its line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            head, slash, _ = node.value.partition("/")
            if node.value in WORDS or (slash and head in WORDS and "." not in node.value):
                yield f"{path}:{node.lineno}: {node.value!r}"
        if isinstance(node, ast.ImportFrom) and _is_of_a_kind(node):
            yield f"{path}:{node.lineno}: from {node.module}"


def _is_of_a_kind(node: ast.ImportFrom) -> bool:
    return (node.module or "").startswith(IMPORTED) or any(one.name == "FILE" for one in node.names)


def allowed(path: str) -> list[str]:
    return [entry for entry in ALLOWED if path.startswith(entry)]


MODULES: Final = {path.relative_to(ROOT).as_posix(): path for path in sorted(ROOT.rglob("*.py"))}


def test_kinds_are_named_only_by_their_modules_and_the_product() -> None:
    assert [one for name, path in MODULES.items() if not allowed(name) for one in named(path)] == []


@pytest.mark.parametrize("entry", ALLOWED)
def test_every_exception_is_needed(entry) -> None:
    assert any(any(named(path)) for name, path in MODULES.items() if name.startswith(entry))


def test_every_type_has_an_adapter_or_is_a_document() -> None:
    adapters = {path.stem for name, path in MODULES.items() if name.startswith("live/kinds/")} - {"__init__"}
    assert adapters == {one.type for one in resource_types().values() if not one.in_outlets}
