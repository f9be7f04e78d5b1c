"""Which commands of Git are run, and with what environment."""

import ast
import subprocess
from pathlib import Path

import pytest

import reconciler
from reconciler.git.command import GitError, environment, run, top_of

SOURCES = Path(reconciler.__file__).parent
SECRETS = {
    "OPENAI_API_KEY": "sk-1",
    "OPENAI_ADMIN_KEY": "sk-2",
    "RECONCILER_STATE": "postgres://user:password@host/db",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "secret",
    "PGPASSWORD": "secret",
    "MCP_TOKEN": "secret",
}
CREDENTIALS = {
    "GITHUB_TOKEN": "token",
    "GIT_ASKPASS": "/bin/ask",
    "GIT_SSH_COMMAND": "ssh -i key",
    "SSH_AUTH_SOCK": "/run/agent",
    "https_proxy": "http://proxy",
    "NO_PROXY": "host",
    "SSL_CERT_FILE": "/ca.pem",
}
CONFIGURED = {
    "GIT_CONFIG_COUNT": "2",
    "GIT_CONFIG_KEY_0": "http.extraHeader",
    "GIT_CONFIG_VALUE_0": "Authorization: token",
    "GIT_CONFIG_KEY_1": "safe.directory",
    "GIT_CONFIG_VALUE_1": "/srv",
}
HOOK = {"GIT_DIR": "/elsewhere", "GIT_INDEX_FILE": "/elsewhere/index", "GIT_WORK_TREE": "/", "GIT_EXTERNAL_DIFF": "sh"}
ALL = {"PATH": "/bin", "HOME": "/home/kim", **SECRETS, **CREDENTIALS, **CONFIGURED, **HOOK}
TOP = Path("/srv/acme")


class TestEnvironment:
    def test_fetch_and_push_get_the_credentials_of_git(self):
        for subcommand in ("fetch", "push"):
            assert environment(subcommand, TOP, ALL).items() >= {**CREDENTIALS, **CONFIGURED}.items()

    def test_local_commands_get_no_credentials(self):
        given = environment("ls-files", TOP, ALL)

        assert not given.keys() & CREDENTIALS.keys()
        assert "Authorization: token" not in given.values()

    def test_local_commands_know_which_directories_are_safe(self):
        given = environment("ls-files", TOP, ALL)

        assert (given["GIT_CONFIG_COUNT"], given["GIT_CONFIG_KEY_0"]) == ("1", "safe.directory")
        assert (given["GIT_CONFIG_VALUE_0"], given["HOME"]) == ("/srv", "/home/kim")

    @pytest.mark.parametrize("subcommand", ["fetch", "push", "ls-files", "commit-tree"])
    def test_no_command_gets_secrets_or_the_variables_of_a_hook(self, subcommand):
        given = environment(subcommand, TOP, ALL)

        assert not given.keys() & {*SECRETS, *HOOK}
        assert given["GIT_CEILING_DIRECTORIES"] == "/srv"


class TestCommands:
    def test_a_command_that_is_not_listed_is_not_run(self, tmp_path):
        with pytest.raises(ValueError, match="not a Git command of this program: status"):
            run(tmp_path, "status")

    def test_one_module_starts_git(self):
        """In every other module, no argument of a call starts with the word `git`."""
        found = {
            file.relative_to(SOURCES).as_posix()
            for file in SOURCES.rglob("*.py")
            if "subprocess" in file.read_text(encoding="utf-8")
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and node.value == "git"
        }

        assert found == {"git/command.py"}

    def test_a_command_without_end_is_an_error(self, tmp_path, monkeypatch):
        subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
        monkeypatch.setattr("reconciler.git.command.TIMEOUT", 0.2)
        monkeypatch.setattr("reconciler.git.command.PROGRAM", "sleep")
        monkeypatch.setattr("reconciler.git.command.READING", frozenset({"60"}))

        with pytest.raises(GitError, match="git 60 took more than 0 s"):
            run(tmp_path, "60")


class TestTop:
    def test_the_closest_folder_with_a_git_entry(self, tmp_path):
        (tmp_path / "outer" / ".git").mkdir(parents=True)
        (tmp_path / "outer" / ".git" / "HEAD").touch()
        (tmp_path / "outer" / "module" / "bots").mkdir(parents=True)
        (tmp_path / "outer" / "module" / ".git").write_text("gitdir: ../.git/modules/module\n")

        assert top_of(tmp_path / "outer" / "module" / "bots") == tmp_path / "outer" / "module"
        assert top_of(tmp_path / "outer") == tmp_path / "outer"

    def test_a_bare_layout_is_no_repository(self, tmp_path):
        for folder in ("objects", "refs"):
            (tmp_path / folder).mkdir()
        (tmp_path / "HEAD").write_text("ref: refs/heads/main\n")

        assert top_of(tmp_path) is None
