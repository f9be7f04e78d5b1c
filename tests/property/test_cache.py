"""The cache of manifests changes nothing but the time: after any history of edits, everything is as without it.

The histories edit, rename, copy, link and remove any file of a project with all kinds, includes, patterns, variables,
environments, a release, a manifest in Markdown and several documents in one file. Branches are left and taken up again,
and files are changed without a change of their size and time. One cache is used by all of them. Files also change while
it is read and made, between any two steps of a load.
"""

import os
import random
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from reconciler.manifests import loading, plain
from reconciler.manifests.cache.manifests import ManifestCache
from reconciler.manifests.files import Files
from reconciler.manifests.loading import Loaded, load
from reconciler.operations.offline import planned_offline
from reconciler.operations.validate import validate
from reconciler.planning.codec import to_json
from reconciler.project.workspace import Workspace
from reconciler.releases.release import release
from reconciler.resources.problems import ReconcilerError
from tests.support.budget import count

SAMPLE: Final = Path(__file__).parents[2] / "manifests"
OFF: Final[Mapping[str, str]] = {"RECONCILER_ENDPOINT": "embedded", "RECONCILER_NO_CACHE": "1"}
MORE: Final = {
    "assistants/in-markdown.md": """\
---
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: in-markdown}
spec: {target: agents, model: gpt-6-luna}
---
Call ${var.support_phone}, or look at $${var.portal_url}.
""",
    "several.yaml": """\
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: first}
spec:
  target: assistants
  model: gpt-6-luna
  instructions: Costs $5, ${var.tier}.
  tools: [{type: code_interpreter}]
  tool_resources: {code_interpreter: {file_ids: [data/tariffs-2026.csv]}}
---
# empty
---
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: second}
lifecycle: {protect: true, moved_from: [old, older]}
spec: {target: agents, model: gpt-6-luna, instructions: &text "Long.", metadata: {a: *text, b: *text}}
---
apiVersion: reconciler/v1
kind: Consent
metadata: {name: allowed}
spec:
  {rule: referenced, address: assistant/gone, identity: brightwater/staging, reason: tested, expires: "EXPIRES",
  subject: "sha256:SUBJECT"}
""",
}


def project(folder: Path) -> Path:
    """Write a project with everything that the cache has to tell apart."""
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns(".reconciler"))
    for path, text in MORE.items():
        expires = datetime.now(UTC).date() + timedelta(days=10)
        (folder / path).write_text(text.replace("EXPIRES", str(expires)).replace("SUBJECT", "0" * 64))
    release(folder, OFF, "support", vendor=True, publish=True)
    return folder


def outcome(work: Callable[[], Any]) -> Any:
    """Return a result, or the problems of an error."""
    try:
        return work()
    except ReconcilerError as error:
        return error.problems


def loaded_as(loaded: Loaded, *, complete: bool) -> list[Any]:
    """Return everything that a load has found; with `complete`, also what the cache computes when it is needed."""
    found: list[Any] = [loaded.problems, loaded.of_checkout, loaded.unseen, loaded.not_read, loaded.used]
    found += [(one.source, one.reference, one.place, one.problem) for one in loaded.dangling]
    for one in loaded.resources:
        found.append((one.kind, one.address, one.labels, one.lifecycle, one.place, one.references, one.continued))
        if complete:
            places = [one.where(path) for path in ((), ("spec",), ("metadata", "name"), ("spec", "instructions"))]
            found += [repr(one.spec), one.written(), *places, *(one.where(found.path) for found in one.references)]
    if not any(problem.severity == "error" for problem in loaded.problems):
        workspace = Workspace(loaded, "embedded", {})
        types = {one.address: {*loaded.types_of(one)} for one in loaded.resources}
        assert types == {address: {one.type for one in workspace.desired_of(address)} for address in types}
        found += [types, [*workspace.desired.items()], workspace.links, workspace.releases, workspace.archived]
    return found


