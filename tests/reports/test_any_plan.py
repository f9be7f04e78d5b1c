"""What holds for every plan, whatever it contains."""

import re
from functools import partial
from typing import get_args

from hypothesis import given, settings, strategies as st

from reconciler.planning.model import (
    ACTIONS,
    SECTIONS,
    Change,
    Costs,
    FieldChange,
    Plan,
    Refusal,
    Risk,
    Source,
    Unknown,
    Unmanaged,
)
from reconciler.planning.reasons import (
    Cause,
    CauseCode,
    Notice,
    NoticeCode,
    Reason,
    ReasonCode,
    Remedy,
    RemedyCode,
)
from reconciler.planning.referrers import Foreign, PeerObject, Referrer
from reconciler.reports.style import Style, cells, plain
from reconciler.reports.text import drift_text, plan_text
from reconciler.reports.wording.documents import drift_document
from reconciler.resources.address import Address
from reconciler.resources.json_documents import dumps
from reconciler.resources.risks import LEVELS, RISKS
from reconciler.resources.values import ABSENT, reference
from tests.support.drifts import report

SGR = re.compile(r"\x1b\[(?:0|(?:1|2|31|32|33|36)(?:;(?:1|2|31|32|33|36))*)m")

hostile = st.sampled_from(["\x1b[31mred", "a\nb\n", "word " * 40, "\u202eevil", "日本語 " * 20, "", "\x9b2J", "\ud800"])
texts = hostile | st.text(max_size=12)
some_texts = st.lists(texts, max_size=2).map(tuple)
origins = st.sampled_from(["manifest", "drift", "both", "unknown"])
actions = st.sampled_from(ACTIONS)
sizes = st.integers(0, 10**12)
arguments = st.dictionaries(
    st.sampled_from(["text", "id", "address", "names", "fields", "place", "consent", "sentence", "tool"]),
    texts | some_texts.map(list),
    max_size=4,
)
"""Of any statement: few fit the code, as in a document of another version."""


def said(kind, codes):
    """Statements of one kind, each with any arguments."""
    return st.builds(kind, st.sampled_from(get_args(codes)), arguments)


def plans(names, consents):
    """Plans whose addresses, paths and files are made of `names`, and all else of hostile text."""
    addresses = st.builds("{}/{}".format, st.sampled_from(["assistant", "file", "vectorstore"]), names)
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=5,
    )
    sides = st.just(ABSENT) | addresses.map(reference) | values
    keys = st.lists(names | st.just("files"), min_size=1, max_size=2).map(tuple)
    fields = st.lists(st.builds(FieldChange, keys, sides, sides, origins), max_size=10).map(tuple)
    reasons = said(Reason, ReasonCode)
    risks = st.builds(
        Risk,
        st.sampled_from([*RISKS]),
        st.sampled_from(LEVELS),
        addresses,
        actions,
        arguments,
        part=st.none() | addresses,
        used_by=st.none() | addresses,
    )
    changes = st.builds(
        Change,
        addresses,
        actions,
        fields,
        source=st.none() | st.builds(Source, names, st.integers(1, 9999)),
        reasons=st.lists(reasons, max_size=2).map(tuple),
        risks=st.lists(risks, max_size=2).map(tuple),
        decision=st.sampled_from(["revert", "keep", None]),
    )
    uploads = st.integers(0, 20).map(
        lambda number: [Change(f"file/kb/{index}.md", "create") for index in range(number)]
    )
    nodes = addresses.map(Address.parse) | st.builds(Foreign, names, names, names) | st.builds(PeerObject, names, names)
    referrers = st.builds(Referrer, nodes, st.sampled_from(["published", "released", "unreleased", None]), names)
    several = st.lists(referrers, min_size=1, max_size=3).map(tuple)
    refusals = st.builds(
        Refusal,
        addresses,
        actions,
        names,
        said(Cause, CauseCode),
        sections=st.fixed_dictionaries({section: several | st.just(()) for section in SECTIONS}),
        chains=st.lists(several, max_size=2).map(tuple),
        remedies=st.lists(said(Remedy, RemedyCode), max_size=3).map(tuple),
        subject=names,
        consent=consents,
    )
    unknown = st.builds(Unknown, st.sampled_from(["storage", "file-sizes", "token-prices", "text"]), some_texts)
    costs = st.builds(
        Costs,
        texts,
        stored=st.tuples(sizes, sizes),
        growth=st.lists(st.tuples(addresses, sizes), max_size=2).map(tuple),
        prompts=st.tuples(sizes, sizes),
        paid=st.lists(st.tuples(addresses, texts, st.floats(0, 9)), max_size=2).map(tuple),
        unused=st.lists(st.tuples(addresses, st.none() | sizes), max_size=5).map(tuple),
        unknown=st.lists(unknown, max_size=2).map(tuple),
    )
    return st.builds(
        lambda listed, files, **more: Plan(changes=(*listed, *files), **more),
        st.lists(changes, max_size=3),
        uploads,
        identity=names,
        drift=st.lists(changes, max_size=2).map(tuple),
        refusals=st.lists(refusals, max_size=2).map(tuple),
        unmanaged=st.lists(st.builds(Unmanaged, names, names, texts, st.none() | texts), max_size=3).map(tuple),
        warnings=st.lists(said(Notice, NoticeCode), max_size=2).map(tuple),
        risks=st.lists(risks, max_size=3).map(tuple),
        costs=st.none() | costs,
        unchanged=st.integers(0, 99),
        requests=st.dictionaries(texts, st.integers(0, 9), max_size=3),
        commit=st.none() | texts,
    )


any_plan = plans(names=texts.filter(bool), consents=st.none() | texts)
short_names = st.sampled_from(["triage", "a b", "日本", "kb/hours.md", "\x1b[m"])
styles = st.builds(Style, st.booleans(), st.sampled_from([40, 80, 120]))


@settings(deadline=None, max_examples=60)
@given(any_plan, styles)
def test_every_text_is_safe_for_a_terminal_and_the_same_every_time(plan, style):
    for render in (partial(plan_text, plan), partial(drift_text, report(plan))):
        text = render(style=style)
        assert text == render(style=style)
        bare = SGR.sub("", text) if style.color else text
        assert all(char == "\n" or char.isprintable() for char in bare)
    assert dumps(drift_document(report(plan))).isascii()


@settings(deadline=None, max_examples=60)
@given(any_plan)
def test_every_address_is_in_the_text_or_counted_by_a_fold(plan):
    text = plan_text(plan, style=Style(width=120))
    assert all(plain(item.address) in text for item in (*plan.drift, *plan.refusals))
    folded = sum(int(number) for number in re.findall(r"^  . \w+ +(\d+) files", text, re.MULTILINE))
    absent = [change for change in plan.changes if plain(change.address) not in text]
    assert len(absent) <= folded
    assert all(change.address.startswith("file/") for change in absent)


@settings(deadline=None, max_examples=60)
@given(plans(short_names, consents=st.none()), st.sampled_from([80, 120]))
def test_only_a_word_that_is_wider_than_the_terminal_makes_a_line_so(plan, width):
    for line in plan_text(plan, style=Style(width=width)).splitlines():
        widest = max(line.split(" "), key=cells)
        assert cells(line) <= width or cells(line.strip()) <= cells(widest) + 20
