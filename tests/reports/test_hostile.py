"""Whatever manifests and live objects contain, it is text in every output."""

import json
import re

import pytest
from hypothesis import given, settings

from reconciler.cli.output import inert
from reconciler.planning.model import Change, FieldChange, Plan
from reconciler.releases.comparison import Comparison, ObjectChange, ValueChange
from reconciler.reports.html.apply import apply_html
from reconciler.reports.html.drift import drift_html
from reconciler.reports.html.plan import plan_html
from reconciler.reports.html.status import status_html
from reconciler.reports.markdown.apply import apply_markdown
from reconciler.reports.markdown.comparison import comparison_markdown
from reconciler.reports.markdown.drift import drift_markdown
from reconciler.reports.markdown.inventory import inventory_markdown
from reconciler.reports.markdown.migration import migration_markdown
from reconciler.reports.markdown.plan import plan_markdown
from reconciler.reports.style import Style, plain
from reconciler.reports.text.apply import apply_text
from reconciler.reports.text.drift import drift_text
from reconciler.reports.text.plan import plan_text
from reconciler.reports.text.status import status_text
from reconciler.reports.views.status import status_view
from reconciler.reports.wording.documents import plan_document
from reconciler.reports.wording.result_documents import apply_document, drift_document
from reconciler.resources.address import Address
from reconciler.resources.json_documents import dumps
from tests.support.any_plan import any_plan
from tests.support.drifts import report, report_of, status_of
from tests.support.hostile import VALUES, comparison_of, inventory_of, migration_of, plan_of, result_of
from tests.support.reading import ACTIVE, OURS, Page, markdown

STYLE = Style(width=100)
TITLES = {
    "Refused",
    "Risks",
    "Your changes",
    "Changed outside Reconciler",
    "Affected objects and their dependents",
    "Warnings",
}
TITLES |= {"Costs, estimated", "Not managed", "Failed", "Skipped: a dependency failed", "Not started", "Done"}
TITLES |= {"Drift kept", "Already completed by an interrupted run", "Problems", "no manifest"}
TITLES |= {"Failing files", "Foreign files", "Retiring models", "Assistants"}
TASK = re.compile(r"^\[ \] ", re.MULTILINE)
TABLES = {"table", "thead", "tbody", "tr", "th", "td"}
ELEMENTS = {
    *("html", "head", "meta", "link", "title", "style", "body", "a", "header", "main", "footer", "nav", "section"),
    *("article", "h1", "h2", "h3", "h4", "p", "ul", "li", "dl", "dt", "dd", "div", "span", "code", "pre", "strong"),
    *("ins", "del", "details", "summary", "svg", "desc", "defs", "marker", "path", "rect", "text", "g"),
}
ATTRIBUTES = {
    *("charset", "http-equiv", "content", "name", "rel", "href", "lang", "id", "class", "open", "role", "tabindex"),
    *("viewbox", "width", "height", "x", "y", "rx", "d", "refx", "refy", "markerwidth", "markerheight"),
    *("markerunits", "orient", "marker-end"),
}
MERMAID = re.compile(
    r'flowchart LR|  n\d+\["(?:[^\W_]|[ /._-]|#\d+;)*"\](?::::\w+)?|  n\d+ --> n\d+|  classDef \w+ [\w:,#-]+'
)


def view_of(value):
    return status_view(status_of(*report_of(value).assistants, endpoint=value))


def texts(value):
    plan = plan_of(value)
    yield plan_text(plan, style=STYLE, command="reconciler apply")
    yield drift_text(report_of(value), style=STYLE)
    yield apply_text(result_of(value), style=STYLE)
    yield status_text(view_of(value), style=STYLE, pull=value, revert=value)


def markdowns(value):
    yield plan_markdown(plan_of(value), command=f"reconciler apply {value}")
    yield drift_markdown(report_of(value), revert=value, pull=value)
    yield apply_markdown(result_of(value))
    yield inventory_markdown(inventory_of(value))
    yield comparison_markdown(comparison_of(value))
    yield migration_markdown(migration_of(value))


