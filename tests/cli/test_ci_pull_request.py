"""`ci pull-request`, where the repository does not let a workflow open one."""

import pytest

from tests.support.cli import Cli
from tests.support.github_hub import REPOSITORY, TOKEN, Hub, refusal, serve


def test_what_was_pushed_is_named_with_the_page_that_opens_it(cli: Cli, monkeypatch: pytest.MonkeyPatch):
    with serve(Hub()) as hub:
        for name, value in {
            "GITHUB_API_URL": hub.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_REF_NAME": "main",
            "GITHUB_SERVER_URL": "https://github.example",
        }.items():
            monkeypatch.setenv(name, value)
        hub.failing = [refusal(403, "GitHub Actions is not permitted to create or approve pull requests.")]
        done = cli("ci", "pull-request", "--head", "rollback/acme/support", "--title", "Roll back")
    assert done.code == 1
    assert "https://github.example/acme/bots/compare/main...rollback/acme/support?expand=1" in done.out
    assert "not permitted to create or approve pull requests" in done.err
    assert TOKEN not in done.out + done.err
