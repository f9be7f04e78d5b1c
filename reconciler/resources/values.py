"""JSON values in canonical form: references inside them, equality, digests.

A canonical value is JSON in which every reference to an object is `{"$address": "kind/name"}`. It is the same before
and after the object is created, and in every environment. `$address` is reserved in manifests.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from itertools import chain
from types import NoneType
from typing import Any, Final, NamedTuple, TypeAlias, TypeGuard

import rfc8785

JSON: TypeAlias = Any
"""None, bool, int, float, str, or a list or string-keyed dict of these."""

Fields: TypeAlias = Mapping[str, JSON]
"""Top-level fields of one object, in canonical form."""

Keys: TypeAlias = tuple[str, ...]
"""Path of a value inside `Fields`: mapping keys from the top."""

ADDRESS_KEY: Final = "$address"
_PLAIN: Final = re.compile(r"[\w:-]+")
_NAMES: Final = frozenset({str})
_PLAIN_SCALARS: Final = frozenset({str, bool, NoneType})
_BEYOND_UTF16_ORDER: Final = re.compile("[\U00010000-\U0010ffff]")
_PLAIN_ENCODER: Final = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
)


class Absent(Enum):
    """The value of a field that is not set, as distinct from `None`."""

    ABSENT = "absent"

    def __bool__(self) -> bool:
        return False


ABSENT: Final = Absent.ABSENT


def reference(address: object) -> dict[str, str]:
    """Return the canonical value of a reference to the object at `address`."""
    return {ADDRESS_KEY: str(address)}


def is_reference(value: JSON) -> TypeGuard[dict[str, str]]:
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get(ADDRESS_KEY), str)


class Mentions(NamedTuple):
    """The texts in a value, in order, with repetitions."""

    references: Sequence[str]
    """The addresses that the value refers to."""
    strings: Sequence[str]
    """Every string, including keys. An id in any field is among them."""


def mentions(value: JSON) -> Mentions:
    """Return the references and the strings in `value`, from one walk."""
    references: list[str] = []
    strings: list[str] = []
    _collect((value,), references, strings)
    return Mentions(references, strings)


def _collect(items: Iterable[JSON], references: list[str], strings: list[str]) -> None:
    """Append the texts in `items`. Each plan walks every object, so a call is made for a container, not for a value."""
    for item in items:
        if isinstance(item, str):
            strings.append(item)
        elif isinstance(item, dict):
            if is_reference(item):
                references.append(item[ADDRESS_KEY])
            _collect(chain.from_iterable(item.items()), references, strings)
        elif isinstance(item, list):
            _collect(item, references, strings)


def references_in(value: JSON) -> Iterator[str]:
    """Return the addresses that `value` refers to, in order, with repetitions."""
    found: list[str] = []
    _collect_references((value,), found)
    return iter(found)


def _collect_references(items: Iterable[JSON], found: list[str]) -> None:
    """Append the addresses in `items`. Keys and texts, which are most of an object, are not looked at."""
    for item in items:
        if isinstance(item, dict):
            if is_reference(item):
                found.append(item[ADDRESS_KEY])
            else:
                _collect_references(item.values(), found)
        elif isinstance(item, list):
            _collect_references(item, found)


def strings_in(value: JSON) -> Iterator[str]:
    """Return every string in `value`, including keys. An id in any field is among them."""
    return iter(mentions(value).strings)


def replace_references(value: JSON, replace: Callable[[str], JSON]) -> JSON:
    """Return `value` with every reference replaced by the result of `replace` for its address."""
    if is_reference(value):
        return replace(value[ADDRESS_KEY])
    if isinstance(value, dict):
        return {key: replace_references(item, replace) for key, item in value.items()}
    if isinstance(value, list):
        return [replace_references(item, replace) for item in value]
    return value


def has_reserved_key(value: JSON) -> bool:
    """Return True if a key anywhere in `value` is the key of references, so that it can be mistaken for one."""
    if isinstance(value, dict):
        return ADDRESS_KEY in value or any(map(has_reserved_key, value.values()))
    return isinstance(value, list) and any(map(has_reserved_key, value))


def nesting(value: JSON, most: int) -> int:
    """Return the number of levels of lists and objects in `value`, or `most + 1` if there are more."""
    depth, level = 0, [value] if isinstance(value, (dict, list)) else []
    while level and depth <= most:
        children = ((item.values() if isinstance(item, dict) else item) for item in level)
        level = [child for group in children for child in group if isinstance(child, (dict, list))]
        depth += 1
    return depth


def same(left: JSON, right: JSON) -> bool:
    """Return True if two JSON values are equal: 1 equals 1.0 but not true, and objects have no order."""
    return left is right or (bool(left == right) and _same_numbers(left, right, _is_boolean))


def identical(left: JSON, right: JSON) -> bool:
    """Return True if two JSON values have the same text, but for the order of keys: 1 is not 1.0 either."""
    return left is right or (bool(left == right) and _same_numbers(left, right, repr))


def _is_boolean(value: JSON) -> bool:
    return isinstance(value, bool)


def _same_numbers(left: JSON, right: JSON, kind: Callable[[JSON], object]) -> bool:
    """Return True if two values that are equal in Python, where 1 equals 1.0 and True, have numbers of equal kinds."""
    if isinstance(left, (int, float)):  # booleans are integers
        return kind(left) == kind(right)
    if isinstance(left, list):
        for item, other in zip(left, right, strict=True):
            if type(item) is not str and item is not other and not _same_numbers(item, other, kind):
                return False
    elif isinstance(left, (dict, Mapping)):
        for key, item in left.items():
            if type(item) is not str and item is not right[key] and not _same_numbers(item, right[key], kind):
                return False
    return True


def digest(value: JSON) -> str:
    """Return `sha256:` and the hex SHA-256 of `value` as canonical JSON (RFC 8785)."""
    return digest_of_bytes(canonical_json(value))


def digest_of_bytes(data: bytes) -> str:
    """Return `sha256:` and the hex SHA-256 of `data`."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def canonical_json(value: JSON) -> bytes:
    """Return the bytes of canonical JSON (RFC 8785) of which `digest` is the digest."""
    try:
        if _is_plain(value):
            return _PLAIN_ENCODER.encode(value).encode()
    except (RecursionError, UnicodeEncodeError):
        pass  # nested too deeply for the encoder, or with lone surrogates: as every other value that is not plain
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        # RFC 8785 does not define a form for integers beyond 2**53 and lone surrogates, which live objects may contain.
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _is_plain(value: JSON) -> bool:
    """Return True if the encoder of the standard library, in C, writes the bytes of RFC 8785 for `value`.

    `rfc8785` is pure Python and five times slower. Both escape strings alike. They differ in floats, in integers that a
    double cannot hold, and in the order of keys: RFC 8785 sorts by UTF-16 code units, which is the order of code points
    up to U+FFFF. Only the exact types of JSON are plain: a key that is a number, or a subclass, may be written in
    another way.
    """
    kind = type(value)
    if kind is dict:
        if not _NAMES.issuperset(map(type, value)):
            return False
        names = "".join(value)
        if not names.isascii() and _BEYOND_UTF16_ORDER.search(names):
            return False
        items = value.values()
    elif kind is list or kind is tuple:
        items = value
    else:
        return kind in _PLAIN_SCALARS or (kind is int and -(2**53) < value < 2**53)
    return all(map(_is_plain, [item for item in items if type(item) not in _PLAIN_SCALARS]))


def get(value: JSON, keys: Keys) -> JSON | Absent:
    """Return the value at `keys`, or `ABSENT`."""
    for key in keys:
        if not isinstance(value, Mapping) or key not in value:
            return ABSENT
        value = value[key]
    return value


def put(value: JSON, keys: Keys, new: JSON | Absent) -> JSON:
    """Return a copy of `value` with `new` at `keys`, or without a value there if `new` is `ABSENT`."""
    if not keys:
        return new
    first, rest = keys[0], keys[1:]
    copy = dict(value) if isinstance(value, Mapping) else {}
    inner = put(copy.get(first, ABSENT), rest, new)
    if inner is ABSENT:
        copy.pop(first, None)
    else:
        copy[first] = inner
    return copy


def path_text(keys: Sequence[str]) -> str:
    """Return `keys` as text for output: `tools.web_search.mode`, `files["kb/hours.pdf"].sha256`."""
    return "".join(f".{key}" if _PLAIN.fullmatch(key) else f'["{key}"]' for key in keys).removeprefix(".")
