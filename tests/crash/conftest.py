"""Fixtures of shared state: on a branch of a bare repository, in a bucket, and in a database."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.crash.estate import KEYLESS
from tests.support.servers import PASSWORD
from tests.support.state_repositories import ENVIRON, Remote, git

BACKENDS: Final = ("git", "bucket", "database")


@dataclass(frozen=True)
class Shared:
    """An empty state that several checkouts share."""

    environ: Mapping[str, str]
    """Environment variables that select the state, for commands and for the servers."""
    remote: Remote | None = None

    def join(self, checkout: Path) -> None:
        """Configure the project in `checkout` to use the shared state."""
        if self.remote:
            git(checkout, "init", "--quiet", "--initial-branch=main")
            git(checkout, "remote", "add", "origin", self.remote.folder.as_uri())


@pytest.fixture(params=BACKENDS)
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Shared:
    if request.param == "git":
        return Shared({**KEYLESS, **ENVIRON, "RECONCILER_STATE": "git"}, Remote.make(tmp_path / "remotes" / "acme.git"))
    server = request.getfixturevalue(request.param)
    keys = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": PASSWORD}
    return Shared({**KEYLESS, **keys, "RECONCILER_STATE": str(getattr(server, "url", server))})
