"""A program in another language, that has only the schemas, reads what the Python reader reads: the contract holds."""

import hashlib
import json
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from reconciler import bundles
from reconciler.releases.release import release
from tests.support import npm
from tests.support.world import BUNDLES, manifest, world

CONSUMER = Path(__file__).parents[1] / "consumer"
IDENTITY, SUPPORT = "acme", "chatbot/support"

NODES: dict[str, Any] = {
    "triage": {"type": "router", "keywords": ["BILL", "FAULT"]},
    "bill": {"type": "assistant", "assistant": "billing"},
    "fault": {"type": "assistant", "assistant": "technical"},
    "hello": {"type": "assistant", "assistant": "greeter"},
    "polish": {"type": "llm", "vector_stores": ["handbook"], "functions_from": ["billing"]},
}
EDGES = [
    {"from": "start", "to": "hello"},
    {"from": "hello", "to": "triage"},
    {"from": "triage.BILL", "to": "bill"},
    {"from": "triage.FAULT", "to": "fault"},
    {"from": ["bill", "fault"], "to": "polish"},
    {"from": "polish", "to": "end"},
]
TOOLS = [
    {"type": "file_search", "vector_store_ids": ["handbook"]},
    {"type": "function", "name": "create_ticket", "parameters": {"type": "object"}, "strict": False},
]
BOT = (
    manifest("VectorStore", "handbook", {"files": ["kb/*.md"]}),
    manifest("Assistant", "billing", {"model": "gpt-6-luna", "instructions": "Grüß Gott.", "tools": TOOLS}),
    manifest("Assistant", "technical", {"target": "agents", "model": "gpt-6-sol", "instructions": "Mend it."}),
    manifest("Assistant", "greeter", {"target": "assistants", "model": "gpt-4o", "instructions": "Say hello."}),
    manifest("Pipeline", "flow", {"nodes": NODES, "edges": EDGES}),
    manifest("Chatbot", "support", {"pipeline": "flow"}),
)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The outlet of a bot with assistants of every target, released and published."""
    with world(tmp_path_factory.mktemp("consumer"), assistants=True) as made:
        made.file("kb/hours.md", "Open from nine to five.")
        made.wants(*BOT)
        release(made.root, made.environ, "support", vendor=True, publish=True)
        made.apply()
        return made.root / BUNDLES


@pytest.fixture
def outlet(released: Path, tmp_path: Path) -> Path:
    """A copy, to do to it what one likes."""
    return shutil.copytree(released, tmp_path / "outlet")


@pytest.fixture(scope="session")
def installed() -> None:
    """What the program needs."""
    npm.install(CONSUMER)


node = partial(npm.node, CONSUMER)


def consume(source: object, address: str = SUPPORT) -> Any:
    """What the program prints."""
    done = node("consumer.ts", source, IDENTITY, address)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def refusal(source: object, address: str = SUPPORT) -> str:
    """What it fails with; then it prints nothing else."""
    done = node("consumer.ts", source, IDENTITY, address)
    assert (done.returncode, done.stdout) == (1, "")
    return next(line for line in done.stderr.splitlines() if "Error: " in line)


def as_python_reads(bundle: bundles.Bundle) -> dict[str, Any]:
    """The document of the program, made of what the Python reader says."""

    def assistant(address: str) -> dict[str, Any]:
        if bundle.content["assistants"][address]["target"] == "agents":
            return {"target": "agents", "agent": bundle.agent_id(address)}
        if bundle.content["assistants"][address]["target"] == "assistants":
            return {"target": "assistants", "assistant": bundle.assistant_id(address)}
        return {"target": "responses", "request": bundle.request(address)}

    def placed(field: str, value: Any) -> Any:
        if field == "functions_from":
            return [assistant(address) for address in value]
        return assistant(value) if field == "assistant" else value

    def graph(address: str) -> dict[str, Any]:
        pipeline = bundle.pipeline(address)
        nodes = {
            name: {field: placed(field, value) for field, value in node.items()}
            for name, node in pipeline["nodes"].items()
        }
        return {**pipeline, "nodes": nodes}

    content = {name: value for name, value in bundle.content.items() if name != "assistants"}
    return {**content, "pipelines": {address: graph(address) for address in content["pipelines"]}}


@pytest.mark.usefixtures("installed")
class TestReads:
    @pytest.mark.parametrize("address", [SUPPORT, f"{SUPPORT}@1", f"{SUPPORT}@working"])
    def test_both_readers_say_the_same(self, released, address):
        assert consume(released, address) == as_python_reads(bundles.load(released, IDENTITY, address))

    def test_an_application_has_all_it_takes_to_answer(self, released):
        found = consume(released)
        nodes = found["pipelines"][found["chatbot"]["pipeline"]]["nodes"]
        assert found["release"]["number"] == 1
        assert nodes["fault"]["assistant"]["agent"].startswith("agent_")
        assert nodes["hello"]["assistant"]["assistant"].startswith("asst_")
        request = nodes["bill"]["assistant"]["request"]
        assert (request["model"], request["instructions"]) == ("gpt-6-luna", "Grüß Gott.")
        assert request["tools"][0]["vector_store_ids"] == nodes["polish"]["vector_stores"]
        assert request["metadata"]["reconciler-release"] == "support@1"

    def test_a_url_is_as_good_as_a_folder(self, released, served):
        assert consume(served) == consume(released)


@pytest.fixture
def served(released: Path) -> Iterator[str]:
    """The outlet behind a URL."""

    class Silent(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=released)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def rewrite_pointer(outlet: Path, **changes: Any) -> None:
    pointer = outlet / IDENTITY / f"{SUPPORT}.json"
    pointer.write_text(json.dumps(json.loads(pointer.read_text()) | changes))


def blob_of(outlet: Path) -> Path:
    pointer = json.loads((outlet / IDENTITY / f"{SUPPORT}.json").read_text())
    return outlet / IDENTITY / "blobs" / f"{pointer['blob'].removeprefix('sha256:')}.json"


@pytest.mark.usefixtures("installed")
class TestRefuses:
    def test_a_blob_that_was_altered(self, outlet):
        blob = blob_of(outlet)
        blob.write_bytes(blob.read_bytes().replace(b"Mend it.", b"Sell it.") + b" ")
        assert "was altered" in refusal(outlet)

    def test_a_blob_that_is_no_bundle(self, outlet):
        content = json.loads(blob_of(outlet).read_bytes()) | {"format": "reconciler/bundle/v2"}
        data = json.dumps(content).encode()
        digest = hashlib.sha256(data).hexdigest()
        (blob_of(outlet).parent / f"{digest}.json").write_bytes(data)
        rewrite_pointer(outlet, blob=f"sha256:{digest}")
        assert "no bundle: data/format must be equal to constant" in refusal(outlet)

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"format": "reconciler/pointer/v2"}, "no pointer: data/format must be equal to constant"),
            ({"blob": "../../secrets"}, "no pointer: data/blob must match pattern"),
            ({"identity": "acme/staging"}, "a pointer of something else"),
            ({"ids": {}}, "the pointer has no id for"),
        ],
    )
    def test_a_pointer_of(self, outlet, changes, why):
        rewrite_pointer(outlet, **changes)
        assert why in refusal(outlet)

    def test_what_is_not_published(self, outlet):
        assert "ENOENT" in refusal(outlet, "chatbot/nobody")


@pytest.mark.usefixtures("installed")
def test_the_program_is_sound():
    done = node("node_modules/typescript/bin/tsc")
    assert done.returncode == 0, done.stdout
