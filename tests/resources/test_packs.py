"""Bytes in packs, and fields that are built from them."""

import random
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from reconciler.resources.base import Applied
from reconciler.resources.packs import Pack

FIELDS = {"z": 1, "a": [True, 1.0, None, "ä"], "tools": {"function:x": {"name": "x", "large": 2**70}}}


def test_bytes_are_read_in_any_order_while_more_are_added():
    data = [bytes([number % 251]) * (number * 37 % 5000) for number in range(400)]
    pack, found = Pack(), []
    for one in data:
        found.append(pack.add(one))
        assert found[len(found) // 2].read() == data[len(found) // 2]
    order = random.Random(1).sample(range(400), 400)
    assert [found[number].read() for number in order] == [data[number] for number in order]


def test_bytes_are_complete_if_several_threads_add_and_read():
    pack = Pack()

    def add(number: int) -> bool:
        data = str(number).encode() * 900
        return pack.add(data).read() == data

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(add, range(2000)))


def test_two_sides_that_are_read_in_turns_are_decompressed_once(monkeypatch):
    left, right, texts = Pack(), Pack(), [str(number) * 200 for number in range(1000)]
    sides = [[pack.add(text.encode()) for text in texts] for pack in (left, right)]
    decompress, blocks = zlib.decompress, list[bytes]()

    def counted(data: bytes) -> bytes:
        blocks.append(data)
        return decompress(data)

    monkeypatch.setattr(zlib, "decompress", counted)
    for one, other in zip(*sides, strict=True):
        assert one.read() == other.read()
    assert len(blocks) == 2 * len(set(blocks)) > 10  # the same blocks, of each side


def test_packed_fields_are_identical_with_the_order_of_their_keys():
    applied = Applied("id", "agent", {**FIELDS})
    applied.pack()
    assert "fields" not in vars(applied)
    assert repr(applied.read_fields()) == repr(FIELDS)


def test_fields_that_are_not_only_json_are_not_packed():
    applied = Applied("id", "agent", {"a": object()})
    applied.pack()
    assert "fields" in vars(applied)


def test_packed_fields_are_built_when_they_are_read_and_kept_until_they_are_packed_again():
    applied = Applied("id", "agent", {**FIELDS})
    applied.pack()
    assert applied.read_fields() == FIELDS
    assert "fields" not in vars(applied)
    assert applied == Applied("id", "agent", FIELDS)
    assert applied.fields is applied.fields
    applied.pack()
    assert "fields" not in vars(applied)


@pytest.mark.parametrize("packed", [(), (0,), (1,), (0, 1)])
def test_object_that_takes_the_fields_of_another_has_the_same_value(packed):
    both = [Applied("id", "agent", {**FIELDS}), Applied("id", "agent", {**FIELDS})]
    for number in packed:
        both[number].pack()
    assert not both[0].has_fields_of(both[1])
    both[0].take(both[1])
    assert both[0].has_fields_of(both[1])
    assert ("fields" in vars(both[0])) == ("fields" in vars(both[1])) == (1 not in packed)
    assert both[0].fields == FIELDS


def test_attribute_that_does_not_exist_is_an_error():
    with pytest.raises(AttributeError):
        getattr(Applied("id", "agent", {}), "nothing")  # noqa: B009 - not an attribute for mypy either