def check_equal(folder: Path, cache: Path, *, complete: bool) -> None:
    on = {**OFF, "RECONCILER_NO_CACHE": "", "RECONCILER_CACHE_DIR": str(cache)}
    for env in (None, "production"):
        with_cache = loaded_as(load(folder, env=env, cache=cache), complete=complete)
        assert with_cache == loaded_as(load(folder, env=env), complete=complete)
    edited = {path.relative_to(folder).as_posix(): path.read_text() + "# Edited.\n" for path in readable(folder)}
    for options in ({"env": "staging", "edited": edited}, {"env": "removed", "removed": True}):
        with_cache = loaded_as(load(folder, cache=cache, **options), complete=complete)
        assert with_cache == loaded_as(load(folder, **options), complete=complete)
    assert outcome(lambda: validate(folder, on)) == outcome(lambda: validate(folder, OFF))
    assert outcome(lambda: _plan(folder, on)) == outcome(lambda: _plan(folder, OFF))


def readable(folder: Path) -> list[Path]:
    """Return some manifests and included files that are in the project and are text."""
    found = files(folder, ".yaml", "triage.md", "billing.md")
    return [path for path in found[::3] if not path.is_symlink() and b"\xff" not in path.read_bytes()]


def _plan(folder: Path, environ: Mapping[str, str]) -> Any:
    return {**to_json(planned_offline(folder, environ, "production").plan), "created_at": ""}


def files(folder: Path, *endings: str) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name.endswith(endings))


def edit_line(folder: Path, draw: random.Random) -> None:
    """Repeat, remove, swap or change a line of a manifest or an included file; many results are errors."""
    path = draw.choice(files(folder, ".yaml", ".json", ".md"))
    lines = path.read_text().splitlines(keepends=True) or ["\n"]
    at = draw.randrange(len(lines))
    change = draw.randrange(4)
    if change == 0:
        lines.insert(at, lines[draw.randrange(len(lines))])
    elif change == 1:
        del lines[at]
    elif change == 2:
        words = lines[at].split(" ")
        words[draw.randrange(len(words))] += draw.choice(["x", "1", ".", "${var.tier}", "${var.nope}", "é"])
        lines[at] = " ".join(words)
    else:
        lines[at] = lines[at].replace("e", "E", 1)
    path.write_text("".join(lines))


def edit_text(folder: Path, draw: random.Random) -> None:
    """Change the instructions, which is always valid."""
    path = draw.choice(files(folder / "prompts", ".md"))
    path.write_text(path.read_text() + draw.choice(["More.\n", "Call ${var.support_phone}.\n", "\n", "$${var.tier}\n"]))


def edit_silently(folder: Path, draw: random.Random) -> None:
    """Change a file, and neither its size nor its modification time."""
    path = draw.choice([*files(folder / "kb", ""), *files(folder, ".csv", ".json", ".yaml")])
    before, data = path.stat(), path.read_bytes()
    swapped = data[::-1] if path.suffix in {".md", ".pdf", ".csv"} else data.replace(b" a", b" A", 1)
    path.write_bytes(swapped)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def rename(folder: Path, draw: random.Random) -> None:
    path = draw.choice(files(folder, ""))
    path.rename(path.with_name(draw.choice(["new-", "z"]) + path.name))


def copy(folder: Path, draw: random.Random) -> None:
    path = draw.choice(files(folder, ""))
    target = path.with_name(draw.choice(["a", "copy-"]) + path.name)
    shutil.copy2(path, target)
    if path.suffix == ".yaml" and draw.random() < 0.7:
        target.write_text(target.read_text().replace("metadata:\n  name: ", "metadata:\n  name: copy-"))


def link(folder: Path, draw: random.Random) -> None:
    path = draw.choice(files(folder, ""))
    target = draw.choice(files(folder, path.suffix))
    if path != target:
        path.unlink()
        path.symlink_to(target)


def remove(folder: Path, draw: random.Random) -> None:
    draw.choice(files(folder, "")).unlink()


def add_knowledge(folder: Path, draw: random.Random) -> None:
    name = draw.choice(["new.md", "neu-ü.md", "rates/1.md", "x.txt", "crlf.md"])
    path = folder / draw.choice(["kb", "kb/billing", "skills/outage-report"]) / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(
        draw.choice([b"# New\n", b"# New\r\n", b"\xff\x00", b"", b"version https://git-lfs.github.com/spec/v1\n"])
    )


