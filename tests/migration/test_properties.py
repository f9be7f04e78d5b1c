"""Whatever is in a file, there is a report, and what is written is valid and says what the export said."""

import copy
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings, strategies as st

from reconciler.manifests import load
from reconciler.migration.codec import migration_json
from reconciler.migration.exports import find_exports
from reconciler.migration.migrate import migrate
from reconciler.reports.markdown.migration import migration_markdown
from reconciler.reports.style import Style
from reconciler.reports.text.migration import migration_text

CORPUS = Path(__file__).parent / "corpus"
SEEDS = [
    json.loads((CORPUS / name).read_text(encoding="utf-8"))
    for name in ("all-tools.json", "structured-output.json", "v1-retrieval.json", "prompt-versions.json",
                 "prompt-tools.json", "odd-functions.json", "metadata-odd.json", "prompt.json")
]  # fmt: skip
TEXTS = st.text(max_size=8) | st.sampled_from(["${var.x}", "{{x}}", "$file", "vs_1", "file-1", "asst_1", "json_schema"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
JUNK = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3))
TARGETS = st.sampled_from(["responses", "agents"])


def paths(value, at=()):
    yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths(item, (*at, key))


@st.composite
def mutated(draw):
    """A real export with values replaced, removed and added."""
    value = copy.deepcopy(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 4))):
        *way, last = draw(st.sampled_from([path for path in paths(value) if path]))
        inside = value
        for step in way:
            inside = inside[step]
        if isinstance(inside, dict) and draw(st.booleans()):
            inside[draw(TEXTS)] = draw(JUNK)
        elif draw(st.booleans()):
            inside[last] = draw(JUNK)
        else:
            del inside[last]
        if not isinstance(value, dict | list) or not value:
            break
    return value


def check(value, target):
    with tempfile.TemporaryDirectory() as scratch:
        file, project = Path(scratch, "x.json"), Path(scratch, "project")
        file.write_text(json.dumps(value), encoding="utf-8")
        done = migrate([file], target, into=project, environ={}, offline=True)
        assert migration_text(done, style=Style())
        assert migration_markdown(done)
        json.dumps(migration_json(done))
        if done.written:
            loaded = load(project, env=None)
            assert [problem for problem in loaded.problems if problem.severity == "error"] == []
            assert len(loaded.resources) == len(done.drafts)


@settings(deadline=None, max_examples=60)
@given(mutated(), TARGETS)
@example(
    {"model": "gpt-5", "object": "assistant", "tools": [{"type": "file_search", "vector_store_ids": [[]]}]}, "responses"
)
def test_mutated_exports(value, target):
    check(value, target)


@pytest.mark.long
@settings(deadline=None, max_examples=3000)
@given(mutated(), TARGETS)
def test_many_mutated_exports(value, target):
    check(value, target)


@settings(deadline=None, max_examples=40)
@given(st.text(max_size=60), TARGETS)
def test_instructions_come_back_as_they_were(text, target):
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "x.json")
        file.write_text(json.dumps({"id": "asst_1", "model": "m", "instructions": text}), encoding="utf-8")
        migrate([file], target, into=Path(scratch), environ={}, offline=True)
        loaded = load(Path(scratch), env=None)
        assert loaded.resources[0].spec.instructions == (text or None)


@given(st.binary(max_size=200) | st.text(alphabet="{}[]\",:\\ \n'ab1-", max_size=60).map(str.encode))
def test_any_bytes_are_read_without_an_exception(data):
    exports, problems = find_exports(data, "x.json")
    assert exports or problems


@given(st.sampled_from(SEEDS), st.data())
def test_complete_objects_of_a_truncated_file_are_kept(seed, data):
    text = json.dumps([{"id": "asst_whole", "model": "m", "tools": []}, seed])
    at = data.draw(st.integers(text.index("}") + 1, len(text) - 1))
    exports, problems = find_exports(text[:at].encode(), "x.json")
    assert exports[0].value["id"] == "asst_whole"
    assert problems
