"""The bytes that aliases, included files and variables repeat are limited, with the place that goes over."""

import json

import pytest

from reconciler.manifests import load, loading
from reconciler.manifests.limits import MAX_EXPANDED, Allowance

TEXT = "x" * 100_000
REPEATS = MAX_EXPANDED // len(TEXT) + 1


def assistant(name, extra):
    head = f"apiVersion: reconciler/v1\nkind: Assistant\nmetadata: {{name: {name}}}\n"
    return f"{head}spec:\n  target: responses\n  model: gpt-5\n  instructions: hi\n  extra: {extra}\n"


def too_large(folder):
    found = [problem for problem in load(folder.root, env=None).problems if problem.code == "too-large"]
    assert all(problem.hint for problem in found)
    return [(problem.place.file, problem.place.line) for problem in found if problem.place]


@pytest.mark.parametrize("anchor", [TEXT, f"[{TEXT}]", f"{{k: {TEXT}}}", f'{{"{TEXT[:1000]}": 1, k: {TEXT}}}'])
def test_aliases_of_a_long_value_are_an_error_at_the_alias(folder, anchor):
    folder.write("a.yaml", assistant("a", f"{{s: &s {anchor}, l: [{', '.join(['*s'] * REPEATS)}]}}"))
    assert too_large(folder) == [("a.yaml", 8)]


@pytest.mark.parametrize(("name", "content"), [("b.txt", TEXT), ("b.json", json.dumps({"k": TEXT})), ("b.yaml", TEXT)])
def test_files_included_often_in_one_document_are_an_error_at_the_include(folder, name, content):
    folder.write(name, content)
    folder.write("a.yaml", assistant("a", f"{{l: [{', '.join([f'{{$file: {name}}}'] * REPEATS)}]}}"))
    assert too_large(folder) == [("a.yaml", 8)]


def test_one_file_in_many_documents_is_an_error_of_the_project(folder, monkeypatch):
    monkeypatch.setattr(loading, "Allowance", lambda: Allowance(250_000))
    folder.write("b.txt", TEXT)
    for name in "cdef":
        folder.write(f"{name}.yaml", assistant(name, "{l: {$file: b.txt}}"))
    assert too_large(folder) == [("f.yaml", 8)]
