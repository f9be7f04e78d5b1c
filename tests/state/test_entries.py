"""One entry of a state is read without the others, or some at a time: always what reading everything at once finds."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.resources.problems import ReconcilerError
from reconciler.state import codec
from reconciler.state.codec import decode_state, encode_state, with_one_entry
from reconciler.state.model import Snapshot, State
from tests.support.state_values import applied, intents, names

ACME = Identity("acme")
HELPER = Address("assistant", "helper")
MIMICS = st.sampled_from(['\n    "assistant/helper": {"id": "1"}', "}\n  }\n}\n", '",\n  "objects": {', "\\", "\u2028"])
objects = st.dictionaries(
    names | st.just(HELPER), applied | st.builds(Applied, MIMICS, MIMICS, st.just({})), max_size=5
)
snapshots = st.builds(
    Snapshot,
    st.builds(State, st.just(ACME), objects=objects, tombstones=st.frozensets(names, max_size=2)),
    st.lists(intents, max_size=2).map(tuple),
    superseded=st.lists(intents, max_size=1).map(tuple),
)


def entry(data: bytes, address: Address) -> Applied | None:
    """Return the entry that is read alone; None if everything has to be read."""
    alone = with_one_entry(data, address)
    try:
        return decode_state(alone, ACME, "state.json", "").state.objects.get(address) if alone else None
    except ReconcilerError:
        return None


@given(snapshots, names)
def test_an_entry_that_is_read_alone_is_that_of_the_whole_state(snapshot, other):
    data = encode_state(snapshot)
    known = decode_state(data, ACME, "state.json", "").state.objects
    for address in {*known, other, HELPER}:
        assert entry(data, address) in (None, known.get(address))


@given(snapshots.map(lambda one: replace(one, superseded=())))
def test_every_entry_of_a_document_that_this_version_wrote_is_read_alone(snapshot):
    data = encode_state(snapshot)
    known = decode_state(data, ACME, "state.json", "").state.objects
    assert {address: entry(data, address) for address in known} == known


@given(snapshots, st.sampled_from([None, 0, 1, 2, 4, "    "]), st.booleans())
def test_an_entry_in_a_document_that_was_formatted_by_hand_is_the_same_or_not_read_alone(snapshot, indent, sort):
    data = json.dumps(json.loads(encode_state(snapshot)), indent=indent, sort_keys=sort).encode()
    for address, applied_ in snapshot.state.objects.items():
        assert entry(data, address) in (None, applied_)


@given(snapshots, st.data())
def test_a_cut_document_has_no_entry_that_is_read_alone(snapshot, data):
    written = encode_state(snapshot)
    cut = written[: data.draw(st.integers(0, len(written) - 1))]
    assert all(entry(cut, address) is None for address in snapshot.state.objects)


def test_an_address_in_another_member_is_not_an_entry():
    one = State(ACME, objects={Address("assistant", "other"): Applied("1", "agent", {})})
    data = encode_state(Snapshot(one)).removesuffix(b"\n}\n") + b',\n  "x": {\n    "assistant/helper": {}\n  }\n}\n'
    assert with_one_entry(data, HELPER) is None


def outcome(data: bytes) -> Snapshot | list[str]:
    """Return the snapshot in a document, or what is wrong with it."""
    try:
        return decode_state(data, ACME, "state.json", "")
    except ReconcilerError as error:
        return [f"{one.code} {one.message} {one.place}" for one in error.problems]


def outcome_at_once(data: bytes) -> Snapshot | list[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codec, "_objects_in_chunks", lambda _data, _keep: None)
        return outcome(data)


def outcome_one_by_one(data: bytes) -> Snapshot | list[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codec, "_CHUNK", 1)
        return outcome(data)


@given(snapshots)
def test_a_state_that_is_decoded_entry_by_entry_is_that_of_the_whole_document(snapshot):
    data = encode_state(snapshot)
    assert outcome_one_by_one(data) == outcome_at_once(data)
    assert str(outcome_one_by_one(data)) == str(outcome_at_once(data))  # in the same order


@given(
    snapshots, st.data(), st.binary(max_size=3) | st.sampled_from([b"\n  }\n}\n", b',\n    "a/b": {', b"},{", b"NaN"])
)
def test_a_damaged_state_is_the_same_error_entry_by_entry(snapshot, data, inserted):
    written = encode_state(snapshot)
    at = data.draw(st.integers(0, len(written)))
    damaged = written[:at] + inserted + written[at + data.draw(st.integers(0, 3)) :]
    assert outcome_one_by_one(damaged) == outcome_at_once(damaged)


def test_a_comma_after_the_last_entry_is_the_same_error_entry_by_entry():
    objects = {Address("assistant", f"a{number}"): Applied(str(number), "agent", {}) for number in range(3)}
    written = encode_state(Snapshot(State(ACME, objects=objects)))
    damaged = written.removesuffix(codec._END) + codec._BREAK + codec._END
    assert outcome_one_by_one(damaged) == outcome_at_once(damaged)
    assert isinstance(outcome_one_by_one(damaged), list)


def test_an_error_before_the_entries_has_its_own_line():
    written = encode_state(Snapshot(State(ACME, objects={HELPER: Applied("1", "agent", {})})))
    damaged = written.replace(b'"pending": []', b'"pending": {"x": 1')  # not closed, which is seen at the end
    assert damaged != written
    assert outcome_one_by_one(damaged) == outcome_at_once(damaged)
    assert isinstance(outcome_one_by_one(damaged), list)


def test_entries_are_kept_as_the_reader_of_a_state_wants_them():
    known = {"model": "gpt-6-luna"}
    objects = {Address("assistant", f"a{number}"): Applied(str(number), "agent", dict(known)) for number in range(3)}
    data = encode_state(Snapshot(State(ACME, objects=objects)))
    found = decode_state(data, ACME, "state.json", "", lambda _address, one: replace(one, fields=known))
    assert found.state.objects == objects
    assert all(one.fields is known for one in found.state.objects.values())
