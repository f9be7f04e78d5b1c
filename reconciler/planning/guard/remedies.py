"""The way out of a refusal, for each sort of referrer."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from reconciler.planning.model import SECTIONS, Section
from reconciler.resources.address import RELEASE, Address

MOST: Final = 3


def ways_out(address: Address, sections: Mapping[Section, Sequence[str]]) -> str:
    """What has to happen before `address` may go: to the referrers, or to `address` itself."""
    entries = dict.fromkeys(entry for section in SECTIONS for entry in sections[section])
    releases = [entry for entry in entries if entry.startswith(f"{RELEASE}/")]
    others = [entry.removesuffix(" [unreleased]") for entry in entries if entry not in releases]
    back = f"or keep {address.release or address}" if address.is_frozen else f"or put the manifest of {address} back"
    told = "; ".join((*_ways(sorted(releases), sorted(others)), back))
    return f"{told[0].upper()}{told[1:]}."


def _ways(releases: Sequence[str], others: Sequence[str]) -> Iterator[str]:
    published = [entry.removesuffix(" [published]") for entry in releases if entry.endswith(" [published]")]
    released = [entry.removesuffix(" [released]") for entry in releases if entry.endswith(" [released]")]
    if others:
        yield f"point {_some(others)} at something else, or remove it in the same change"
    if published:
        yield f"publish a release without it in place of {_some(published)}"
    if released:
        yield f"archive {_some(released)}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST]) + (f" and {len(names) - MOST} more" if len(names) > MOST else "")
