"""`doctor`: a line for everything that commands need, and nothing is written."""

import asyncio
import hashlib
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from reconciler.operations.doctor import examine, machine
from reconciler.operations.doctor.examine import CHECKS, Check
from reconciler.operations.doctor.subject import Subject
from reconciler.project.health import BUG, CheckResult
from reconciler.resources.address import Identity
from reconciler.state import lock
from reconciler.state.local import LocalStore
from reconciler.state.lock import Holder
from tests.support import keyed_api
from tests.support.cli import Cli, edit
from tests.support.keyed_api import KeyedApi
from tests.support.silent import silent
from tests.support.state_repositories import ENVIRON, Remote, git

FULL, READ = "full-canary-key-0123456789", "read-canary-key-0123456789"
SOURCE = f"acme/tools/setup@{'a' * 40}"


@pytest.fixture(scope="module")
def api() -> Iterator[KeyedApi]:
    with keyed_api.serve({FULL: "proj_acme", READ: "proj_acme"}) as served:
        yield served


@pytest.fixture
def served(project: Path, api: KeyedApi, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project with a key of an API that is a server."""
    monkeypatch.setenv("RECONCILER_ENDPOINT", api.url)
    monkeypatch.setenv("OPENAI_API_KEY", FULL)
    return project


Doctor = Callable[..., Mapping[str, list[dict[str, Any]]]]


@pytest.fixture
def doctor(cli: Cli) -> Doctor:
    """Return a function that runs the command and returns its results by check."""

    def run(*words: str) -> dict[str, list[dict[str, Any]]]:
        done = cli("doctor", "-o", "json", *words)
        document = done.document
        assert done.code == (0 if document["usable"] else 1), done.err
        found: dict[str, list[dict[str, Any]]] = {}
        for result in document["results"]:
            found.setdefault(result["check"], []).append(result)
        return found

    return run


def files(folder: Path) -> dict[Path, str]:
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()}


def conditions(results: list[dict[str, Any]]) -> list[str]:
    return [result["condition"] for result in results]


class TestProject:
    def test_a_new_project_has_no_failure_and_nothing_is_written(self, project: Path, cli: Cli):
        before = files(project)
        done = cli("doctor")
        assert (done.code, done.err) == (0, "")
        assert done.out.endswith(" 0 failures.\n")
        assert files(project) == before

    def test_an_applied_project_is_not_changed(self, applied: Path, doctor: Doctor):
        before = files(applied / ".reconciler" / "state")
        found = doctor()
        assert "4 objects" in found["state"][0]["message"]
        assert found["lock"][0]["message"] == "not held"
        assert files(applied / ".reconciler" / "state") == before

    def test_every_check_has_a_result(self, served: Path, doctor: Doctor):
        assert list(doctor()) == [check.name for check in CHECKS]

    def test_invalid_manifests_do_not_stop_the_other_checks(self, applied: Path, doctor: Doctor):
        edit(applied / "stores" / "handbook.yaml", "spec:", "spce:")
        found = doctor()
        (manifests,) = found["manifests"]
        assert (manifests["condition"], manifests["hint"]) == ("failure", "reconciler validate")
        assert found["state"][0]["condition"] == "ok"

    def test_each_environment_is_checked_or_the_chosen_one(self, project: Path, cli: Cli, doctor: Doctor):
        edit(project / "project.yaml", "spec:\n", "spec:\n  environments: {staging: {}, production: {}}\n")
        assert [one["environment"] for one in doctor()["state"]] == ["staging", "production"]
        assert [one["environment"] for one in doctor("--env", "staging")["lock"]] == ["staging"]
        assert "error[unknown-environment]" in cli("doctor", "--env", "stagin").err

    def test_outside_of_a_project_the_rest_is_checked(self, served: Path, tmp_path: Path, monkeypatch, cli: Cli):
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        done = cli("doctor")
        assert done.code == 0
        assert done.out.startswith("Not in a project")
        assert "the API accepts the key" in done.out
        assert "manifests" not in done.out


class TestKey:
    def test_a_key_that_only_reads_is_enough(self, served: Path, doctor: Doctor, monkeypatch):
        monkeypatch.setenv("OPENAI_API_KEY", READ)
        found = doctor()
        assert conditions(found["key"]) == ["ok"]
        assert "proj_acme" in found["openai-project"][0]["message"]

    def test_a_rejected_key_is_one_failure(self, served: Path, doctor: Doctor, monkeypatch):
        monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong")
        found = doctor()
        assert (found["key"][0]["condition"], found["key"][0]["code"]) == ("failure", "unauthorized")
        assert conditions(found["endpoint"]) == ["ok"]
        assert "scopes" not in found

    def test_without_a_key_the_endpoint_is_checked(self, served: Path, doctor: Doctor, monkeypatch):
        monkeypatch.delenv("OPENAI_API_KEY")
        found = doctor()
        assert found["key"][0]["code"] == "no-api-key"
        assert "responds in" in found["endpoint"][0]["message"]
        assert conditions(found["clock"]) == ["ok"]

    @pytest.mark.parametrize("environment", [(), ("-o", "json")])
    def test_no_key_is_printed(self, served: Path, cli: Cli, environment: tuple[str, ...]):
        done = cli("doctor", "-vv", *environment)
        assert FULL not in done.out + done.err
        assert "> GET /files limit=1\n" in done.err

    def test_the_key_of_another_project_is_a_failure(self, served: Path, doctor: Doctor):
        edit(served / "project.yaml", "spec:\n", "spec:\n  openai_project: proj_other\n")
        wrong, _ = doctor()["openai-project"]
        assert (wrong["condition"], wrong["code"]) == ("failure", "wrong-project")
        assert "restricted to proj_other, and the key belongs to proj_acme" in wrong["message"]


class TestScopes:
    def test_a_refused_list_that_the_project_needs_is_a_failure(self, applied: Path, doctor: Doctor, monkeypatch):
        monkeypatch.setenv("RECONCILER_FAULTS", "403:GET:/v1/vector_stores")
        refused, *_ = doctor()["scopes"]
        assert refused["condition"] == "failure"
        assert "`plan`, `apply`, `drift`, `pull` and `status` fail" in refused["message"]
        assert refused["hint"] == "Grant the key the scope `api.vector_stores.read`."

    def test_any_other_refused_list_is_a_warning_with_what_it_limits(self, applied: Path, doctor: Doctor, monkeypatch):
        monkeypatch.setenv("RECONCILER_FAULTS", "403:GET:/v1/agents/automations,403:GET:/v1/models")
        automations, models, *_ = doctor()["scopes"]
        assert automations["condition"] == models["condition"] == "warning"
        assert (
            "`inventory` and `import` end with an error, and deletes of objects of the type" in automations["message"]
        )
        assert "does not warn of models" in models["message"]

    def test_a_list_that_another_server_does_not_have_is_no_problem(self, applied: Path, doctor: Doctor, monkeypatch):
        monkeypatch.setenv("RECONCILER_FAULTS", "404:GET:/v1/vaults")
        assert set(conditions(doctor()["scopes"])) == {"ok", "unknown"}

    def test_each_list_takes_one_request(self, served: Path, cli: Cli):
        done = cli("doctor", "-v")
        requests = [line.split()[1] for line in done.err.splitlines() if line.startswith("GET ")]
        assert len(requests) == len(set(requests))
        assert {"/files", "/vector_stores", "/agents", "/skills", "/vaults", "/models"} <= set(requests)
        assert not any(line.startswith(("POST", "DELETE")) for line in done.err.splitlines())


class TestEndpoint:
    def test_nothing_that_listens_is_one_failure(self, served: Path, doctor: Doctor):
        found = doctor("--endpoint", "http://127.0.0.1:9/v1")
        assert found["endpoint"][0]["code"] == "unreachable"
        assert conditions(found["key"]) == ["warning"]
        assert "scopes" not in found
        assert "clock" not in found

    def test_a_server_that_never_answers_ends_in_time(self, served: Path, doctor: Doctor, monkeypatch):
        monkeypatch.setattr("reconciler.operations.doctor.subject.SECONDS", 0.5)
        with silent(drips=True) as url:
            started = time.monotonic()
            found = doctor("--endpoint", url)
        assert found["endpoint"][0]["code"] == "timeout"
        assert time.monotonic() - started < 20

    def test_an_invalid_endpoint_does_not_stop_the_other_checks(self, served: Path, doctor: Doctor):
        found = doctor("--endpoint", "ftp://api")
        assert found["endpoint"][0]["code"] == "bad-endpoint"
        assert conditions(found["state"]) == ["ok"]

    def test_a_clock_that_is_wrong_is_a_warning(self, served: Path, doctor: Doctor, monkeypatch):
        monkeypatch.setattr("reconciler.live.client._ahead", lambda _response: 300.0)
        (clock,) = doctor()["clock"]
        assert clock["condition"] == "warning"
        assert "300 s ahead of the API" in clock["message"]


class TestState:
    def test_a_held_lock_names_its_holder(self, applied: Path, doctor: Doctor):
        store = LocalStore(applied / ".reconciler")
        lease = lock.acquire(store, Identity("acme"), Holder("kim", "laptop", "another machine", 4242))
        (found,) = doctor()["lock"]
        assert found["condition"] == "warning"
        assert "held by kim on laptop (process 4242)" in found["message"]
        assert "reconciler state unlock" in found["hint"]
        lease.release()

    def test_the_lock_of_a_run_that_died_is_told(self, applied: Path, doctor: Doctor):
        store, then = LocalStore(applied / ".reconciler"), time.time() - 3_600
        lock.acquire(store, Identity("acme"), Holder("kim", "laptop", "another machine", 4242), lambda: then)
        (found,) = doctor()["lock"]
        assert found["hint"] == "reconciler apply"
        assert found["message"].endswith("whose run has ended or not renewed it: the next run takes it over")
        assert "unlock" not in found["message"]

    def test_a_backend_that_cannot_be_read_is_a_failure(self, applied: Path, doctor: Doctor, monkeypatch):
        monkeypatch.setenv("RECONCILER_STATE", "git")
        found = doctor()
        assert found["state"][0]["code"] == "state-git"
        assert conditions(found["versions"]) == ["ok"]

    def test_a_remote_that_refuses_pushes_is_a_warning(
        self, applied: Path, doctor: Doctor, tmp_path: Path, monkeypatch
    ):
        remote = Remote.make(tmp_path / "remote.git")
        git(applied, "init", "--quiet", "--initial-branch=main")
        git(applied, "remote", "add", "origin", remote.folder.as_uri())
        git(applied, "add", ".")
        git(applied, "commit", "--quiet", "-m", "first")
        for name, value in ENVIRON.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("RECONCILER_STATE", "git")
        assert conditions(doctor()["state"]) == ["ok"]
        assert remote.subjects("main") == ["second", "first"]
        git(remote.folder, "config", "daemon.receivepack", "false")
        monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
        monkeypatch.setenv("GIT_CONFIG_KEY_0", "remote.origin.receivepack")
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", "/nowhere/git-receive-pack")
        assert conditions(doctor()["state"]) == ["ok", "warning"]


class TestRepository:
    @pytest.fixture
    def repository(self, project: Path) -> Path:
        git(project, "init", "--quiet", "--initial-branch=main")
        git(project, "add", ".")
        git(project, "commit", "--quiet", "-m", "first")
        return project

    def test_the_branch_and_what_is_not_committed(self, repository: Path, doctor: Doctor):
        (found,) = doctor()["git"]
        assert found["message"].startswith("branch main, commit ")
        edit(repository / "prompts" / "helper.md", "You", "Thou")
        _, changed = doctor()["git"]
        assert (changed["condition"], changed["message"]) == ("warning", "not committed: prompts/helper.md")

    def test_a_committed_state_is_a_failure(self, repository: Path, cli: Cli, doctor: Doctor):
        assert cli("apply", "--yes").code == 0
        git(repository, "add", "--force", ".reconciler")
        failure = doctor()["git"][-1]
        assert (failure["condition"], failure["hint"]) == ("failure", "git rm -r --cached .reconciler")

    def test_without_a_repository_there_is_a_warning(self, project: Path, doctor: Doctor):
        (found,) = doctor()["git"]
        assert (found["condition"], found["hint"]) == ("warning", "git init")

    def test_the_files_of_ci_are_compared_with_this_version(self, repository: Path, cli: Cli, doctor: Doctor):
        edit(repository / "project.yaml", "spec:\n", "spec:\n  state: {backend: git}\n")
        (none,) = doctor()["workflows"]
        assert none["hint"] == "reconciler init --ci github --source SOURCE"
        assert cli("init", "--ci", "github", "--source", SOURCE).code == 0
        current, uncommitted, source, secrets = doctor()["workflows"]
        assert current["message"] == "GitHub Actions: 4 files are those of this version"
        assert (uncommitted["condition"], uncommitted["hint"][:28]) == ("warning", "git add .github/workflows/re")
        assert (source["condition"], SOURCE in source["message"]) == ("unknown", True)
        assert secrets["condition"] == "unknown"
        assert "reconciler-read: OPENAI_READ_KEY" in secrets["message"]
        git(repository, "add", ".")
        git(repository, "commit", "-qm", "Add the workflows")
        assert [one["condition"] for one in doctor()["workflows"]] == ["ok", "unknown", "unknown"]
        workflow = repository / ".github" / "workflows" / "reconciler-drift.yml"
        workflow.write_text(workflow.read_text() + "# edited\n")
        (repository / ".github" / "workflows" / "reconciler-plan.yml").unlink()
        missing, edited, uncommitted, *_ = doctor()["workflows"]
        assert "not committed: .github/workflows/reconciler-drift.yml;" in uncommitted["message"]
        assert "missing .github/workflows/reconciler-plan.yml" in missing["message"]
        assert "reconciler-drift.yml" in edited["message"]

    def test_a_local_state_is_moved_to_a_remote_that_exists(self, repository: Path, doctor: Doctor):
        edit(repository / "project.yaml", "spec:\n", "spec:\n  endpoint: https://api.example\n")
        move = "reconciler state migrate-backend git"
        (found,) = doctor()["workflows"]
        assert (found["code"], found["condition"]) == ("local-state-in-ci", "warning")
        assert "nothing was written" not in found["message"]  # doctor never writes
        assert f"`git remote add origin URL && {move}`" in found["hint"]
        git(repository, "remote", "add", "origin", "https://git.example/acme.git")
        assert f"`{move}`" in doctor()["workflows"][0]["hint"]

    @pytest.mark.parametrize(("ci", "further"), [("gitlab", [".gitlab-ci.yml"]), ("github", [])])
    def test_every_file_that_ci_needs_has_to_be_committed(
        self, repository: Path, cli: Cli, doctor: Doctor, ci: str, further: list[str]
    ):
        edit(
            repository / "project.yaml", "spec:\n", "spec:\n  state: {backend: git}\n  endpoint: https://api.example\n"
        )
        version = metadata.version("assistant-reconciler")
        wheel = Path("vendor", f"assistant_reconciler-{version}-py3-none-any.whl")
        wheel.parent.mkdir()
        with zipfile.ZipFile(wheel, "w") as content:
            content.writestr("reconciler/workflows/requirements/base.txt", "")
        assert cli("init", "--ci", ci, "--source", str(wheel)).code == 0
        needed = [f".{ci}/reconciler-requirements.txt", str(wheel), *further]
        git(repository, "add", f".{ci}")
        git(repository, "commit", "-qm", "Add a part")
        *_, uncommitted, installed, _ = doctor()["workflows"]
        assert installed["message"].endswith(f"the jobs install version {version}, as this one")
        assert uncommitted["hint"] == f"git add {' '.join([*further, str(wheel)])} && git commit && git push"
        git(repository, "add", ".")
        git(repository, "commit", "-qm", "Add the rest")
        assert conditions(doctor()["workflows"]) == ["ok", "ok", "unknown"]
        for path in needed:
            (repository / path).rename(repository / "elsewhere")
            assert f"missing {path}" in doctor()["workflows"][0]["message"]
            (repository / "elsewhere").rename(repository / path)

    def test_a_pipeline_that_is_not_included_is_a_warning(self, repository: Path, cli: Cli, doctor: Doctor):
        edit(
            repository / "project.yaml", "spec:\n", "spec:\n  state: {backend: git}\n  endpoint: https://api.example\n"
        )
        (repository / ".gitlab-ci.yml").write_text("stages: [test]\n")
        source = f"assistant-reconciler=={metadata.version('assistant-reconciler')} --hash=sha256:{'0' * 64}"
        assert cli("init", "--ci", "gitlab", "--source", source).code == 0
        ok, found, *_ = doctor()["workflows"]
        assert ok["message"] == "GitLab CI: 1 file is that of this version"
        assert ".gitlab-ci.yml does not include .gitlab/reconciler.yml" in found["message"]


class TestOutlets:
    def test_each_outlet_is_read_and_not_written(self, applied: Path, doctor: Doctor, tmp_path: Path):
        (tmp_path / "blocked").write_text("a file")
        outlets = "outlets: [{directory: published}, {directory: ../blocked/outlet}]"
        edit(applied / "project.yaml", "spec:\n", f"spec:\n  {outlets}\n")
        readable, blocked = doctor()["outlets"]
        assert readable["message"] == "published can be read"
        assert (blocked["condition"], blocked["code"]) == ("failure", "outlet")
        assert not (applied / "published").exists()


class TestVersions:
    def test_a_package_that_is_too_old_is_a_failure(self, project: Path, doctor: Doctor, monkeypatch):
        known = metadata.version
        monkeypatch.setattr(machine, "version", lambda name: "1.0.0" if name == "openai" else known(name))
        (found,) = doctor()["versions"]
        assert found["condition"] == "failure"
        assert found["message"].startswith("openai 1.0.0 is not supported (")
        assert "pip install --upgrade" in found["hint"]

    def test_the_extras_of_the_state_are_needed(self, project: Path, doctor: Doctor, monkeypatch):
        known = metadata.version

        def version(name: str) -> str:
            if name == "botocore":
                raise metadata.PackageNotFoundError(name)
            return known(name)

        monkeypatch.setattr(machine, "version", version)
        assert conditions(doctor()["versions"]) == ["ok"]
        monkeypatch.setenv("RECONCILER_STATE", "s3://bucket/prefix")
        (found,) = doctor()["versions"]
        assert found["message"] == "the package botocore is not installed"

    @pytest.mark.parametrize(
        ("installed", "wanted", "expected"),
        [
            ("3.57.0", ">=3.57,<4", True),
            ("3.56.9", ">=3.57,<4", False),
            ("4.0", ">=3.57,<4", False),
            ("0.19.1", "<0.20,>=0.19.1", True),
            ("1.0.0", "==1.0", True),
            ("2026.1", "", True),
        ],
    )
    def test_bounds_of_requirements(self, installed: str, wanted: str, expected: bool):
        assert machine._is_within(installed, wanted) is expected


def test_a_check_that_fails_does_not_stop_the_others(project: Path, doctor: Doctor, monkeypatch):
    async def broken(_subject: Subject) -> list[CheckResult]:
        raise ZeroDivisionError("no divisor")

    async def endless(_subject: Subject) -> list[CheckResult]:
        await asyncio.sleep(60)
        return []

    checks = (Check("key", broken), Check("clock", endless), *CHECKS)
    monkeypatch.setattr(examine, "CHECKS", checks)
    monkeypatch.setattr(examine, "SECONDS", 3.0)
    found = doctor()
    assert (found["key"][0]["condition"], found["key"][0]["code"]) == ("failure", "internal")
    assert found["key"][0]["message"] == "the check failed: ZeroDivisionError: no divisor"
    assert found["key"][0]["hint"] == BUG
    assert (found["clock"][0]["condition"], found["clock"][0]["code"]) == ("failure", "timeout")
    assert conditions(found["state"]) == ["ok"]


@pytest.mark.parametrize("is_traced", [True, False])
def test_the_stack_trace_of_a_defect_is_printed_on_request(project: Path, cli: Cli, monkeypatch, is_traced: bool):
    async def broken(_subject: Subject) -> list[CheckResult]:
        raise ZeroDivisionError("no divisor")

    monkeypatch.setattr(examine, "CHECKS", (Check("key", broken), *CHECKS))
    if is_traced:
        monkeypatch.setenv("RECONCILER_TRACE", "1")
    done = cli("doctor")
    assert done.code == 1
    assert done.out.splitlines()[-1].endswith("1 failure.")
    assert ("in broken" in done.err) is is_traced


def test_missing_memory_ends_the_command(project: Path, cli: Cli, monkeypatch):
    async def broken(_subject: Subject) -> list[CheckResult]:
        raise MemoryError

    monkeypatch.setattr(examine, "CHECKS", (Check("key", broken), *CHECKS))
    done = cli("doctor")
    assert (done.code, done.out) == (1, "")
