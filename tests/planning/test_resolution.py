"""Every stage of the resolution, and every pair of stages: what the plan says when both have something to do.

`I` ignored fields, `R` retention, `P` pairs, `N` renames, `U` uploads, `L` literal ids, `D` server defaults.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Final, Self

import pytest

from reconciler.planning import build
from reconciler.planning.published import Pointer
from reconciler.planning.resolution import resolve
from reconciler.resources.address import Address
from tests.support.guard_estates import AGENTS, BOTS, Estate
from tests.support.plan_inputs import FORMS, entry, ref
from tests.support.world import told

EFFORT: Final = {"effort": "medium"}
LITERAL: Final = "store_kb"
"""The id of `vectorstore/kb`."""


@dataclass
class Story(Estate):
    """An estate with everything that a stage may have to do with."""

    def kb(self, *paths: str, name: str = "kb", was: tuple[str, ...] = (), former: str = "") -> Self:
        """A vector store with files of equal content; `was` are the paths that state has, `former` the name."""
        for path in was or paths:
            self.stays_file(path, "A")
        for path in paths:
            self.want_file(path, "A")
        then = {path: entry(path, "A") for path in was or paths}
        self.stays(f"vectorstore/{former or name}", id_=LITERAL, files=then)
        files = {path: entry(path, "A") for path in paths}
        return self.want(f"vectorstore/{name}", files=files, moved_from=(former,) if former else ())

    def page(self, name: str = "home", *, former: str = "", ignore: tuple[str, ...] = (), **sides: Any) -> Self:
        """A document; `wanted` is what its manifest says of `uses`, `then` what was applied and is live."""
        then = sides.get("then", sides["wanted"])
        self.stays(f"page/{former or name}", uses=then)
        moved = (former,) if former else ()
        return self.want(f"page/{name}", uses=sides["wanted"], ignore=ignore, moved_from=moved)

    def copied(self, *, live: Any = None, state: bool = True, **extra: Any) -> Self:
        """The copy of an assistant that release 1 has made; the API has filled in its effort, or `live` by hand."""
        name = "assistant/triage@support.1"
        self.release("support", 1, assistant="triage", reasoning=EFFORT, **extra)
        if live is not None:
            self.by_hand(name, reasoning=live, **extra)
        address = Address.parse(name)
        own = {"reasoning": {}, **extra}
        self.wanted[address] = replace(self.wanted[address], fields=own, whole=True, options={"prune": True})
        return self if state else self.forget(name)

    def forget(self, *addresses: str) -> Self:
        """State does not have them."""
        for address in addresses:
            del self.state[Address.parse(address)]
        return self

    def plan_text(self) -> list[str]:
        agents = replace(AGENTS, resolved=frozenset({"reasoning"}), owned_by_key=frozenset({"metadata", "reasoning"}))
        inputs = self.world(resource_types={**FORMS, "page": BOTS, "agent": agents})
        resolution = resolve(inputs)
        assert resolve(resolution.inputs).inputs == resolution.inputs, "it is settled once and for all"
        plan = build.plan(inputs).plan
        return [*told(plan.changes), *(f"drift: {text}" for text in told(plan.drift))]


def bot(story: Story, *, assistant: str = "triage", published: int | None = None) -> Story:
    return story.bot("support", assistant=assistant, published=published)


def renamed_assistant(story: Story) -> Story:
    """`triage` is called `first` now."""
    story.stays("assistant/triage").want("assistant/first", moved_from=("triage",))
    return bot(story, assistant="first")


def keeping(story: Story, keep: int) -> Story:
    """The chatbot keeps so many of its releases."""
    chatbot = Address("chatbot", "support")
    story.wanted[chatbot] = replace(story.wanted[chatbot], options={"keep": keep})
    return story


def two_releases(story: Story) -> Story:
    """Of which the chatbot keeps the newer one."""
    story.copied().release("support", 2, assistant="triage")
    return keeping(bot(story.assistant("triage")), 1)


def tampered(story: Story, **extra: Any) -> Story:
    """The effort of a copy was chosen by the API when it was made, and is another one by hand."""
    return bot(story.assistant("triage").copied(live={"effort": "low"}, **extra))


TAMPERED: Final = "drift: update assistant/triage@support.1: reasoning.effort"
ARCHIVED: Final = ["archive release/support@1", "archive assistant/triage@support.1"]

STAGES: Final[dict[str, tuple[Callable[[Story], Story], list[str]]]] = {
    "I": (lambda s: s.page(wanted="new", then="live", ignore=("uses",)), []),
    "R": (two_releases, ARCHIVED),
    "P": (lambda s: s.assistant("triage").forget("assistant/triage"), []),
    "N": (lambda s: s.kb(name="guides", former="kb"), ["update vectorstore/guides: address"]),
    "U": (
        lambda s: s.kb("docs/a.md", was=("kb/a.md",)),
        ["update file/docs/a.md: address", 'update vectorstore/kb: files["docs/a.md"].file'],
    ),
    "L": (lambda s: s.kb().page(wanted=LITERAL), []),
    "D": (tampered, [TAMPERED]),
}


def ignored_published(s: Story) -> Story:
    """`published` is ignored and live says 1: release 1 stays, although a newer one is kept and the manifest says 2."""
    two_releases(s)
    s.objects = [live for live in s.objects if live.id != "chatbot/support"]
    s.live("chatbot/support", type_="page", assistant=ref("assistant/triage"), published=ref("release/support@1"))
    s.want(
        "chatbot/support", assistant=ref("assistant/triage"), published=ref("release/support@2"), ignore=("published",)
    )
    return keeping(s, 1)


def archived_and_moved(s: Story) -> Story:
    """The file of a release that goes has moved in the project folder."""
    two_releases(s)
    kept = "kb/a.md@0123456789ab"
    s.stays_file(kept, "A").want_file(kept, "A")
    release = Address("release", "support@1")
    s.releases[release] = replace(s.releases[release], parts=s.releases[release].parts | {Address("file", kept)})
    return s.kb("docs/a.md", was=("kb/a.md",))


def moved_without_state(s: Story) -> Story:
    """The store lists the upload under our mark, and state has neither: what it was called before is not known."""
    return s.kb("docs/a.md", was=("kb/a.md",)).forget("file/kb/a.md", "vectorstore/kb")


def released_on_live_store(s: Story) -> Story:
    """Release 1 searches the working store, which was renamed after it."""
    tampered(s, uses=ref("vectorstore/kb"))
    s.pointers[Address("release", "support@1")] = Pointer("sha256:1", {"vectorstore/kb": LITERAL})
    return s.kb(name="guides", former="kb")


PAIRS: Final[dict[str, tuple[Callable[[Story], Story], list[str]]]] = {
    "IR": (ignored_published, []),
    "IP": (lambda s: s.page(wanted="new", then="live", ignore=("uses",)).forget("page/home"), []),
    "IN": (
        lambda s: s.page(wanted="new", then="live", ignore=("uses",), former="old"),
        ["update page/home: address"],
    ),
    "IU": (
        lambda s: s.kb("docs/a.md", was=("kb/a.md",)).page(
            wanted=[ref("file/docs/a.md")], then=[ref("file/kb/a.md")], ignore=("uses",)
        ),
        ["update file/docs/a.md: address", 'update vectorstore/kb: files["docs/a.md"].file'],
    ),
    "IL": (lambda s: s.kb().page(wanted="new", then=LITERAL, ignore=("uses",)), []),
    "ID": (lambda s: tampered(s.page(wanted="new", then="live", ignore=("uses",))), [TAMPERED]),
    "RP": (
        lambda s: two_releases(s).forget("release/support@1", "assistant/triage@support.1"),
        ARCHIVED,
    ),
    "RN": (lambda s: renamed_assistant(s.copied()), ["update assistant/first: address"]),
    "RU": (
        archived_and_moved,
        [
            "update file/docs/a.md: address",
            'update vectorstore/kb: files["docs/a.md"].file',
            *ARCHIVED,
            "archive file/kb/a.md@0123456789ab",
        ],
    ),
    "RL": (lambda s: two_releases(s).kb().page(wanted=LITERAL), ARCHIVED),
    "RD": (lambda s: two_releases(s).copied(), ARCHIVED),
    "PN": (
        lambda s: s.kb(name="guides", former="kb").forget("vectorstore/kb"),
        ["update vectorstore/guides: address"],
    ),
    "PU": (moved_without_state, ["adopt file/docs/a.md"]),
    "PL": (lambda s: s.kb().page(wanted=LITERAL).forget("vectorstore/kb", "page/home"), []),
    "PD": (lambda s: bot(s.assistant("triage").copied(state=False)), []),
    "NU": (
        lambda s: s.kb("docs/a.md", was=("kb/a.md",), name="guides", former="kb"),
        ["update file/docs/a.md: address", 'update vectorstore/guides: files["docs/a.md"].file, address'],
    ),
    "NL": (
        lambda s: s.kb(name="guides", former="kb").page(wanted=LITERAL),
        ["update vectorstore/guides: address"],
    ),
    "ND": (released_on_live_store, ["update vectorstore/guides: address", TAMPERED]),
    "UL": (
        lambda s: s.kb("docs/a.md", was=("kb/a.md",)).page(wanted="file_kb-a-md"),
        ["update file/docs/a.md: address", 'update vectorstore/kb: files["docs/a.md"].file'],
    ),
    "UD": (
        lambda s: tampered(s.kb("docs/a.md", was=("kb/a.md",))),
        ["update file/docs/a.md: address", 'update vectorstore/kb: files["docs/a.md"].file', TAMPERED],
    ),
    "LD": (lambda s: tampered(s.kb().page(wanted=LITERAL)), [TAMPERED]),
}


@pytest.mark.parametrize("stage", STAGES)
def test_each_stage(stage: str):
    tell, expected = STAGES[stage]
    assert tell(Story()).plan_text() == expected


@pytest.mark.parametrize("pair", PAIRS)
def test_each_pair_of_stages(pair: str):
    tell, expected = PAIRS[pair]
    assert tell(Story()).plan_text() == expected


def test_an_ignored_field_is_published_as_it_is_under_the_new_name_too():
    found = resolve(Story().page(wanted="new", then="live", ignore=("uses",), former="old").world())
    assert found.inputs.desired[Address("page", "home")].fields == {"uses": "live"}


def test_a_file_that_goes_to_another_store_leaves_the_one_under_the_name_that_it_had_there():
    story = Story().kb("a/x.md", name="one").stays("vectorstore/two", files={})
    del story.wanted[Address("file", "a/x.md")]
    story.want_file("b/x.md", "A").want("vectorstore/one", files={})
    story.want("vectorstore/two", files={"b/x.md": entry("b/x.md", "A")})
    assert story.plan_text() == [
        "update file/b/x.md: address",
        'update vectorstore/one: files["a/x.md"]',
        'update vectorstore/two: files["b/x.md"]',
    ]


def test_no_pair_of_stages_is_left_out():
    assert set(PAIRS) == set(map("".join, combinations(STAGES, 2)))
