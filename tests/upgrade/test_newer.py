"""Documents of a later format than this version has: each is refused, and nothing is written."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from reconciler.bundles import BundleError, load
from tests.upgrade.conftest import DATA, STATE, Cli, Restore, contents, live, read

DOCUMENTS = {
    "state": ("globex/applied", "state/globex/state.json", "reconciler/state/v"),
    "journal": ("globex/applied", "state/globex/journal/00000008.json", "reconciler/journal/v"),
    "merged journal": ("initech", "state/initech/journal/00000003-00000036.json", "reconciler/journal-merged/v"),
    "lock": ("globex/applied", "state/globex/lock.json", "reconciler/lock/v"),
}
MORE = """
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: more}
spec: {target: agents, model: gpt-6-luna}
"""


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_of_a_later_format_is_refused_with_both_formats(cli: Cli, restore: Restore, name):
    project, path, family = DOCUMENTS[name]
    root = restore(project)
    file = root / ".reconciler" / path
    file.write_text(re.sub(rf'"{family}\d+"', f'"{family}99"', file.read_text()))
    (root / "assistants" / "more.yaml").write_text(MORE)
    before = contents(root / STATE), live(root)
    applied = cli("apply", "--yes")
    assert (applied.code, applied.out if name != "lock" else "") == (1, "")
    assert f"{family}99" in applied.error
    assert re.search(rf"{family}\d\b", applied.error)
    assert (contents(root / STATE), live(root)) == before


@pytest.mark.parametrize("command", [("show",), ("apply", "--yes")])
def test_a_plan_of_a_later_format_is_refused_with_both_formats(cli: Cli, restore: Restore, tmp_path: Path, command):
    root = restore("acme", "fresh")
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(read(DATA / "acme/cases/fresh/plan.json") | {"format": "reconciler/plan/v99"}))
    before = contents(root / STATE), live(root)
    refused = cli(*command, plan)
    assert (refused.code, refused.out) == (1, "")
    assert "reconciler/plan/v99" in refused.error
    assert re.search(r"reconciler/plan/v\d\b", refused.error)
    assert (contents(root / STATE), live(root)) == before


@pytest.mark.parametrize("document", ["pointer", "blob"])
def test_a_bundle_of_a_later_format_is_refused_with_both_formats(restore: Restore, document):
    root = restore("globex/applied")
    pointer = root / "published" / "globex" / "assistant" / "helper.json"
    found, file = read(pointer), pointer
    if document == "blob":
        file = root / "published" / "globex" / "blobs" / f"{found['blob'].removeprefix('sha256:')}.json"
    newer = re.sub(r'("format": *"reconciler/[\w-]+)/v\d+"', r'\1/v99"', file.read_text())
    assert newer != file.read_text()
    if document == "blob":
        digest = hashlib.sha256(newer.encode()).hexdigest()
        file = file.with_name(f"{digest}.json")
        pointer.write_text(json.dumps(found | {"blob": f"sha256:{digest}"}))
    file.write_text(newer)
    with pytest.raises(BundleError, match=r"reconciler/[\w-]+/v99.*reconciler/[\w-]+/v\d\b") as error:
        load(root / "published", "globex", "assistant/helper")
    assert error.value.code == "format"
