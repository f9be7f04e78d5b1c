import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from reconciler.bundles import BundleError, load
from reconciler.bundles.publish import withdraw
from reconciler.bundles.render import contents
from reconciler.resources.address import Address
from tests.support.publishing import publish

PRODUCTION, DRAFT = "acme/production", "chatbot/support@working"


@pytest.fixture
def put(outlet, identity, objects, ids):
    """Publish the working support chatbot, with the given ids changed."""
    blob = contents(objects)[Address("chatbot", "support")]

    def write(**changed):
        publish([outlet], identity, Address.parse(DRAFT), blob, ids | changed)
        return outlet

    write()
    return write


class Server(ThreadingHTTPServer):
    """An HTTP server of an outlet."""

    def __init__(self, outlet):
        super().__init__(("127.0.0.1", 0), Handler)
        self.outlet = outlet
        self.url = f"http://127.0.0.1:{self.server_port}/bundles/"
        self.seen: list[str] = []
        self.status: int | None = None
        """Status of every response; None if it depends on the document."""
        self.missing = 0
        """Number of bytes in Content-Length that are not sent."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self):
        self.server.seen.append(self.path)
        data = self.server.outlet.read(self.path.removeprefix("/bundles/"))
        status = self.server.status or (404 if data is None else 200)
        body = (data or b"") if status == 200 else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) + self.server.missing))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(outlet):
    with Server(outlet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def code_of(source, identity=PRODUCTION, address=DRAFT, **more):
    with pytest.raises(BundleError) as caught:
        load(source, identity, address, **more)
    return caught.value.code


def python(script, *arguments):
    return subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)


class TestBundle:
    def test_a_request_is_ready_to_send(self, put):
        request = load(put().root, PRODUCTION, DRAFT).request("assistant/billing")
        assert (request["model"], request["temperature"]) == ("gpt-6-luna", 0.2)
        search = next(tool for tool in request["tools"] if tool["type"] == "file_search")
        assert search["vector_store_ids"] == ["vs_1"]

    def test_a_request_may_have_its_input(self, put):
        bundle = load(put().root, PRODUCTION, DRAFT)
        plain = bundle.request("assistant/billing")
        assert bundle.request("assistant/billing", input="Hi") == {**plain, "input": "Hi"}

    @pytest.mark.parametrize("given", ["Hi", [{"role": "user", "content": "Hi"}]], ids=["a text", "a list of messages"])
    def test_instructions_start_the_input_of_models_that_would_put_them_after_it(self, put, given):
        bundle = load(put().root, PRODUCTION, DRAFT)
        bundle.content["assistants"]["assistant/billing"]["request"]["model"] = "gpt-6.2-sol"
        plain = bundle.request("assistant/billing")
        sent = bundle.request("assistant/billing", input=given)
        standing = {"role": "developer", "content": plain.pop("instructions")}
        assert sent == {**plain, "input": [standing, {"role": "user", "content": "Hi"}]}

    def test_a_saved_agent_is_its_id(self, put):
        assert load(put().root, PRODUCTION, DRAFT).agent_id("assistant/technical") == "agent_1"

    def test_an_assistant_at_a_server_is_its_id(self, put):
        assert load(put().root, PRODUCTION, DRAFT).assistant_id("assistant/greeter") == "asst_1"

    def test_graphs_name_assistants_by_address_and_stores_by_id(self, put):
        bundle = load(put().root, PRODUCTION, DRAFT)
        assert bundle.chatbot == {"pipeline": "pipeline/flow", "starts": ["pipeline/checkin"]}
        nodes = bundle.pipeline("pipeline/flow")["nodes"]
        assert nodes["bill"]["assistant"] == "assistant/billing"
        assert nodes["polish"]["vector_stores"] == ["vs_1"]

    def test_callers_may_change_what_they_get(self, put):
        bundle = load(put().root, PRODUCTION, DRAFT)
        bundle.request("assistant/billing")["tools"].clear()
        assert bundle.request("assistant/billing")["tools"]

    def test_absent_part_names_the_parts_present(self, put):
        bundle = load(put().root, PRODUCTION, DRAFT)
        with pytest.raises(BundleError, match="its assistants: assistant/billing, assistant/followup, assistant/greet"):
            bundle.request("assistant/unused")

    @pytest.mark.parametrize(
        ("asked", "name", "message"),
        [
            ("request", "technical", r"target agents: use agent_id\('assistant/technical'\)"),
            ("agent_id", "billing", r"target responses: use request\('assistant/billing'\)"),
            ("agent_id", "greeter", r"target assistants: use assistant_id\('assistant/greeter'\)"),
            ("assistant_id", "technical", r"target agents: use agent_id\('assistant/technical'\)"),
        ],
    )
    def test_method_of_another_target_names_the_right_one(self, put, asked, name, message):
        bundle = load(put().root, PRODUCTION, DRAFT)
        with pytest.raises(BundleError, match=message):
            getattr(bundle, asked)(f"assistant/{name}")


class TestSource:
    def test_load_from_url_equals_load_from_folder(self, put, server):
        assert load(server.url, PRODUCTION, DRAFT).content == load(put().root, PRODUCTION, DRAFT).content
        assert server.seen[0] == "/bundles/acme/production/chatbot/support@working.json"

    def test_loading_again_costs_one_read_until_something_changes(self, put, server):
        first = load(server.url, PRODUCTION, DRAFT)
        assert load(server.url, PRODUCTION, DRAFT) is first
        assert len(server.seen) == 3
        put(**{"vectorstore/handbook": "vs_2"})
        assert load(server.url, PRODUCTION, DRAFT).pipeline("pipeline/flow")["nodes"]["polish"]["vector_stores"] == [
            "vs_2"
        ]

    @pytest.mark.parametrize(
        ("project", "address"),
        [
            ("../..", DRAFT),
            (PRODUCTION, "chatbot/../x"),
            (PRODUCTION, "file/x"),
            ("a/b/c", DRAFT),
            (PRODUCTION, "support"),
        ],
    )
    def test_an_address_is_never_a_path(self, put, project, address):
        assert code_of(put().root, project, address) == "usage"

    def test_load_unpublished_or_withdrawn_bundle_is_missing(self, put, server, identity, tmp_path):
        load(server.url, PRODUCTION, DRAFT, cache=tmp_path / "cache")
        withdraw([put()], identity, Address.parse(DRAFT))
        assert code_of(server.url, cache=tmp_path / "cache") == "missing"
        assert code_of(server.url, address="chatbot/support") == "missing"

    def test_load_from_unreachable_source_is_an_error(self, tmp_path, server):
        assert code_of(tmp_path / "nowhere") == "unreachable"
        server.status = 403
        assert code_of(server.url) == "unreachable"
        assert code_of("http://127.0.0.1:9/") == "unreachable"


class TestFallBack:
    @pytest.fixture
    def break_blob(self, put):
        def alter():
            outlet = put()
            (blob,) = outlet.list(f"{PRODUCTION}/blobs/")
            outlet.write(blob, outlet.read(blob) + b" ")

        return alter

    def test_unreachable_source_returns_the_last_bundle(self, put, server):
        fresh = load(server.url, PRODUCTION, DRAFT)
        assert not fresh.stale
        server.status = 503
        earlier = load(server.url, PRODUCTION, DRAFT)
        assert earlier.stale
        assert earlier.problem
        assert earlier.problem.code == "unreachable"
        assert earlier.content == fresh.content
        server.status = None
        assert not load(server.url, PRODUCTION, DRAFT).stale

    def test_truncated_answer_returns_the_last_bundle(self, put, server):
        server.missing = 10
        assert code_of(server.url) == "unreachable"

    def test_a_blob_with_another_digest_is_never_used(self, outlet, break_blob):
        break_blob()
        assert code_of(outlet.root) == "broken"

    def test_another_process_falls_back_to_the_cache(self, outlet, tmp_path, break_blob, put):
        load(outlet.root, PRODUCTION, DRAFT, cache=tmp_path / "cache")
        break_blob()
        script = (
            "import sys; from reconciler.bundles import load; bundle = load(*sys.argv[1:4], cache=sys.argv[4]);"
            "print(bundle.stale, bundle.problem.code, bundle.agent_id('assistant/technical'))"
        )
        done = python(script, str(outlet.root), PRODUCTION, DRAFT, str(tmp_path / "cache"))
        assert done.stdout.split() == ["True", "broken", "agent_1"]

    def test_damaged_cache_raises_the_original_error(self, tmp_path):
        (tmp_path / "cache" / PRODUCTION / "chatbot").mkdir(parents=True)
        (tmp_path / "cache" / f"{PRODUCTION}/{DRAFT}.json").write_text("{")
        assert code_of(tmp_path / "nowhere", cache=tmp_path / "cache") == "unreachable"

    def test_a_cache_that_cannot_be_written_is_only_logged(self, put, tmp_path, caplog):
        (tmp_path / "cache").write_text("a file")
        assert not load(put().root, PRODUCTION, DRAFT, cache=tmp_path / "cache").stale
        assert "cannot write the bundle to the cache" in caplog.text

    @pytest.mark.parametrize(
        ("change", "code"),
        [({"identity": "acme/staging"}, "identity"), ({"format": "reconciler/pointer/v2"}, "format")],
    )
    def test_pointer_of_another_identity_or_format_is_rejected(self, put, change, code):
        outlet = put()
        load(outlet.root, PRODUCTION, DRAFT)
        key = f"{PRODUCTION}/{DRAFT}.json"
        outlet.write(key, json.dumps(json.loads(outlet.read(key)) | change).encode())
        assert code_of(outlet.root) == code

    def test_missing_id_in_pointer_is_an_error(self, put):
        outlet = put()
        key = f"{PRODUCTION}/{DRAFT}.json"
        outlet.write(key, json.dumps(json.loads(outlet.read(key)) | {"ids": {}}).encode())
        assert code_of(outlet.root) == "broken"


def test_load_imports_only_the_standard_library(put):
    script = (
        "import sys; before = set(sys.modules); from reconciler.bundles import load; load(*sys.argv[1:]);"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names)"
    )
    done = python(script, str(put().root), PRODUCTION, DRAFT)
    assert done.stdout.split() == ["reconciler"]