def pages(value):
    yield plan_html(plan_of(value), command=f"reconciler apply {value}")
    yield drift_html(report_of(value), revert=value, pull=value)
    yield apply_html(result_of(value))
    yield status_html(view_of(value), pull=value, revert=value)


def is_printable(document):
    return all(char == "\n" or char.isprintable() for char in document)


def check_markdown(document):
    read = markdown(document)
    assert is_printable(document)
    assert read.other <= TABLES
    assert all(OURS.fullmatch(line) for line in read.html)
    text = TASK.sub("", read.text)
    assert not ACTIVE.search(text), ACTIVE.search(text)
    assert {info for info, _ in read.fences} <= {"diff", "text", "yaml", "mermaid"}
    assert {heading for heading in read.headings[1:] if heading[0] != "`"} <= TITLES
    for info, body in read.fences:
        if info == "mermaid":
            assert all(MERMAID.fullmatch(line) for line in body.splitlines())
    return read


def check_page(document):
    page = Page(document)
    names = [name for name, _ in page.elements]
    assert is_printable(document)
    assert set(names) <= ELEMENTS
    assert names.count("style") == names.count("title") - names.count("g") - names.count("svg") == 1
    for _, attributes in page.elements:
        assert all(name in ATTRIBUTES or name.startswith("aria-") for name in attributes)
        assert re.fullmatch(r"(#[\w-]+|data:,)?", attributes.get("href") or "")
    return page


@pytest.mark.parametrize("value", VALUES)
def test_terminals_and_runners_get_text(value):
    for text in texts(value):
        assert is_printable(text)
        assert not re.search(r"^\s*::|##\[", inert(text), re.MULTILINE)


@pytest.mark.parametrize("value", VALUES)
def test_json_is_ascii_and_says_the_value(value):
    for document in (plan_document(plan_of(value)), drift_document(report_of(value)), apply_document(result_of(value))):
        assert dumps(document).isascii()
        assert json.loads(dumps(document)) == json.loads(json.dumps(document))
    assert plan_document(plan_of(value))["warnings"][0]["text"] == value


@pytest.mark.parametrize("value", VALUES)
def test_markdown_makes_nothing_of_it(value):
    for document in markdowns(value):
        check_markdown(document)
    if len(value) < 1000:
        assert f"file/{plain(value)}" in check_markdown(plan_markdown(plan_of(value))).code


@pytest.mark.parametrize("value", VALUES)
def test_a_table_has_its_columns_whatever_a_parser_makes_of_a_backslash(value):
    tables = {inventory_markdown(inventory_of(value)): 8, migration_markdown(migration_of(value)): 4}
    for document, columns in tables.items():
        rows = [line for line in document.splitlines() if line.startswith("| ")]
        for bar in (r"(?<!\\)\|", r"(?<!\\)(?:\\\\)*\|"):
            assert {len(re.split(bar, row)) - 2 for row in rows} == {columns}


@pytest.mark.parametrize("value", VALUES)
def test_html_makes_nothing_of_it(value):
    for document in pages(value):
        assert plain(value) in check_page(document).all_text


@pytest.mark.parametrize("text", ["word " * 200_000, "| `` <b>\n" * 125_000], ids=["words", "syntax"])
def test_instructions_of_a_megabyte_are_text(text):
    change = FieldChange(("instructions",), "before", text, "manifest")
    check_markdown(plan_markdown(Plan("acme", (Change("assistant/triage", "update", (change,)),))))
    value = ValueChange(change.keys, "before", text)
    objects = (ObjectChange(Address("assistant", "triage"), "changed", (value,)),)
    check_markdown(comparison_markdown(Comparison("a", "b", None, objects, (), ())))


@settings(deadline=None, max_examples=40)
@given(any_plan)
def test_any_plan_is_text(plan):
    check_markdown(plan_markdown(plan))
    check_markdown(drift_markdown(report(plan)))
    check_page(plan_html(plan))
    check_page(drift_html(report(plan)))


def test_what_a_runner_would_obey_is_still_readable():
    assert inert("  ::error::x\na :: b\n##[group]y\n\u00a0::warning::z") == (
        "  \\x3a:error::x\na :: b\n\\x23#[group]y\n\u00a0\\x3a:warning::z"
    )
