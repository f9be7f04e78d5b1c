"""One project in several checkouts: names and line ends that Git, file systems and HTTP rewrite are no changes."""

import shutil
from collections.abc import Mapping
from typing import Literal, TypeAlias
from unicodedata import normalize

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from reconciler.resources.kinds.file import sent_name
from tests.property.projects import new_world
from tests.support.world import World, is_silent, manifest, told

FEW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=300)
PARTS = (
    '"', "\\", " ", "%", "%22", ";", "'", "=", "&", "#", "@", "+", ",", "(", "[", "{", "$", "~", "é", "e\u0301", "Å",
    "ü", "ß", "日本", "한국", "😀", "\u200d", "\ufeff", "\u2028", "a", "B", ".", "-", "x" * 60,
)  # fmt: skip
NAMES = (
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=4)
    .map("".join)
    .filter(lambda stem: not stem.startswith(".") and "${var." not in stem)
)
CONTENTS = st.sampled_from([b"one", b"two\n", b"three\r\nlines\r\n", "größe\n".encode()])
FILES = st.dictionaries(NAMES.map(lambda stem: f"{normalize('NFC', stem)}.md"), CONTENTS, min_size=1, max_size=4)
LINES = st.lists(st.sampled_from(["", "a", " b ", "é", "${var.v}", "\t"]), max_size=5)


Form: TypeAlias = Literal["NFC", "NFD"]
OTHERS: tuple[tuple[str, Form], ...] = (("\r\n", "NFD"), ("\n", "NFC"))
"""Line ends and Unicode forms of other checkouts."""


def wants(world: World, files: Mapping[str, bytes], lines: list[str], newline: str, form: Form) -> None:
    """Write the project as a checkout with these line ends and this Unicode form of names."""
    for folder in ("kb", "prompts"):
        shutil.rmtree(world.root / folder, ignore_errors=True)
    for name, content in files.items():
        world.file(f"kb/{normalize(form, name)}", content)
    world.file(f"prompts/{normalize(form, 'größe')}.txt", newline.join(["x", *lines]))
    include = {"$file": f"prompts/{normalize('NFD', 'größe')}.txt"}
    spec = {"defaults": {"target": "responses"}, "environments": {"e": {"variables": {"v": "a${b}"}}}}
    world.wants(
        {"kind": "Project", "metadata": {"name": "acme"}, "spec": spec},
        manifest("VectorStore", "docs", {"files": ["kb/*.md"]}),
        manifest("Assistant", "triage", {"model": "gpt-6-luna", "instructions": include}),
    )


def check(files: Mapping[str, bytes], lines: list[str]) -> None:
    with new_world() as world:
        wants(world, files, lines, "\n", "NFC")
        world.apply()
        for newline, form in OTHERS:
            wants(world, files, lines, newline, form)
            plan = world.plan()
            assert is_silent(plan), (told(plan.changes), told(plan.drift), plan.warnings)
        world.lose_entries()
        plan = world.plan()
        assert {change.action for change in plan.changes} <= {"adopt"}, told(plan.changes)
        assert not plan.drift, told(plan.drift)


@FEW
@given(files=FILES, lines=LINES)
@example(files={'quo"te.md': b"q", "back\\slash.md": b"b", " ends .md": b"e", "ünï.md": b"u"}, lines=["a", "b"])
@example(files={'a".md': b"one", "a%22.md": b"one"}, lines=[])
@example(files={f"{'long' * 60}.md": b"l"}, lines=["", ""])
def test_checkouts_with_other_names_and_line_ends_plan_nothing(files, lines):
    check(files, lines)


@pytest.mark.long
@MANY
@given(files=FILES, lines=LINES)
def test_checkouts_with_other_names_and_line_ends_plan_nothing_at_length(files, lines):
    check(files, lines)


@given(st.text() | NAMES)
def test_sent_name_is_sent_unchanged(name):
    assert sent_name(sent_name(name)) == sent_name(name)
    assert sent_name(normalize("NFD", name)) == sent_name(normalize("NFC", name))
