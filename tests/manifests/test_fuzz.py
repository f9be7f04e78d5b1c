"""`load` returns for any bytes, in linear time."""

import time

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from reconciler.manifests import load
from reconciler.manifests.parsing import parse
from tests.support.manifest_mutations import PIECES, mutations

PROMPT = settings(max_examples=150, deadline=2_000, suppress_health_check=[HealthCheck.function_scoped_fixture])


def check(folder, name, content):
    folder.write(name, content)
    loaded = load(folder.root, env=None)
    assert all(problem.message and problem.place for problem in loaded.problems)
    for resource in loaded.resources:
        assert str(resource.where(("spec", "tools", 0, "type"))).startswith(name)


@PROMPT
@given(st.binary(max_size=400))
def test_load_of_any_bytes_returns(folder, content):
    check(folder, "x.yaml", content)


@PROMPT
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_load_of_any_pieces_of_yaml_returns(folder, content):
    check(folder, "x.yaml", content)


@PROMPT
@given(mutations())
def test_load_of_any_mutated_manifest_returns(folder, content):
    check(folder, "x.yaml", content)


@PROMPT
@given(mutations() | st.binary(max_size=200))
def test_load_of_any_project_file_returns(folder, content):
    folder.bot()
    folder.write("project.yaml", content)
    assert load(folder.root, env="staging").problems


@PROMPT
@given(st.binary(max_size=300) | st.text(alphabet='{}[]":,\\ud8001eE.-+ \n', max_size=60).map(str.encode))
def test_load_of_any_included_file_returns(folder, content):
    folder.write("f.json", content)
    folder.bot("{target: cloud, instructions: {$file: f.json}, anything: {$file: f.json}, metadata: {$file: f.json}}")
    folder.load()


@pytest.mark.long
@pytest.mark.parametrize(
    "piece", [*PIECES, "a", "a: ", "a: b\n", "- a\n", "[a, ", "{a: ", "'a': ", "[]", "a: |\n b\n", "\\"]
)
def test_load_takes_linear_time(piece):
    text = (piece * (5 * 2**20 // len(piece)))[: 5 * 2**20]
    started = time.process_time()
    for _ in parse(text, "x.yaml"):
        pass
    assert time.process_time() - started < 20
