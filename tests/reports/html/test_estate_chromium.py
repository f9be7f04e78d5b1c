"""The estate page in a browser: it asks for nothing, is searched as one types, and axe finds nothing serious in it."""

import json
import re
from pathlib import Path

import pytest

from reconciler.reports.html.estate import estate_html
from tests.support import npm
from tests.support.browser import CHROMIUM, browser
from tests.support.estates import estate, hostile_estate, large_estate
from tests.support.hostile import VALUES

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs Chromium: apt-get install chromium")

AUDITOR = Path(__file__).parents[2] / "axe"
PAGE = estate_html(*estate(), pull="pull it", revert="revert it")
SHOWN = (
    "[...document.querySelectorAll('article.entry[data-kind=\"%s\"] .address')]"
    ".filter(one => one.checkVisibility()).map(one => one.textContent)"
)
TITLES = "[...document.querySelectorAll('h2')].filter(one => one.checkVisibility()).map(one => one.textContent)"
TALL = 12_000
"""Pixels of a window in which everything is drawn: what is far outside a window is not."""
SERIOUS = """
axe.run(document, {resultTypes: ["violations"]}).then(found => found.violations
  .filter(one => ["serious", "critical", "moderate"].includes(one.impact))
  .map(one => one.id + ": " + one.nodes.map(node => node.html.slice(0, 160)).join(" | ")))
"""
MEASURE = """
(async () => {
  const find = document.getElementById("find"), times = [];
  const frame = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  for (const text of %s) {
    const start = performance.now();
    find.value = text;
    find.dispatchEvent(new Event("input"));
    document.body.offsetHeight;
    times.push(performance.now() - start);
    await frame();
  }
  return times;
})()
"""


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.fixture
def load(tab, tmp_path):
    def load(document, *, width=1280, height=900, **more):
        file = tmp_path / "page.html"
        file.write_text(document, encoding="utf-8")
        tab.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        seen = tab.open(file, **more)
        return [url for url in seen.requests if url not in (file.as_uri(), "data:,")], seen.complaints

    return load


def found(tab):
    """The number of objects that the page announces, which it does when one has stopped typing."""
    tab.evaluate("new Promise(done => setTimeout(done, 250))")
    return tab.evaluate("document.getElementById('found').textContent")


def test_nothing_is_asked_for_and_nothing_is_complained_about(tab, load):
    assert load(PAGE) == ([], [])
    assert tab.evaluate("document.querySelectorAll('svg[role=img] g.node').length") == 5
    assert found(tab) == "9 objects"


def test_objects_are_filtered_as_one_types(tab, load):
    load(PAGE)
    tab.press("/")
    tab.type("HANDBOOK finance")
    assert tab.evaluate(SHOWN % "Assistants") == ["billing"]
    assert tab.evaluate(SHOWN % "Chatbots") == []
    assert tab.evaluate(TITLES) == ["Assistants", "Vector stores", "Environments", "Not looked at"]
    assert found(tab) == "2 of 9 objects"
    tab.press("Escape")
    assert found(tab) == "9 objects"
    assert tab.evaluate(SHOWN % "Chatbots") == ["support"]


def test_nothing_found_is_said(tab, load):
    load(PAGE)
    tab.press("/")
    tab.type("no such thing")
    assert tab.evaluate("document.getElementById('none').checkVisibility()") is True
    assert found(tab) == "0 of 9 objects"


@pytest.mark.parametrize(
    ("menu", "value", "number"), [("kind", "Files", 1), ("state", "odd", 3), ("owner", "finance", 2)]
)
def test_kind_status_and_owner_are_filters_that_reset_clears(tab, load, menu, value, number):
    load(PAGE)
    tab.evaluate(
        f"{{ const one = document.getElementById('{menu}'); one.value = '{value}';"
        "one.dispatchEvent(new Event('change')); }"
    )
    assert found(tab) == f"{number} of 9 objects"
    tab.evaluate("document.getElementById('reset').click()")
    assert found(tab) == "9 objects"


def test_the_keyboard_reaches_every_control_and_every_fold(tab, load):
    load(PAGE)
    wanted = tab.evaluate("document.querySelectorAll('a, summary, [tabindex], input, select, button').length")
    order = "[...document.querySelectorAll('a, summary, [tabindex], input, select, button')]"
    hidden = tab.evaluate(f"{order}.filter(one => !one.checkVisibility()).length")
    reached = set()
    for _ in range(wanted):
        tab.press("Tab")
        reached.add(tab.evaluate(f"{order}.indexOf(document.activeElement)"))
    assert len(reached - {-1}) == wanted - hidden


def test_a_slash_in_the_search_is_a_character(tab, load):
    load(PAGE)
    tab.press("/")
    tab.press("/")
    assert tab.evaluate("document.getElementById('find').value") == "/"


def audited(tab):
    """Return what axe finds in the page, with everything unfolded."""
    tab.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    script = (AUDITOR / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    tab.call("Runtime.evaluate", expression=script)
    return tab.evaluate(SERIOUS)


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(tab, load, scheme, width):
    npm.install(AUDITOR)
    load(PAGE, scheme=scheme, width=width, height=TALL)
    sizes = "(root => [root.scrollWidth, root.clientWidth])(document.documentElement)"
    needed, there = tab.evaluate(sizes)
    assert needed == there, "the page has no horizontal scroll bar"
    assert audited(tab) == []


def test_axe_would_find_a_control_without_a_label(tab, load):
    npm.install(AUDITOR)
    load(PAGE.replace('<label for="kind">', "<label>"), height=TALL)
    (only,) = audited(tab)
    assert only.startswith("select-name: ")


def test_without_a_script_everything_is_shown_and_nothing_to_search(tab, load):
    load(re.sub("<script>.*</script>", "", PAGE, flags=re.DOTALL))
    assert tab.evaluate("document.getElementById('tools').checkVisibility()") is False
    assert tab.evaluate(SHOWN % "Assistants") == ["billing", "triage"]


def test_hostile_values_do_nothing(tab, load):
    assert load(estate_html(*hostile_estate(" ".join(VALUES[:-2])))) == ([], [])
    assert tab.evaluate("document.scripts.length") == 1
    assert tab.evaluate("document.images.length + document.forms.length") == 0
    assert tab.evaluate("document.querySelectorAll('svg[onload], [style]').length") == 0


def test_even_a_script_that_is_put_into_the_page_does_not_run(tab, load):
    planted = "<img src='http://evil.example/x.png'><script>document.title = 'evil'</script>"
    _, complaints = load(PAGE.replace("</main>", f"{planted}</main>"))
    assert len(complaints) == 2
    assert all("Content Security Policy" in text for text in complaints)
    assert tab.evaluate("document.title") == "Estate: acme/production"


def test_two_thousand_objects_are_filtered_without_a_pause(tab, load):
    document = estate_html(*large_estate(2_000))
    assert len(document) < 4_000_000
    assert load(document) == ([], [])
    assert found(tab) == "2000 objects"
    texts = ["a", "a1", "a12", "a123", "a12", "a1", "a", "", "zz", ""] * 2
    times = sorted(tab.evaluate(MEASURE % json.dumps(texts)))
    assert times[len(times) // 2] < 50, times