def edit_project(folder: Path, draw: random.Random) -> None:
    path = folder / "project.yaml"
    old, new = draw.choice(
        [
            ("tier: gold", "tier: 1.10"),
            ("tier: gold", "tier: silver"),
            ("target: responses", "target: assistants"),
            ("support_phone:", "phone:"),
            ("    production:", "    other:"),
            ("backend: local", "backend: git"),
            ("max_deletes: 10", "max_deletes: ten"),
        ]
    )
    path.write_text(path.read_text().replace(old, new, 1))


def rename_object(folder: Path, draw: random.Random) -> None:
    path = draw.choice(
        files(folder / draw.choice(["assistants", "stores", "chatbots"]), ".yaml") or [folder / "several.yaml"]
    )
    text = path.read_text()
    path.write_text(text.replace("metadata:\n  name: ", draw.choice(RENAMES), 1))


RENAMES: Final = ("metadata:\n  name: new-", "lifecycle: {moved_from: [billing, support]}\nmetadata:\n  name: ")
EDITS: Final = (
    *(edit_line, edit_text, edit_text, edit_silently, rename, copy, link, remove),
    *(add_knowledge, edit_project, rename_object),
)


def history(folder: Path, kept: Path, draw: random.Random) -> Iterator[str]:
    """Yield after each edit of a project. Some edits take up an earlier version of the project again."""
    versions = 0
    while True:
        edit = draw.choice(EDITS)
        if versions and draw.random() < 0.25:
            shutil.rmtree(folder)
            shutil.copytree(kept / str(draw.randrange(versions)), folder, symlinks=True)
        elif draw.random() < 0.3:
            shutil.copytree(folder, kept / str(versions), symlinks=True)
            versions += 1
        if (folder / "project.yaml").is_file():
            for _ in range(draw.randrange(1, 3)):
                edit(folder, draw)
        yield edit.__name__


STEPS: Final = (
    *((loading, "read_documents"), (loading, "open_project"), (plain, "validate")),
    *((ManifestCache, name) for name in ("documents", "_built", "_built", "add", "complete")),
    (Files, "_read_hash"),
)


def change_during_load(folder: Path, cache: Path, kept: Path, draw: random.Random) -> None:
    """Edit a project at a step of a load, and mostly take the edits back after it."""
    draw.choice((edit_text, edit_silently, add_knowledge))(folder, draw)
    shutil.copytree(folder, kept, symlinks=True)
    owner, name = draw.choice(STEPS)
    real, left = getattr(owner, name), draw.choice([0, 0, 1, 5])

    def step(*arguments: Any, **options: Any) -> Any:
        nonlocal left
        left -= 1
        if left == -1:
            for edit in draw.choice(((edit_project,), (edit_text,) * 5, (edit_line, edit_silently))):
                edit(folder, draw)
        return real(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, step)
        for env in ("staging", "production"):
            outcome(partial(load, folder, env=env, cache=cache))
    if draw.random() < 0.7:
        shutil.rmtree(folder)
        kept.rename(folder)
    else:
        shutil.rmtree(kept)


@pytest.mark.parametrize("complete", [False, True], ids=["as used", "complete"])
def test_cache_is_used_for_every_manifest_of_the_sample(tmp_path: Path, complete: bool) -> None:
    folder, cache = project(tmp_path / "checkout/project"), tmp_path / "cache"
    for _ in range(3):
        check_equal(folder, cache, complete=complete)
    loaded = load(folder, env="staging", cache=cache)
    assert {str(one.address) for one in loaded.resources} - {*map(str, loaded.objects)} == {"consent/allowed"}


@settings(max_examples=count(2, full=80), deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), complete=st.booleans())
def test_every_history_of_edits_gives_the_same_with_and_without_the_cache(
    tmp_path_factory: pytest.TempPathFactory, seed: int, complete: bool
) -> None:
    top, draw = tmp_path_factory.mktemp("cache"), random.Random(seed)
    folder = project(top / "checkout/project")
    check_equal(folder, top / "cache", complete=False)
    for _, _edit in zip(range(8), history(folder, top / "kept", draw), strict=False):
        if (folder / "project.yaml").is_file():
            change_during_load(folder, top / "cache", top / "before", draw)
            check_equal(folder, top / "cache", complete=complete)
    shutil.rmtree(top)
