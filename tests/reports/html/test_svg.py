"""A dependency graph as an SVG document of its own."""

import xml.etree.ElementTree as ET

import pytest

from reconciler.cli.graph import SVG_AT_MOST
from reconciler.planning.dependencies import Dependency, DependencyGraph, GraphObject
from reconciler.planning.referrers import Foreign
from reconciler.reports.html.svg import svg_file
from reconciler.reports.picture import graph_picture
from reconciler.resources.address import Address
from tests.support.hostile import VALUES

SVG = "{http://www.w3.org/2000/svg}"
TRIAGE = Address("assistant", "triage")


def document(graph: DependencyGraph) -> ET.Element:
    drawn = graph_picture(graph, *SVG_AT_MOST)
    return ET.fromstring(svg_file(drawn, "Dependencies of acme", drawn.summary))


def used_by(*others: Foreign, back: bool = False) -> DependencyGraph:
    needs = [Dependency(one, TRIAGE, ("live",)) for one in others]
    needs += [Dependency(TRIAGE, one, ("live",)) for one in others if back]
    objects = [GraphObject(TRIAGE, "agent"), *(GraphObject(one, one.type) for one in others)]
    return DependencyGraph("acme", tuple(objects), tuple(needs), address=TRIAGE)


@pytest.mark.parametrize("name", [*VALUES, "]]>", "\x00\x1b[31m", "<!ENTITY x SYSTEM 'file:///etc/passwd'>"])
def test_names_of_others_are_only_text(name):
    found = document(used_by(Foreign("automation", "aut_1", name)))
    known = {f"{SVG}{tag}" for tag in ("svg", "title", "desc", "style", "rect", "defs", "marker", "path", "g", "text")}
    assert {one.tag for one in found.iter()} == known
    assert not [key for one in found.iter() for key in one.attrib if key.startswith("on") or "href" in key]


def test_an_object_that_needs_what_needs_it_has_both_arrows():
    found = document(used_by(Foreign("automation", "aut_1", "nightly"), back=True))
    assert len([one for one in found.iter(f"{SVG}path") if one.get("class") == "edge"]) == 2
    (focus,) = (one for one in found.iter(f"{SVG}g") if "focus" in one.get("class", ""))
    assert focus.findtext(f"{SVG}title") == "assistant/triage: untouched"


def test_two_thousand_objects_are_drawn_as_few_nodes_and_it_is_said():
    found = document(used_by(*(Foreign("session", f"sess_{number}") for number in range(2000))))
    assert found.findtext(f"{SVG}desc") == "2001 objects, drawn as 2 nodes"
    assert len([*found.iter(f"{SVG}g")]) == 2
