"""Strategies for plans with any content."""

from typing import get_args

from hypothesis import strategies as st

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
from reconciler.resources.address import Address
from reconciler.resources.risks import LEVELS, RISKS
from reconciler.resources.values import ABSENT, reference

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
"""Arguments of statements. Most do not belong to the code, as in a document of another version."""


def said(kind, codes):
    """Return a strategy for statements of one kind with any of `codes` and any arguments."""
    return st.builds(kind, st.sampled_from(get_args(codes)), arguments)


def plans(names, consents):
    """Return a strategy for plans: addresses, paths and files are drawn from `names`, other texts from `texts`."""
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
