"""Pictures as GitHub draws them: by Mermaid itself, which lets nothing of a label be more than text."""

import json
from functools import partial
from pathlib import Path

import pytest

from reconciler.cli.graph import MERMAID_AT_MOST
from reconciler.planning.dependencies import Dependency, DependencyGraph, GraphObject
from reconciler.planning.model import ACTIONS, Change
from reconciler.planning.referrers import Foreign
from reconciler.reports.markdown.mermaid import LABEL_ROOM, mermaid
from reconciler.reports.markdown.plan import MOST_NODES
from reconciler.reports.picture import graph_picture, picture
from reconciler.reports.style import clip, plain
from reconciler.reports.views.changes import SIGNS
from reconciler.resources.address import Address
from tests.support import npm
from tests.support.browser import CHROMIUM, browser
from tests.support.hostile import VALUES
from tests.support.plans import REFERENCED, plan, refers, update, upload

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs Chromium: apt-get install chromium")

READER = Path(__file__).parents[2] / "mermaid"
PAGE = """<!doctype html><meta charset="utf-8"><title>x</title><link rel="icon" href="data:,">
<script src="%s"></script>
<script>
mermaid.initialize({startOnLoad: false, securityLevel: "strict"});
async function draw(source) {
  const {svg} = await mermaid.render("picture", source);
  document.body.innerHTML = svg;
  const all = selector => [...document.querySelectorAll(selector)];
  return {
    labels: all(".node .nodeLabel").map(one => one.textContent.replace(/\\s+/g, " ").trim()),
    edges: all("path.flowchart-link").length,
    others: all("svg a, svg img, svg script, svg b, svg h1, svg [onload], svg [onerror], svg [onclick]").length,
  };
}
</script><body></body>"""


@pytest.fixture(scope="module")
def draw(tmp_path_factory):
    npm.install(READER)
    with browser(tmp_path_factory.mktemp("chromium")) as tab:
        page = tmp_path_factory.mktemp("page") / "page.html"
        library = READER / "node_modules" / "@mermaid-js" / "tiny" / "dist" / "mermaid.tiny.js"
        page.write_text(PAGE % library.as_uri(), encoding="utf-8")
        seen = tab.open(page)
        yield partial(drawn, tab)
        assert set(seen.requests) <= {page.as_uri(), library.as_uri(), "data:,"}
        assert seen.complaints == []


def drawn(tab, graph):
    """What Mermaid makes of a picture."""
    return tab.evaluate(f"draw({json.dumps(mermaid(graph))})")


def labels(graph):
    texts = (f"{SIGNS[node.standing]} {clip(plain(node.label), LABEL_ROOM)}" for node in graph.nodes)
    return sorted(" ".join(text.split()) for text in texts)


def hostile():
    pairs = refers(*((f"chatbot/{number} {value}", f"assistant/{value}") for number, value in enumerate(VALUES)))
    return plan(*(update(address=f"assistant/{value}") for value in VALUES[::2]), references=pairs)


def many():
    pairs = refers(*((f"chatbot/c{number}", f"assistant/a{number % 7}") for number in range(300)))
    return plan(*(upload(f"kb/{number}.md") for number in range(90)), update(address="assistant/a1"), references=pairs)


def every_standing():
    changes = [Change(f"assistant/{action}", action) for action in ACTIONS]
    pairs = refers(*(("chatbot/support", change.address) for change in changes))
    return plan(*changes, drift=(update(address="assistant/hand"),), refusals=(REFERENCED,), references=pairs)


def dependencies(*, hostile: bool):
    """Return a graph with objects of others, a cycle, a copy, the object in the middle and, if asked, hostile names."""
    here, copy = Address("assistant", "triage"), Address("assistant", "triage@bot.1")
    names = VALUES if hostile else [f"bot {number}" for number in range(5000)]
    others = [
        GraphObject(Foreign("automation", f"aut_{number}", name), "automation") for number, name in enumerate(names)
    ]
    needs = [Dependency(one.node, here, ("live",)) for one in others]
    back = [Dependency(here, others[0].node, ("live",)), Dependency(copy, here, (), is_copy=True)]
    objects = (GraphObject(here, "agent"), GraphObject(copy, "agent"), *others)
    return DependencyGraph("acme", objects, (*needs, *back), address=here)


@pytest.mark.parametrize("is_hostile", [True, False])
def test_dependency_graphs_are_drawn_as_text(draw, is_hostile):
    graph = graph_picture(dependencies(hostile=is_hostile), *MERMAID_AT_MOST)
    seen = draw(graph)
    assert sorted(seen["labels"]) == labels(graph)
    assert seen["edges"] == len(graph.edges)
    assert seen["others"] == 0


@pytest.mark.parametrize("made", [hostile, many, every_standing])
def test_every_label_is_drawn_as_text(draw, made):
    graph = picture(made(), MOST_NODES)
    seen = draw(graph)
    assert sorted(seen["labels"]) == labels(graph)
    assert seen["edges"] == len(graph.edges)
    assert seen["others"] == 0
