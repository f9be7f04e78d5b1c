"""Which API is talked to: the first that is set."""

from pathlib import Path

import pytest

from reconciler.manifests import Project, ProjectSpec
from reconciler.project.endpoint import EMBEDDED, WITH_ASSISTANTS, choose, is_embedded
from reconciler.resources.address import Identity
from reconciler.resources.problems import Place, ReconcilerError

ENVIRON = {"RECONCILER_ENDPOINT": "http://of-the-workflow", "OPENAI_BASE_URL": "of-the-sdk"}


def project(endpoint: str | None) -> Project:
    return Project(Path(), Path(), Identity("acme"), ProjectSpec(endpoint=endpoint), Place("project.yaml"))


def test_choose_prefers_flag_then_variable_then_manifest():
    ours = project("http://of-the-project")
    assert choose(ours, "https://of-the-flag", ENVIRON) == "https://of-the-flag"
    assert choose(ours, None, ENVIRON) == "http://of-the-workflow"
    assert choose(ours, None, {"OPENAI_BASE_URL": "http://of-the-sdk"}) == "http://of-the-project"
    assert choose(project(None), None, {"OPENAI_BASE_URL": "http://of-the-sdk"}) == "http://of-the-sdk"
    assert choose(project(None), None, {}) is None


def test_an_empty_variable_is_not_set():
    assert choose(project(None), "", {"RECONCILER_ENDPOINT": "", "OPENAI_BASE_URL": ""}) is None


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("embeded", "did you mean `embedded`?"),
        ("Embedded", "did you mean `embedded`?"),
        ("embedded+assistant", "did you mean `embedded+assistants` or `embedded`?"),
        ("localhost:8787", "Use a URL such as http://127.0.0.1:8787/v1, or 'embedded'."),
    ],
)
def test_an_invalid_endpoint_is_an_error(wrong, hint):
    for flag, environ in ((wrong, {}), (None, {"RECONCILER_ENDPOINT": wrong})):
        with pytest.raises(ReconcilerError) as error:
            choose(project(None), flag, environ)
        (problem,) = error.value.problems
        assert (problem.message, problem.hint) == (f"'{wrong}' is neither a URL nor 'embedded'", hint)


@pytest.mark.parametrize("endpoint", [EMBEDDED, WITH_ASSISTANTS])
def test_the_embedded_api_may_be_set_in_the_manifest_alone_even_in_ci(endpoint):
    assert choose(project(endpoint), None, {"CI": "true"}) == endpoint
    assert is_embedded(endpoint)
