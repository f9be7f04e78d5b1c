"""Tests of `init --ci`: which files are written, and which are not."""

import re
import subprocess
from pathlib import Path

import pytest

from reconciler.operations.init import Written, init, write_workflows
from reconciler.resources.problems import ReconcilerError
from reconciler.workflows import CI
from reconciler.workflows.model import environment_names

ACTION = f"acme-platform/reconciler/setup@{'a' * 40}"

PACKAGE = f"assistant-reconciler==0.1.0 --hash=sha256:{'0' * 64}"
VAULT = "apiVersion: reconciler/v1\nkind: Vault\nmetadata: {name: crm}\nspec: {}\n"
CREDENTIAL = """\
apiVersion: reconciler/v1
kind: Credential
metadata: {name: crm}
spec:
  vault: crm
  auth: {type: static_bearer, mcp_server_url: "https://crm.example.com/mcp", token: {$env: %s}}
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository with a project in a folder."""
    subprocess.run(["git", "init", "-q", "-b", "trunk", str(tmp_path)], check=True, timeout=60)
    make_project(tmp_path / "bots")
    return tmp_path


def make_project(folder: Path, settings: str = "state: {backend: git}") -> None:
    init(folder)
    project = folder / "project.yaml"
    project.write_text(f"{project.read_text()}  {settings}\n  environments: {{staging: {{}}, production: {{}}}}\n")


def names(written: Written) -> list[str]:
    return [Path(path).name for path in written.written]


def refused(folder: Path, source: str | None = ACTION) -> str:
    """Return the messages and hints of the refusal; nothing may be written."""
    before = sorted(folder.parent.rglob("*"))
    with pytest.raises(ReconcilerError) as error:
        write_workflows(folder, {}, "github", source)
    assert sorted(folder.parent.rglob("*")) == before
    return "\n".join(f"{problem.message} {problem.hint}" for problem in error.value.problems)


def test_files_are_written_for_the_default_branch(repository: Path):
    written = write_workflows(repository / "bots", {}, "github", ACTION)
    assert names(written) == [f"reconciler-{name}.yml" for name in ("plan", "apply", "drift", "rollback")]
    assert 'branches: ["trunk"]' in (repository / ".github/workflows/reconciler-apply.yml").read_text()


def test_files_that_are_the_same_are_left(repository: Path):
    first = write_workflows(repository / "bots", {}, "github", ACTION)
    again = write_workflows(repository / "bots", {}, "github", ACTION)
    assert (again.written, again.unchanged) == ((), first.written)


def test_files_that_differ_are_named_and_nothing_is_written(repository: Path):
    write_workflows(repository / "bots", {}, "github", ACTION)
    workflows = repository / ".github" / "workflows"
    for name in ("plan", "drift"):
        edited = workflows / f"reconciler-{name}.yml"
        edited.write_text(edited.read_text() + "# edited\n")
    (workflows / "reconciler-rollback.yml").unlink()
    message = refused(repository / "bots")
    assert re.findall(r"reconciler-(\w+)\.yml exists and differs", message) == ["plan", "drift"]
    assert "git diff" in message


def make_credential(folder: Path, variable: str) -> None:
    (folder / "vault.yaml").write_text(VAULT)
    (folder / "credential.yaml").write_text(CREDENTIAL % variable)


@pytest.mark.parametrize(("ci", "source"), [("github", ACTION), ("gitlab", PACKAGE)])
def test_jobs_that_apply_may_read_the_secrets_of_all_environments(repository: Path, ci: CI, source: str):
    make_credential(repository / "bots", '"CRM_${var.tier}"')
    project = repository / "bots" / "project.yaml"
    tiers = "{staging: {variables: {tier: REHEARSAL}}, production: {variables: {tier: GOLD}}}"
    project.write_text(project.read_text().replace("{staging: {}, production: {}}", tiers))
    written = write_workflows(repository / "bots", {}, ci, source)
    texts = {path: (repository / path).read_text() for path in written.written}
    holders = [path for path, text in texts.items() if 'RECONCILER_ENV_ALLOW: "CRM_GOLD,CRM_REHEARSAL"' in text]
    names = ["reconciler-apply.yml", "reconciler-rollback.yml"]
    assert holders == (
        [f".github/workflows/{name}" for name in names] if ci == "github" else [".gitlab/reconciler.yml"]
    )


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "GITHUB_TOKEN", "RECONCILER_ENV", "AWS_SECRET_ACCESS_KEY", "PATH"])
def test_variable_that_the_jobs_use_themselves_is_no_secret_of_a_manifest(repository: Path, name: str):
    make_credential(repository / "bots", name)
    assert f"the jobs use the environment variable {name} themselves" in refused(repository / "bots")


def test_second_project_gets_files_and_environments_of_its_own(repository: Path):
    make_project(repository / "teams" / "lab")
    write_workflows(repository / "bots", {}, "github", ACTION)
    written = write_workflows(repository / "teams" / "lab", {}, "github", ACTION)
    assert names(written)[:1] == ["reconciler-teams-lab-plan.yml"]
    text = (repository / written.written[1]).read_text()
    assert "environment: reconciler-teams-lab-${{ matrix.env }}" in text
    assert "--plan-workflow reconciler-teams-lab-plan.yml" in text
    assert write_workflows(repository / "bots", {}, "github", ACTION).written == ()


