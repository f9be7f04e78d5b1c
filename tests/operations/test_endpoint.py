"""Which API is talked to: the first that is set."""

from pathlib import Path

from reconciler.manifests import Project, ProjectSpec
from reconciler.operations.endpoint import choose
from reconciler.resources.address import Identity
from reconciler.resources.problems import Place

ENVIRON = {"RECONCILER_ENDPOINT": "of-the-workflow", "OPENAI_BASE_URL": "of-the-sdk"}


def project(endpoint: str | None) -> Project:
    return Project(Path(), Path(), Identity("acme"), ProjectSpec(endpoint=endpoint), Place("project.yaml"))


def test_the_order():
    ours = project("of-the-project")
    assert choose(ours, "of-the-flag", ENVIRON) == "of-the-flag"
    assert choose(ours, None, ENVIRON) == "of-the-workflow"
    assert choose(ours, None, {"OPENAI_BASE_URL": "of-the-sdk"}) == "of-the-project"
    assert choose(project(None), None, {"OPENAI_BASE_URL": "of-the-sdk"}) == "of-the-sdk"
    assert choose(project(None), None, {}) is None


def test_what_is_empty_is_not_set():
    assert choose(project(None), "", {"RECONCILER_ENDPOINT": "", "OPENAI_BASE_URL": ""}) is None
