"""The ways to install the program: the packages, `uv tool`, pipx and pre-commit. They need a package index."""

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.setup_locks import ROOT

BIN = Path(sys.executable).parent
VERSION = "0.1.0"


def ran(*command: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None, code: int = 0) -> str:
    """Run a program and return what it printed."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == code, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the wheel and the source package, as `make wheel` builds them."""
    folder = tmp_path_factory.mktemp("packages")
    ran(sys.executable, "-m", "hatchling", "build", "--directory", folder)
    return folder


def only(folder: Path, pattern: str) -> Path:
    [found] = folder.glob(pattern)
    return found


@pytest.mark.long
def test_source_package_builds_the_wheel(packages: Path, tmp_path: Path):
    ran("tar", "xzf", only(packages, "*.tar.gz"), cwd=tmp_path)
    ran(
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "--directory",
        tmp_path,
        "--target",
        "wheel",
        cwd=only(tmp_path, "*"),
    )

    assert contents(only(tmp_path, "*.whl")) == contents(only(packages, "*.whl"))


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as opened:
        return {entry.filename: opened.read(entry) for entry in opened.infolist()}


@pytest.mark.long
@pytest.mark.parametrize("source", ["checkout", "wheel"])
@pytest.mark.parametrize("installer", ["uv", "pipx"])
def test_installers_of_commands_install_a_program_that_works(packages: Path, tmp_path: Path, source, installer):
    package = f"{ROOT if source == 'checkout' else only(packages, '*.whl')}[emulator]"
    commands, environments = str(tmp_path / "bin"), str(tmp_path / "environments")
    if installer == "uv":
        settings = {
            "UV_TOOL_BIN_DIR": commands,
            "UV_TOOL_DIR": environments,
            "UV_PYTHON": sys.executable,
            "UV_SYSTEM_CERTS": "1",
        }
        ran(BIN / "uv", "tool", "install", package, cwd=tmp_path, env=settings)
    else:
        settings = {"PIPX_BIN_DIR": commands, "PIPX_HOME": environments, "PIPX_DEFAULT_PYTHON": sys.executable}
        ran(BIN / "pipx", "install", package, cwd=tmp_path, env=settings)
    reconciler = tmp_path / "bin" / "reconciler"

    assert VERSION in ran(reconciler, "--version", cwd=tmp_path)
    ran(reconciler, "init", "bots", cwd=tmp_path)
    ran(reconciler, "explain", "assistant.spec.model", cwd=tmp_path)
    assert "create" in ran(reconciler, "plan", cwd=tmp_path / "bots", env={"RECONCILER_ENDPOINT": "embedded"})


@pytest.mark.long
def test_pre_commit_hooks_check_and_format_a_project(packages: Path, tmp_path: Path):
    ran(BIN / "reconciler", "init", "bots", cwd=tmp_path)
    project = tmp_path / "bots"
    ran("git", "init", "--quiet", cwd=project)
    hooks = repository_of(packages, tmp_path / "hooks")
    (project / "README.md").write_text("# Bots\n")
    assistant = project / "assistants/helper.yaml"
    text = assistant.read_text()
    envelope = "apiVersion: reconciler/v1\nkind: Assistant\n"
    assistant.write_text(text.replace(envelope, "kind: Assistant\napiVersion: reconciler/v1\n"))
    ran("git", "add", "--all", cwd=project)
    hook = (BIN / "pre-commit", "try-repo", "--all-files", hooks)
    settings = {"PRE_COMMIT_HOME": str(tmp_path / "home")}

    assert "files were modified by this hook" in ran(*hook, "reconciler-fmt", cwd=project, env=settings, code=1)
    assert assistant.read_text() == text
    ran("git", "add", "--all", cwd=project)
    ran(*hook, "reconciler-fmt", cwd=project, env=settings)
    ran(*hook, "reconciler-validate", cwd=project, env=settings)
    assistant.write_text(text.replace("handbook", "hand-book"))
    ran("git", "add", "--all", cwd=project)
    assert "hand-book" in ran(*hook, "reconciler-validate", cwd=project, env=settings, code=1)


def repository_of(packages: Path, folder: Path) -> Path:
    """A repository with the source package and the hooks."""
    folder.mkdir()
    ran("tar", "xzf", only(packages, "*.tar.gz"), "--strip-components=1", cwd=folder)
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", folder)
    ran("git", "init", "--quiet", cwd=folder)
    ran("git", "add", "--all", cwd=folder)
    author = ("-c", "user.name=Anyone", "-c", "user.email=anyone@example.org")
    ran("git", *author, "commit", "--quiet", "--message", "Add the program", cwd=folder)
    return folder


def test_image_is_built_from_all_that_the_wheel_contains():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    built = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    copied = {line[1:] for line in (ROOT / ".containerignore").read_text().splitlines() if line.startswith("!")}
    needed = [*built["packages"], *built["force-include"], "pyproject.toml"]

    assert [path for path in needed if not {path, *map(str, Path(path).parents)} & copied] == []
