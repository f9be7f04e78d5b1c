import pytest

from reconciler.resources.address import Identity
from reconciler.s3.location import Location

TWO = {"staging": "tier: rehearsal", "production": "tier: gold"}


def write(folder, spec):
    folder.write("project.yaml", f"apiVersion: reconciler/v1\nkind: Project\nmetadata: {{name: acme}}\nspec:\n{spec}")


def test_identity_without_environments_is_the_project(folder):
    project = folder.load().project
    assert project.identity == Identity("acme")
    assert (project.root, project.repository) == (folder.root, folder.root)
    assert project.spec.limits.requests_per_minute.POST == 300
    assert project.variables == {}


def test_all_settings_of_a_project_are_read(folder):
    write(
        folder,
        """\
  endpoint: https://api.example.com/v1
  openai_project: proj_all
  state: {backend: local}
  outlets: [{directory: build/bundles}]
  defaults: {target: cloud}
  safety: {max_deletes: 10}
  limits: {requests_per_minute: {POST: 60}}
  environments:
    one: {variables: {text: a, whole: 1, part: 0.5, on: true}, openai_project: proj_one}
""",
    )
    project = folder.load().project
    assert folder.codes() == []
    assert project.identity == Identity("acme", "one")
    assert project.openai_project == "proj_one"
    assert dict(project.variables) == {"text": "a", "whole": 1, "part": 0.5, "on": True}
    assert project.spec.outlets[0].directory == "build/bundles"
    assert project.spec.limits.requests_per_minute.model_dump() == {"GET": 1000, "POST": 60, "DELETE": 300}


@pytest.mark.parametrize(
    ("state", "url"),
    [
        ("{backend: local}", "local"),
        ("{backend: s3, bucket: acme-state}", "s3://acme-state/"),
        (
            "{backend: s3, bucket: acme, prefix: team a/x, region: eu-north-1, endpoint_url: 'https://s3.example:9000'}",
            "s3://acme/team%20a/x?region=eu-north-1&endpoint_url=https%3A%2F%2Fs3.example%3A9000",
        ),
        ("{backend: postgres}", "postgres:?schema=reconciler"),
        ("{backend: postgres, schema: acme}", "postgres:?schema=acme"),
    ],
)
def test_state_backend_has_the_url_of_the_environment_variable(folder, state, url):
    write(folder, f"  state: {state}")
    assert folder.codes() == []
    assert folder.load().project.spec.state.url == url


def test_outlet_is_a_folder_or_a_prefix_of_a_bucket(folder):
    write(folder, "  outlets: [{directory: build}, {s3: {bucket: acme-bundles, prefix: live}}]")
    assert folder.codes() == []
    directory, s3 = folder.load().project.spec.outlets
    assert (directory.directory, s3.s3.location) == ("build", Location("acme-bundles", "live"))


def test_variables_are_those_of_the_chosen_environment(folder):
    folder.environments(**TWO)
    folder.bot('{target: cloud, instructions: "${var.tier}"}')
    assert folder.spec("staging").instructions == "rehearsal"
    assert folder.spec("production").instructions == "gold"
    assert folder.load("production").project.identity == Identity("acme", "production")


def test_list_of_environments_is_an_error_that_shows_the_mapping(folder):
    write(folder, "  environments: [staging, production]")
    (problem,) = folder.load().problems
    assert (problem.code, problem.hint) == (
        "wrong-type",
        "write each name as a key: `environments: {staging: …, production: …}`",
    )


def test_several_environments_without_a_choice_are_an_error(folder):
    folder.environments(**TWO)
    folder.bot('{target: cloud, instructions: "${var.tier}", modl: x}')
    required, other = folder.load().problems
    assert (required.code, str(required.place)) == ("unknown-field", "bot.yaml:4:52")
    assert (other.code, str(other.place)) == ("environment-required", "project.yaml:6:5")
    assert "`staging`, `production`" in other.message
    assert "--env" in other.hint


def test_unknown_environment_is_an_error_with_a_hint(folder):
    folder.environments(**TWO)
    (problem,) = folder.load("prodution").problems
    assert (problem.code, problem.hint) == ("unknown-environment", "did you mean `production`?")


def test_environment_of_a_project_without_environments_is_an_error(folder):
    assert folder.codes("production") == ["unknown-environment"]


