"""The page in a browser: it is drawn, light and dark, asks for nothing, and can be used without a mouse."""

from dataclasses import replace
from itertools import pairwise

import pytest

from reconciler.planning.model import Costs, Unknown
from reconciler.reports.html.apply import apply_html
from reconciler.reports.html.drift import drift_html
from reconciler.reports.html.plan import plan_html
from reconciler.reports.html.status import status_html
from reconciler.reports.views.status import status_view
from tests.support.browser import CHROMIUM, browser
from tests.support.drifts import report_of, status_of
from tests.support.hostile import VALUES, plan_of, result_of
from tests.support.plans import REFERENCED, field, plan, refers, risky, update, warning

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs Chromium: apt-get install chromium")

PROMPT = "\n".join(f"Rule {number}." for number in range(60))
CONTRAST = """
(() => {
  const parts = text => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const light = text => parts(text).map(one => one / 255)
    .map(one => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
    .reduce((sum, one, index) => sum + one * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = node => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if (!/, 0\\)$/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const of = (one, other) => {
    const [a, b] = [light(one), light(other)];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const bad = [];
  for (const node of document.querySelectorAll("body *:not(svg *)")) {
    const own = [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim());
    if (own && of(getComputedStyle(node).color, ground(node)) < 4.5) bad.push(node.outerHTML.slice(0, 200));
  }
  for (const text of document.querySelectorAll("svg g text")) {
    const fill = getComputedStyle(text.parentElement.querySelector("rect")).fill;
    if (of(getComputedStyle(text).fill, fill) < 4.5) bad.push(text.outerHTML);
  }
  return bad;
})()
"""


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.fixture
def load(tab, tmp_path):
    def load(document, **more):
        file = tmp_path / "page.html"
        file.write_text(document, encoding="utf-8")
        seen = tab.open(file, **more)
        return [url for url in seen.requests if url not in (file.as_uri(), "data:,")], seen.complaints

    return load


def busy():
    hand = update(field("temperature", 0.9, 0.3), address="assistant/billing", decision="keep")
    change = update(field("model", "a", "b"), field("instructions", "", PROMPT), risks=(risky("the model changes"),))
    pairs = refers(("chatbot/support", "pipeline/flow"), ("pipeline/flow", "assistant/triage"))
    high = risky("a rule goes", "guardrail-removed", "high")
    risks = (high, replace(high, rule="model-changed", level="medium"), replace(high, rule="tool-removed", level="low"))
    costs = Costs("prices of today", unknown=(Unknown("text", ("tokens",)),))
    made = plan(
        change,
        drift=(hand,),
        refusals=(REFERENCED,),
        references=pairs,
        warnings=(warning("old"),),
        commit="3f2c1ab9",
    )
    return replace(made, risks=risks, costs=costs)


def test_the_picture_is_there_and_nothing_is_asked_for(tab, load):
    assert load(plan_html(busy())) == ([], [])
    box = tab.evaluate("(box => [box.width, box.height])(document.querySelector('svg').getBoundingClientRect())")
    assert min(box) > 40
    assert tab.evaluate("document.querySelectorAll('svg g.node').length") == 4
    assert tab.evaluate("document.querySelectorAll('svg path.edge').length") == 2
    assert tab.evaluate("document.querySelector('svg title').textContent") == "Affected objects and their dependents"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_can_be_read(tab, load, scheme):
    load(plan_html(busy()), scheme=scheme)
    colour = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (colour == "rgb(13, 17, 23)") == (scheme == "dark")
    assert tab.evaluate(CONTRAST) == []


def test_the_keyboard_reaches_the_sections_and_opens_what_is_folded(tab, load):
    load(plan_html(busy()))
    tab.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Skip to the report"
    tab.evaluate("document.querySelector('#changes').parentElement.querySelector('summary').focus()")
    tab.press("Enter")
    assert tab.evaluate("document.activeElement.parentElement.open") is True


def test_the_keyboard_reaches_everything_that_is_folded(tab, load):
    load(plan_html(busy()))
    folds = tab.evaluate("document.querySelectorAll('summary').length")
    reached = set()
    for _ in range(tab.evaluate("document.querySelectorAll('a, summary, [tabindex]').length")):
        tab.press("Tab")
        reached.add(tab.evaluate("[...document.querySelectorAll('summary')].indexOf(document.activeElement)"))
    assert reached == set(range(-1, folds))


def test_on_paper_nothing_is_folded(tab, load):
    load(plan_html(busy()))
    shown = "[...document.querySelectorAll('details:not([open])')].map(one => one.lastElementChild.checkVisibility())"
    assert tab.evaluate(shown) == [False] * 3
    tab.call("Emulation.setEmulatedMedia", media="print")
    assert tab.evaluate(shown) == [True] * 3


def test_whoever_cannot_see_it_finds_landmarks_headings_and_names(tab, load):
    load(plan_html(busy()))
    landmarks = "['header', 'nav', 'main', 'footer'].map(one => document.querySelectorAll(one).length)"
    assert tab.evaluate(landmarks) == [1, 1, 1, 1]
    levels = tab.evaluate("[...document.querySelectorAll('h1, h2, h3, h4')].map(one => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    picture = "document.getElementById(document.querySelector('svg[role=img]').getAttribute('aria-%s')).textContent"
    assert tab.evaluate(picture % "labelledby") == "Affected objects and their dependents"
    assert tab.evaluate(picture % "describedby").startswith("4 objects, each left of what it refers to.")
    names = "document.getElementById(one.getAttribute('aria-labelledby'))?.textContent"
    titles = tab.evaluate(f"[...document.querySelectorAll('section')].map(one => {names})")
    assert titles == [
        *("Refused", "Risks", "Affected objects and their dependents", "Your changes", "Changed outside Reconciler"),
        *("Costs, estimated", "Warnings"),
    ]


def test_hostile_values_do_nothing(tab, load):
    value = " ".join(VALUES[:-2])
    status = status_html(status_view(status_of(*report_of(value).assistants)))
    for document in (plan_html(plan_of(value)), drift_html(report_of(value)), apply_html(result_of(value)), status):
        assert load(document) == ([], [])
        assert tab.evaluate("document.scripts.length + document.images.length + document.forms.length") == 0


def test_even_what_is_put_into_the_page_may_ask_for_nothing(tab, load):
    """That the policy holds, and that this test would see it if it did not."""
    image = "<img src='http://evil.example/x.png'><script>console.log(1)</script>"
    assert load(f"<!doctype html><title>x</title>{image}")[0] == ["http://evil.example/x.png"]
    load(plan_html(busy()).replace("</main>", f"{image}</main>"))
    _, complaints = load(plan_html(busy()).replace("</main>", f"{image}</main>"))
    assert len(complaints) == 2
    assert all("Content Security Policy" in text for text in complaints)
