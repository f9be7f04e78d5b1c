"""Every export in `corpus/` migrates to the report in `expected/`, to valid manifests, and to bodies the SDK accepts.

Run `WRITE_EXPECTED=1 pytest tests/migration/test_corpus.py` to rewrite the reports, and review the difference.
"""

import os
from pathlib import Path

import pytest
from openai.types.beta.agent_create_params import AgentCreateParams
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming

from reconciler.manifests import load
from reconciler.migration.codec import migration_json
from reconciler.migration.migrate import migrate
from reconciler.migration.model import Migration
from reconciler.reports.style import Style
from reconciler.reports.text.migration import migration_text
from reconciler.reports.text.problems import problems_text
from reconciler.resources.registry import resource_types
from tests.support.shapes import adapter

HERE = Path(__file__).parent
CORPUS = sorted(path.name for path in (HERE / "corpus").iterdir())
TARGETS = ["responses", "agents"]
SDK = {"responses": ResponseCreateParamsNonStreaming, "agents": AgentCreateParams}
STYLE = Style(width=110)


def run(name: str, target, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Migration:
    monkeypatch.chdir(HERE / "corpus")
    return migrate([Path(name)], target, into=folder, environ={}, offline=True)


def report(done: Migration) -> str:
    return migration_text(done, style=STYLE) + "\n" + problems_text(done.problems, style=STYLE)


def test_the_corpus_has_at_least_30_exports():
    assert len(CORPUS) >= 30


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", CORPUS)
def test_the_report_is_as_expected(name, target, tmp_path, monkeypatch):
    told = report(run(name, target, tmp_path / "project", monkeypatch))
    expected = HERE / "expected" / f"{name.partition('.')[0]}.{target}.txt"
    if os.environ.get("WRITE_EXPECTED"):
        expected.write_text(told, encoding="utf-8")
    assert told == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", CORPUS)
def test_the_manifests_are_valid_and_make_bodies_that_the_sdk_accepts(name, target, tmp_path, monkeypatch):
    done = run(name, target, tmp_path, monkeypatch)
    assert bool(done.drafts) == bool(done.written)
    if not done.written:
        return
    loaded = load(tmp_path, env=None)
    assert [problem for problem in loaded.problems if problem.severity == "error"] == []
    assert {str(one.address) for one in loaded.resources} == {one.address for one in done.migrated if one.is_valid}
    for resource in loaded.resources:
        (desired,) = resource.kind.desired(resource, loaded.scope)
        body = resource_types()[desired.type].render(desired.fields)
        adapter(SDK[target]).validate_python(body if target == "agents" else {"input": "Hello", **body})


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", CORPUS)
def test_every_field_of_an_assistant_is_accounted_for(name, target, tmp_path, monkeypatch):
    done = run(name, target, tmp_path, monkeypatch)
    for one in done.migrated:
        told = {entry.field.split("[")[0].split(".")[0].split(" ")[0] for entry in one.entries}
        given = {field for field, value in one.export.value.items() if value not in (None, {}, [])}
        assert given - told <= {"id", "object", "created_at", "version"}


def test_nothing_is_lost_on_the_way_to_json(tmp_path, monkeypatch):
    done = run("all-tools.json", "responses", tmp_path, monkeypatch)
    document = migration_json(done)
    assert document["summary"] == {"objects": 1, "mapped": 9, "changed": 6, "lost": 0}
    (one,) = document["migrated"]
    assert one["id"] == "asst_k3yT0olsAllOfThem"
    assert one["address"] == "assistant/claims-desk"
    assert {"field": "temperature", "outcome": "mapped", "to": "temperature"} in one["entries"]