@pytest.mark.parametrize(
    ("spec", "code", "place"),
    [
        ("  environments: {Prod: {}}", "invalid-value", "project.yaml:5:18"),
        ("  environments: {a: {variables: {'b c': 1}}}", "invalid-value", "project.yaml:5:34"),
        ("  environments: {a: {variables: {b: [1]}}}", "wrong-type", "project.yaml:5:37"),
        ("  environments: {a: {variables: {b: null}}}", "wrong-type", "project.yaml:5:37"),
        ("  environments: {a: {variables: {b: 2026-01-01}}}", "unclear-scalar", "project.yaml:5:37"),
        ("  state: {backend: s4}", "unknown-type", "project.yaml:5:20"),
        ("  state: {backend: s3}", "missing-field", "project.yaml:5:10"),
        ("  state: {backend: s3, bucket: A}", "invalid-value", "project.yaml:5:32"),
        (
            "  state: {backend: s3, bucket: abc, endpoint_url: 'http://s3.io'}",
            "invalid-value",
            "project.yaml:5:51",
        ),
        (
            "  state: {backend: s3, bucket: abc, endpoint_url: 'https://u:p@s3'}",
            "invalid-value",
            "project.yaml:5:51",
        ),
        ("  state: {backend: postgres, schema: Acme}", "out-of-range", "project.yaml:5:38"),
        ("  state: {backend: postgres, dsn: 'postgres://u:p@h/d'}", "unknown-field", "project.yaml:5:30"),
        ("  outlets: [{s3: {bucket: abc, prefix: a//b}}]", "invalid-value", "project.yaml:5:40"),
        ("  outlets: [{s3: {bucket: abc}, directory: a}]", "unknown-field", "project.yaml:5:33"),
        ("  peers: [Globex]", "invalid-value", "project.yaml:5:11"),
        ("  peers: [globex/live/eu]", "invalid-value", "project.yaml:5:11"),
        ("  peers: [globex, {identity: globex}]", "duplicate-peer", "project.yaml:5:19"),
        ("  peers: [globex, acme]", "own-peer", "project.yaml:5:19"),
        ("  peers: [{identity: globex, state: {backend: s3, bucket: A}}]", "invalid-value", "project.yaml:5:59"),
        ("  peers: [{state: {backend: git}}]", "missing-field", "project.yaml:5:11"),
        ("  safety: {max_deletes: -1}", "out-of-range", "project.yaml:5:25"),
        ("  limits: {requests_per_minute: {GET: 0}}", "out-of-range", "project.yaml:5:39"),
        ("  endpont: x", "unknown-field", "project.yaml:5:3"),
        ("  - 1", "wrong-type", "project.yaml:5:3"),
    ],
)
def test_invalid_setting_of_a_project_is_an_error(folder, spec, code, place):
    write(folder, spec)
    (problem,) = folder.load().problems
    assert (problem.code, str(problem.place)) == (code, place)


def test_invalid_backend_does_not_hide_variables(folder):
    write(folder, "  state: {backend: gti}\n  environments: {one: {variables: {tier: gold}}}")
    loaded = folder.load()
    assert [problem.code for problem in loaded.problems] == ["unknown-type"]
    assert loaded.project.variables == {"tier": "gold"}


def test_peer_is_an_identity_with_an_optional_state(folder):
    write(folder, "  peers: [globex/live, {identity: lab, state: {backend: s3, bucket: lab-bots}}]")
    assert folder.codes() == []
    peers = folder.load().project.peers
    assert [str(place) for place in peers] == ["project.yaml:5:11", "project.yaml:5:24"]
    globex, lab = peers.values()
    assert (globex.identity, globex.state) == ("globex/live", None)
    assert (lab.identity, lab.state.url) == ("lab", "s3://lab-bots/")


def test_listed_environments_are_peers_of_each_other(folder):
    write(folder, "  environments: {staging: {}, live: {}}\n  peers: [acme/staging, acme/live]")
    assert [peer.identity for peer in folder.load("live").project.peers.values()] == ["acme/staging"]


def test_project_with_one_environment_cannot_be_its_own_peer(folder):
    write(folder, "  environments: {live: {}}\n  peers: [acme/live]")
    assert folder.codes() == ["own-peer"]


def test_project_outside_project_yaml_is_an_error(folder):
    (folder.root / "project.yaml").rename(folder.root / "other.yaml")
    assert {(problem.code, str(problem.place)) for problem in folder.load().problems} == {
        ("no-project", "project.yaml:1:1"),
        ("duplicate-project", "other.yaml:1:1"),
    }


def test_second_project_is_an_error(folder):
    folder.write("a/project.yaml", "apiVersion: reconciler/v1\nkind: Project\nmetadata: {name: inner}\n")
    (problem,) = folder.load().problems
    assert (problem.code, str(problem.place)) == ("duplicate-project", "a/project.yaml:1:1")
    assert "project.yaml" in problem.message


@pytest.mark.parametrize("name", ["Acme", "a_b", "-a", "x" * 64, "${var.x}", "", "a/b"])
def test_invalid_name_of_a_project_is_an_error(folder, name):
    folder.write("project.yaml", f"apiVersion: reconciler/v1\nkind: Project\nmetadata: {{name: {name!r}}}\n")
    assert folder.codes() == ["invalid-name"]
    assert folder.load().project.identity == Identity("unnamed")
