"""A release asks for what the working manifests ask for, whatever is written in them."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings, strategies as st

from reconciler.manifests import load
from reconciler.manifests.emitting import emit
from reconciler.releases.release import release
from reconciler.resources.address import Address
from reconciler.resources.base import Desired
from reconciler.resources.values import ADDRESS_KEY, replace_references
from tests.support.desk import HEAD, Desk, write

PIECES = st.one_of(
    st.sampled_from(["${var.phone}", "$${var.phone}", "$$${var.warmth}", "${ var.x}", "$", "{", "}", "# ", "- ", ": "]),
    st.sampled_from(
        [" ", "  ", "\t", "\n", "\n\n", "\r\n", "\r", "'", '"', "\\", "---", "...", "|", ">-", "é", "\U0001f600"]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff"), max_size=6),
)
TEXTS = st.lists(PIECES, min_size=1, max_size=12).map("".join)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def asked_for(desk: Desk, env: str, address: str) -> dict[str, Desired]:
    loaded = load(desk.root, env=env)
    assert [problem for problem in loaded.problems if problem.severity == "error"] == []
    (resource,) = (one for one in loaded.resources if one.address == Address.parse(address))
    return {str(one.address): one for one in resource.kind.desired(resource, loaded.scope)}


def as_working(value: object) -> object:
    """With references to copies turned into references to what they are copies of."""
    return replace_references(value, lambda text: {ADDRESS_KEY: str(Address.parse(text).family)})


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
@settings(max_examples=30)
@given(included=TEXTS, inline=TEXTS)
@example(included="line \n  \n\tline\n\n\n", inline=" first\n\nlast  \n")
@example(included="a\r\n b\r\n", inline="${var.phone}")
def test_a_release_is_what_was_released(folder: Path, newline: str, included: str, inline: str) -> None:
    shutil.rmtree(folder / "ops", ignore_errors=True)
    desk = write(folder)
    desk.write("prompts/triage.md", f"x{included}")
    closer = HEAD.format(kind="Assistant", name="closer", more="") + emit(
        {"model": "gpt-6-luna", "instructions": f"x{inline}"}, indent=2
    )
    desk.write("assistants/closer.yaml", closer.replace("\n", newline))
    done = release(desk.root, {}, "support", vendor=True)
    path = desk.root / done.path
    path.write_bytes(path.read_bytes().replace(b"\n", newline.encode()))  # as a checkout may convert it
    for env in ("staging", "production"):
        made = asked_for(desk, env, "release/support@1")
        assert made["release/support@1"].fields["digest"] == done.release.spec.digest
        for name in ("assistant/triage", "assistant/closer", "pipeline/flow"):
            working = asked_for(desk, env, name)[name].fields
            copy = made[f"{name}@support.1"].fields
            assert {field: as_working(copy[field]) for field in working} == working
