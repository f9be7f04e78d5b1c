"""Tests of `--source`: only sources with one content are accepted."""

import hashlib
import re
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from reconciler.resources.problems import ReconcilerError
from reconciler.workflows import parse_source
from tests.support.github_repositories import git

COMMIT = "0123456789abcdef0123456789abcdef01234567"
DIGEST = "--hash=sha256:" + "0" * 64
VERSION = version("assistant-reconciler")


def refusal(written: str | None, repository: Path) -> str:
    with pytest.raises(ReconcilerError) as error:
        parse_source(written, repository, "github")
    (problem,) = error.value.problems
    assert "nothing was written" in problem.message
    return f"{problem.message} {problem.hint}"


def wheel(folder: Path, name: str = f"assistant_reconciler-{VERSION}-py3-none-any.whl", *, locks: bool = True) -> Path:
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / name, "w") as files:
        files.writestr("reconciler/__init__.py", "")
        for lock in ("base", "s3", "postgres") if locks else ():
            files.writestr(f"reconciler/workflows/requirements/{lock}.txt", f"{lock}==1 \\\n  {DIGEST}\n")
    return folder / name


def test_action_at_a_commit_is_used_as_it_is(tmp_path: Path):
    assert parse_source(f"acme/reconciler/setup@{COMMIT}", tmp_path, "github").uses == f"acme/reconciler/setup@{COMMIT}"


@pytest.mark.parametrize("ref", ["main", "v1", COMMIT[:12], COMMIT.upper()])
def test_action_at_a_name_that_can_move_is_refused(tmp_path: Path, ref):
    assert "not fixed to a commit" in refusal(f"acme/reconciler/setup@{ref}", tmp_path)


@pytest.mark.parametrize(
    "written",
    [None, "", "assistant-reconciler", "reconciler==0.1.0", "./setup", "git+https://github.example/a/b", "acme/setup"],
)
def test_anything_else_is_refused_with_the_three_forms(tmp_path: Path, written):
    message = refusal(written, tmp_path)
    assert all(form in message for form in ("OWNER/REPO/setup@COMMIT", "PATH.whl", "==VERSION --hash"))


def test_index_version_needs_a_hash(tmp_path: Path):
    assert "has no hash" in refusal(f"assistant-reconciler=={VERSION}", tmp_path)


def test_index_version_must_be_the_running_one(tmp_path: Path):
    assert f"the running one, {VERSION}" in refusal(f"assistant-reconciler==99.0 {DIGEST}", tmp_path)


def test_index_version_has_requirements_with_hashes_for_each_extra(tmp_path: Path):
    source = parse_source(f"assistant-reconciler=={VERSION} {DIGEST}", tmp_path, "github")
    text = source.requirements({"s3"})
    assert f"assistant-reconciler=={VERSION} \\\n  {DIGEST}\n" in text
    assert text.count("#") == 1, "comments of this repository are left out"
    entries = re.split(r"\n(?=\S)", text)
    assert all("--hash=sha256:" in entry for entry in entries if "==" in entry)
    assert "\nbotocore==" in text
    assert "\npsycopg==" not in text


def test_wheel_in_the_repository_has_its_hash_and_the_locks_that_it_contains(tmp_path: Path, monkeypatch):
    path = wheel(tmp_path / "vendor")
    monkeypatch.chdir(tmp_path / "vendor")
    source = parse_source(path.name, tmp_path, "github")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert source.requirement == f"./vendor/{path.name} \\\n  --hash=sha256:{digest}"
    assert re.findall(r"^(\w+)==", source.requirements({"postgres"}), re.MULTILINE) == ["base", "postgres"]


def test_wheel_outside_the_repository_is_refused(tmp_path: Path):
    path = wheel(tmp_path / "elsewhere")
    assert "is not in the repository" in refusal(str(path), tmp_path / "repository")


def test_wheel_that_a_checkout_would_not_contain_is_refused(tmp_path: Path):
    git("init", "-q", str(tmp_path), cwd=tmp_path)
    (tmp_path / ".gitignore").write_text("dist/\n")
    path = wheel(tmp_path / "dist")
    message = refusal(str(path), tmp_path)
    assert f"dist/{path.name} is ignored by Git" in message
    git(*message.partition("add it: git ")[2].split(), cwd=tmp_path)
    assert parse_source(str(path), tmp_path, "github").requirement.startswith(f"./dist/{path.name}")


def test_wheel_whose_path_pip_would_read_in_part_is_refused(tmp_path: Path):
    assert "pip cannot read the path" in refusal(str(wheel(tmp_path / "a #b")), tmp_path)


def test_wheel_that_is_not_ours_or_not_readable_is_refused(tmp_path: Path):
    assert "is not a wheel of assistant-reconciler" in refusal(
        str(wheel(tmp_path, "other-1-py3-none-any.whl")), tmp_path
    )
    assert "does not contain the hashes" in refusal(str(wheel(tmp_path, locks=False)), tmp_path)
    missing = tmp_path / "assistant_reconciler-9-py3-none-any.whl"
    assert "cannot be read" in refusal(str(missing), tmp_path)


@pytest.mark.parametrize("written", [None, "./setup"])
def test_the_forms_are_those_of_the_ci_system(tmp_path: Path, written):
    with pytest.raises(ReconcilerError) as error:
        parse_source(written, tmp_path, "gitlab")
    (problem,) = error.value.problems
    assert "@COMMIT" not in problem.hint
    assert problem.hint.startswith("Pass one of: --source PATH.whl")
