"""The outlets that a command contacts: in CI, a pull request can have edited them."""

from pathlib import Path
from typing import Any

import pytest

from reconciler.manifests import Project, ProjectSpec
from reconciler.project.outlets import ALLOWED, reachable
from reconciler.resources.address import Identity
from reconciler.resources.problems import Place, ReconcilerError

AMAZON = "s3://acme-bundles/bots?region=eu-central-1"
OWN = "s3://acme-bundles/bots?endpoint_url=https%3A%2F%2Fs3.example%3A9000"
OUTLETS: dict[str, dict[str, Any]] = {
    "build/bundles": {"directory": "build/./bundles"},
    "../shared": {"directory": "../shared"},
    "/srv/bundles": {"directory": "/srv/bundles"},
    AMAZON: {"s3": {"bucket": "acme-bundles", "prefix": "bots", "region": "eu-central-1"}},
    OWN: {"s3": {"bucket": "acme-bundles", "prefix": "bots", "endpoint_url": "https://s3.example:9000"}},
}
CI = {"CI": "true"}
every_outlet = pytest.mark.parametrize("name", OUTLETS)


def project(root: Path, *names: str) -> Project:
    spec = ProjectSpec.model_validate({"outlets": [OUTLETS[name] for name in names]})
    return Project(root, root, Identity("acme"), spec, Place("project.yaml"))


@every_outlet
def test_without_ci_every_outlet_is_contacted(tmp_path, name):
    found = reachable(project(tmp_path, name), {"CI": "false"}, ())
    assert (list(found.outlets), found.unread) == ([name], ())


class TestPlansInCI:
    @every_outlet
    def test_a_new_outlet_is_not_contacted(self, tmp_path, name):
        found = reachable(project(tmp_path, name), CI, ())
        assert ([*found.outlets], [one.name for one in found.unread]) == ([], [name])

    @every_outlet
    def test_an_outlet_of_the_state_is_contacted(self, tmp_path, name):
        found = reachable(project(tmp_path, name), CI, {name: {}})
        assert ([*found.outlets], found.unread) == ([name], ())

    @every_outlet
    def test_an_outlet_that_the_workflow_names_is_contacted(self, tmp_path, name):
        found = reachable(project(tmp_path, name), {**CI, ALLOWED: f"other  {name}\n"}, ())
        assert [*found.outlets] == [name]

    @pytest.mark.parametrize(
        ("named", "contacted"),
        [
            ("https://s3.example:9000", True),
            ("https://S3.example:9000/", True),
            ("https://s3.example", False),
            ("https://s3.example.evil.example:9000", False),
            ("http://127.0.0.1:9000", False),
            ("s3.example:9000", False),
            ("s3://acme-bundles/bots", False),
        ],
    )
    def test_an_endpoint_stands_for_every_bucket_there(self, tmp_path, named, contacted):
        found = reachable(project(tmp_path, OWN, AMAZON), {**CI, ALLOWED: named}, ())
        assert [*found.outlets] == ([OWN] if contacted else [])

    def test_an_option_makes_another_outlet(self, tmp_path):
        """The state has the bucket at Amazon, and a pull request adds an endpoint."""
        assert [one.name for one in reachable(project(tmp_path, OWN), CI, {"s3://acme-bundles/bots": {}}).unread] == [
            OWN
        ]

    @pytest.mark.parametrize(
        "wrong",
        ["s3://AB", "s3://acme?x=y", "http://s3.example", "ftp://s3.example", "https://a@b", "https://a:9000.b"],
    )
    def test_an_invalid_variable_is_an_error(self, tmp_path, wrong):
        with pytest.raises(ReconcilerError, match=f"bad-outlets.*{ALLOWED} is not valid"):
            reachable(project(tmp_path), {**CI, ALLOWED: wrong}, ())


class TestApplyInCI:
    @pytest.mark.parametrize("name", ["build/bundles", AMAZON])
    def test_a_new_outlet_is_contacted(self, tmp_path, name):
        assert [*reachable(project(tmp_path, name), CI, (), applies=True).outlets] == [name]

    @pytest.mark.parametrize(("name", "entry"), [("../shared", "../shared"), (OWN, "https://s3.example:9000")])
    def test_an_endpoint_or_a_folder_elsewhere_is_named_by_the_workflow(self, tmp_path, name, entry):
        with pytest.raises(ReconcilerError, match="outlet-not-allowed") as caught:
            reachable(project(tmp_path, name, AMAZON), CI, (), applies=True)
        (problem,) = caught.value.problems
        assert f"add {entry} to {ALLOWED}" in problem.hint
        assert name in reachable(project(tmp_path, name), {**CI, ALLOWED: entry}, (), applies=True).outlets
        assert name in reachable(project(tmp_path, name), CI, {name}, applies=True).outlets


class TestLinks:
    """A committed link leads to any folder of the machine, under a name that the state knows."""

    @pytest.mark.parametrize("environ", [{}, CI])
    @pytest.mark.parametrize("link", ["build", "build/bundles"])
    def test_a_link_out_of_the_project_is_refused(self, tmp_path, link, environ):
        root, elsewhere = tmp_path / "acme", tmp_path / "elsewhere"
        (root / link).parent.mkdir(parents=True)
        elsewhere.mkdir()
        (root / link).symlink_to(elsewhere)
        with pytest.raises(ReconcilerError, match="outlet-link"):
            reachable(project(root, "build/bundles"), environ, {"build/bundles"})

    def test_a_link_out_of_the_repository_is_refused(self, tmp_path):
        root = tmp_path / "repository/acme"
        root.mkdir(parents=True)
        (root.parent / "shared").symlink_to(tmp_path)
        found = project(root, "../shared")
        found = Project(root, root.parent, found.identity, found.spec, found.place)
        with pytest.raises(ReconcilerError, match="outlet-link"):
            reachable(found, {}, ())

    def test_a_link_within_the_project_is_followed(self, tmp_path):
        (tmp_path / "made").mkdir()
        (tmp_path / "build").symlink_to("made")
        assert [*reachable(project(tmp_path, "build/bundles"), {}, ()).outlets] == ["build/bundles"]

    def test_a_name_that_steps_back_over_a_link_is_the_folder_that_it_says(self, tmp_path):
        (tmp_path / "acme").mkdir()
        (tmp_path / "acme/out").symlink_to(tmp_path / "elsewhere/deep")
        (tmp_path / "elsewhere/deep").mkdir(parents=True)
        spec = ProjectSpec.model_validate({"outlets": [{"directory": "out/../build"}]})
        root = tmp_path / "acme"
        found = reachable(Project(root, root, Identity("acme"), spec, Place("project.yaml")), {}, ())
        found.outlets["build"].write("a/b.json", b"{}")
        assert (root / "build/a/b.json").exists()
