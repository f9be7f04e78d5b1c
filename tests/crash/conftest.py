"""State that several checkouts share: on a branch of a bare repository, in a bucket, in a database."""

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
    """An empty shared state."""

    environ: Mapping[str, str]
    """What names it; for commands, and for what they ask."""
    remote: Remote | None = None

    def join(self, checkout: Path) -> None:
        """Let the project in `checkout` have its state there."""
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
