"""Seeded mutations of JSON documents: damage that a disk, an editor or an attacker can do."""

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any

DEEP = "@deep"
"""Written as lists inside each other, more than a Python function may recurse into."""
VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    10**400,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "x",
    "weird/x",
    "release/x",
    "a/b/c",
    "\ud800",
    DEEP,
    "\x00",
    "9" * 5000,
    [],
    {},
    ["a"],
    [[["a"]]],
    [None],
    {"a": 1},
    {"": []},
    {"$address": ["a"]},
)
KEYS = ("", "x", "weird/x", "release/x", "format", "\ud800", "$address", "id", "name")


def mutations(document: Any, seed: int, count: int) -> Iterator[bytes]:
    """Yield `count` damaged forms of `document`, the same for the same seed."""
    random = Random(seed)
    for _ in range(count):
        changed = copy.deepcopy(document)
        for _ in range(random.choice((1, 1, 1, 2, 4))):
            changed = _changed(changed, random)
        text = json.dumps(changed).replace(json.dumps(DEEP), "[" * 600 + "]" * 600)
        yield _damaged(text, random) if random.random() < 0.25 else text.encode()


def _changed(document: Any, random: Random) -> Any:
    """Return `document` with one value or key replaced, removed, or moved."""
    found = list(places(document))
    if not found:
        return random.choice(VALUES)
    container, key = random.choice(found)
    action = random.randrange(5)
    if action == 0:
        del container[key]
    elif action == 1 and isinstance(container, dict):
        container[random.choice(KEYS)] = container.pop(key)
    elif action == 2:
        other, name = random.choice(found)
        container[key] = copy.deepcopy(other[name]) if name in _keys(other) else None
    else:
        container[key] = copy.deepcopy(random.choice(VALUES))
    return document


def _keys(container: Any) -> Any:
    return container if isinstance(container, dict) else range(len(container))


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each place in a document: the container, and the key or index."""
    if isinstance(value, dict | list):
        for key in list(_keys(value)):
            yield value, key
            yield from places(value[key])


def _damaged(text: str, random: Random) -> bytes:
    """Return `text` cut, with a repeated key, invalid bytes, nesting or numbers that no parser accepts."""
    at = random.randrange(len(text) + 1)
    head, tail = text[:at].encode(), text[at:].encode()
    return random.choice(
        (
            head,
            tail,
            head + b"\xff\xfe\x80" + tail,
            head + b"[" * 100_000 + tail,
            b"[" * 100_000 + b"]" * 100_000,
            head + b"9" * 5_000 + tail,
            head + b"\\ud800" + tail,
            head + b"\x00" + tail,
            b'{"format": 1, ' + text.encode()[1:],
            b"\xef\xbb\xbf" + text.encode(),
            b"",
        )
    )