def test_projects_whose_folders_have_similar_names_get_files_of_their_own(repository: Path):
    write_workflows(repository / "bots", {}, "github", ACTION)
    similar = ("my.lab", "my-lab", "my/lab")
    found = {}
    for folder in similar:
        make_project(repository / folder)
        found[folder] = write_workflows(repository / folder, {}, "github", ACTION)
    assert [names(written)[0] for written in found.values()] == [
        "reconciler-my-lab-plan.yml",
        "reconciler-my-lab-2-plan.yml",
        "reconciler-my-lab-3-plan.yml",
    ]
    for folder in similar:
        assert write_workflows(repository / folder, {}, "github", ACTION).unchanged == found[folder].written


@pytest.mark.parametrize("ci", ["github", "gitlab"])
def test_environment_of_one_project_is_not_that_of_another(repository: Path, ci: CI):
    """The environment `lab` of `bots` is `reconciler-lab`, as that of a project in `lab` without environments was."""
    source = ACTION if ci == "github" else TestGitLab.SOURCE
    make_project(repository / "lab", "state: {backend: git}")
    for folder, environments in (("bots", "{staging: {}, lab: {}}"), ("lab", "{}")):
        project = repository / folder / "project.yaml"
        text = project.read_text().replace("{staging: {}, production: {}}", environments)
        project.write_text(text)
    first = write_workflows(repository / "bots", {}, ci, source).setup
    second = write_workflows(repository / "lab", {}, ci, source).setup
    assert "reconciler-lab" in environment_names(first)
    assert set(environment_names(first)).isdisjoint(environment_names(second))


def test_new_environment_with_the_name_of_another_projects_is_refused(repository: Path):
    make_project(repository / "lab")
    write_workflows(repository / "bots", {}, "github", ACTION)
    write_workflows(repository / "lab", {}, "github", ACTION)
    project = repository / "bots" / "project.yaml"
    project.write_text(project.read_text().replace("production: {}", "production: {}, lab-staging: {}"))
    assert "reconciler-lab-staging of the CI system belongs to the project in lab" in refused(repository / "bots")


@pytest.mark.parametrize("name", ["a\nb: c", "${{ github.token }}", "a@FILE@", "a@B@c"])
def test_folder_that_would_be_read_as_something_else_is_refused(repository: Path, name: str):
    make_project(repository / name)
    assert "cannot be written to CI files" in refused(repository / name)


def test_local_state_is_refused_with_the_commands_that_move_it(repository: Path):
    make_project(repository / "local", "state: {backend: local}")
    message = refused(repository / "local")
    for env in ("staging", "production"):
        assert f"reconciler state migrate-backend git -C {repository / 'local'} --env {env}" in message


def test_state_that_is_pushed_to_another_remote_is_refused(repository: Path):
    make_project(repository / "forked", "state: {backend: git, remote: upstream}")
    assert "'upstream', which a checkout in CI does not have" in refused(repository / "forked")


def test_outlets_and_peers_add_extras_and_credentials(repository: Path):
    """The state in Git needs none of them."""
    outlet = "outlets: [{s3: {bucket: acme-bots, region: eu-central-1}}]"
    peer = "peers: [{identity: lab, state: {backend: postgres}}]"
    make_project(repository / "published", f"state: {{backend: git}}\n  {outlet}\n  {peer}")
    write_workflows(repository / "published", {}, "github", ACTION)
    text = (repository / ".github/workflows/reconciler-apply.yml").read_text()
    assert "extras: postgres s3" in text
    assert "AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}" in text
    assert "RECONCILER_POSTGRES_DSN: ${{ secrets.RECONCILER_POSTGRES_DSN }}" in text
    assert 'RECONCILER_OUTLETS: "s3://acme-bots/?region=eu-central-1"' in text
    assert 'RECONCILER_PEER_STATES: "postgres:?schema=reconciler"' in text


def test_missing_source_is_refused_with_the_three_forms(repository: Path):
    message = refused(repository / "bots", None)
    assert all(word in message for word in ("OWNER/REPO/setup@COMMIT", "PATH.whl", "--hash=sha256:DIGEST"))


def test_folder_outside_a_repository_is_an_error(tmp_path: Path):
    make_project(tmp_path / "bots")
    assert "is not a Git repository" in refused(tmp_path / "bots")


class TestGitLab:
    SOURCE = "assistant-reconciler==0.1.0 --hash=sha256:" + "0" * 64

    def test_pipeline_is_included_by_a_new_root_file(self, repository: Path):
        written = write_workflows(repository / "bots", {}, "gitlab", self.SOURCE)
        assert names(written) == ["reconciler.yml", "reconciler-requirements.txt", ".gitlab-ci.yml"]
        assert written.include == ""

    def test_existing_root_file_is_left_and_its_entry_is_named(self, repository: Path):
        root = repository / ".gitlab-ci.yml"
        root.write_text("stages: [build]\n")
        written = write_workflows(repository / "bots", {}, "gitlab", self.SOURCE)
        assert (written.include, root.read_text()) == (".gitlab/reconciler.yml", "stages: [build]\n")
        root.write_text("include: [{local: .gitlab/reconciler.yml}]\n")
        assert write_workflows(repository / "bots", {}, "gitlab", self.SOURCE).include == ""
