"""Unkindness on request."""

import subprocess
import sys
import time

import httpx2
import pytest
from openai import APIConnectionError, InternalServerError, OpenAI

from reconciler.emulator.fault_spec import parse

AGENT = {"model": "gpt-5", "name": "bot"}


def names(api):
    return [agent["name"] for agent in api.call("GET", "/agents").json()["data"]]


class TestAnswers:
    def test_an_error_before_anything_is_done(self, embed):
        api = embed(faults="error-before:POST:/v1/agents:1")
        error = api.refusal("POST", "/agents", 503, json=AGENT)
        assert error["type"] == "server_error"
        assert names(api) == []
        api.agent()

    def test_an_error_after_everything_was_done(self, embed):
        api = embed(faults="error-after:POST:/v1/agents:1")
        api.refusal("POST", "/agents", 500, json=AGENT)
        assert names(api) == ["bot"]

    @pytest.mark.parametrize(("fault", "made"), [("drop-before", []), ("drop-after", ["bot"])])
    def test_a_connection_that_is_dropped(self, embed, fault, made):
        api = embed(faults=f"{fault}:POST")
        with pytest.raises(APIConnectionError):
            api.run(api.sdk.beta.agents.create(**AGENT))
        assert names(api) == made

    def test_slow_answer_is_delayed(self, embed):
        api = embed(faults="slow=0.05:POST")
        before = time.monotonic()
        api.agent()
        assert time.monotonic() - before >= 0.05

    def test_malformed_answer_is_cut_in_half(self, embed):
        api = embed(faults="malformed:GET:/v1/models")
        api.http._transport = httpx2.ASGITransport(api.app)
        with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
            api.call("GET", "/models").json()

    def test_429_sends_retry_after(self, embed):
        api = embed(faults="429:POST:*:1,429=7:POST:*:2,quota:POST:*:3")
        answers = [api.call("POST", "/agents", json=AGENT) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [429, 429, 429]
        assert [answer.headers.get("retry-after") for answer in answers] == [None, "7", None]
        assert [answer.json()["error"]["type"] for answer in answers] == [
            "rate_limit_error",
            "rate_limit_error",
            "insufficient_quota",
        ]
        assert names(api) == []

    def test_a_list_that_ignores_its_cursor(self, embed):
        api = embed(faults="repeat-cursor:GET:/v1/agents")
        api.agent(name="a")
        last = api.agent(name="b")["id"]
        page = api.call("GET", "/agents", params={"after": last, "limit": 1}).json()
        assert ([agent["name"] for agent in page["data"]], page["has_more"]) == (["b"], True)


class TestUnserved:
    @pytest.mark.parametrize("status", [401, 403])
    def test_a_key_without_the_scope(self, embed, status):
        api = embed(faults=f"{status}:*:/v1/agents*")
        error = api.refusal("GET", "/agents/automations", status)
        assert "Missing scopes: api.agents.read." in error["message"]
        assert "Missing scopes: api.agents.write." in api.refusal("POST", "/agents", status, json=AGENT)["message"]
        assert (error["type"], error["param"]) == ("invalid_request_error", None)
        assert api.call("GET", "/vector_stores").status_code == 200

    @pytest.mark.parametrize(
        ("status", "message"),
        [
            (404, "Invalid URL (GET /v1/agents)"),
            (405, "Not allowed to GET /v1/agents"),
            (501, "GET /v1/agents is not implemented"),
        ],
    )
    def test_a_server_without_the_path(self, embed, status, message):
        assert embed(faults=f"{status}:GET:/v1/agents*").refusal("GET", "/agents", status)["message"] == message

    def test_a_gateway_answers_with_a_page(self, embed):
        answer = embed(faults="gateway:GET:/v1/agents*").call("GET", "/agents")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")


class TestStaleReads:
    def test_lists_and_gets_show_what_was_before(self, embed, clock):
        api = embed(faults="stale=5:POST:/v1/agents:2,stale=5:POST:/v1/agents/*")
        first = api.agent(name="first")["id"]
        second = api.agent(name="second")["id"]
        assert names(api) == ["first"]
        api.refusal("GET", f"/agents/{second}", 404)
        clock.advance(3)
        api.call("POST", f"/agents/{first}", json={"name": "changed"})
        clock.advance(2)
        assert names(api) == ["second", "first"]
        clock.advance(3)
        assert names(api) == ["second", "changed"]

    def test_writes_work_on_what_is_there(self, embed):
        api = embed(faults="stale=5:POST:/v1/agents")
        made = api.agent()["id"]
        assert api.call("DELETE", f"/agents/{made}").status_code == 200


class TestIngestion:
    @pytest.mark.parametrize(("fault", "status"), [("ingest-fail", "failed"), ("ingest-hang", "in_progress")])
    def test_files_that_are_never_indexed(self, embed, clock, fault, status):
        api = embed(faults=f"{fault}:POST:/v1/vector_stores/*/file_batches:1")
        file = api.upload()
        store = api.run(api.sdk.vector_stores.create()).id
        path = f"/vector_stores/{store}/file_batches"
        api.call("POST", path, json={"file_ids": [file]})
        clock.advance(1e6)
        (entry,) = api.call("GET", f"/vector_stores/{store}/files").json()["data"]
        assert entry["status"] == status
        api.call("POST", path, json={"file_ids": [file]})
        assert api.call("GET", f"/vector_stores/{store}/files/{file}").json()["status"] == "completed"

    def test_files_that_are_ignored(self, embed):
        api = embed(faults="ingest-none:POST:/v1/vector_stores/*/file_batches")
        store = api.run(api.sdk.vector_stores.create()).id
        batch = api.call("POST", f"/vector_stores/{store}/file_batches", json={"file_ids": [api.upload()]}).json()
        assert (batch["status"], batch["file_counts"]["total"]) == ("completed", 0)
        assert api.call("GET", f"/vector_stores/{store}/files").json()["data"] == []


class TestSecondWriter:
    @pytest.mark.parametrize("request_", ["GET:/v1/agents/*", "POST:/v1/agents/*", "GET:/v1/agents", "POST:/v1/agents"])
    def test_second_writer_changes_the_object_of_the_request(self, embed, request_):
        api = embed()
        agent = api.agent(name="a")["id"]
        api.app.state.faults.set(*parse(f"second-writer=instructions:{request_}:1"))
        method, path = request_.split(":")
        answer = api.call(
            method, path.removeprefix("/v1").replace("*", agent), json=AGENT if method == "POST" else None
        )
        assert "somebody else" not in answer.text
        changed = [found for found in api.call("GET", "/agents").json()["data"] if found["instructions"]]
        assert [found["instructions"] for found in changed] == ["written by another client"]


class TestWhich:
    def hits(self, embed, which, requests=20, seed=0):
        api = embed(faults=f"error-before:GET:*:{which},seed={seed}")
        return [n + 1 for n in range(requests) if api.call("GET", "/agents").status_code == 503]

    @pytest.mark.parametrize(
        ("which", "hits"), [("2", [2]), ("2-4", [2, 3, 4]), ("19-", [19, 20]), ("*", list(range(1, 21)))]
    )
    def test_fault_hits_requests_by_number(self, embed, which, hits):
        assert self.hits(embed, which) == hits

    def test_fault_by_chance_is_repeatable_with_a_seed(self, embed):
        first = self.hits(embed, "30%", 50, seed=1)
        assert 5 < len(first) < 25
        assert self.hits(embed, "30%", 50, seed=1) == first
        assert self.hits(embed, "30%", 50, seed=2) != first

    def test_fault_hits_only_matching_requests(self, embed):
        api = embed(faults="error-before:GET:/v1/vector_stores/*/files")
        assert api.call("GET", "/vector_stores").status_code == 200
        assert api.call("GET", "/vector_stores/vs_1/files/f").status_code == 404
        assert api.call("GET", "/vector_stores/vs_1/files").status_code == 503


class TestControl:
    def control(self, api, method, **options):
        return api.call(method, "http://api/_emulator/faults", **options)

    def test_faults_are_changed_and_counted_while_it_runs(self, embed):
        api = embed()
        fault = {"name": "429", "value": 2, "method": "GET", "path": "/v1/agents", "which": 2}
        assert self.control(api, "PUT", json={"faults": [fault], "seed": 3}).status_code == 200
        assert [api.call("GET", "/agents").status_code for _ in range(3)] == [200, 429, 200]
        (told,) = self.control(api, "GET").json()["faults"]
        assert (told["name"], told["matched"], told["hit"]) == ("429", 3, 1)
        assert self.control(api, "DELETE").json() == {"faults": []}

    def test_it_takes_what_the_command_line_takes(self, embed):
        api = embed()
        self.control(api, "PUT", json={"faults": "error-before=500:GET"})
        api.refusal("GET", "/agents", 500)

    @pytest.mark.parametrize(
        "body",
        [b"", b"[]", b'{"fault": []}', b'{"faults": [1]}', b'{"faults": [{"kind": "429"}]}', b'{"faults": "flood"}'],
    )
    def test_invalid_faults_change_nothing(self, embed, body):
        api = embed(faults="429:GET")
        answer = self.control(api, "PUT", content=body)
        assert (answer.status_code, list(answer.json())) == (400, ["error"])
        api.refusal("GET", "/agents", 429)


SERVER = """
import sys
from reconciler.emulator import Settings
from reconciler.emulator.serve import serve

serve(Settings(faults=sys.argv[1]), "127.0.0.1", 0, lambda url: print(url, flush=True))
"""


def test_a_server_closes_the_connection_and_says_nothing():
    command = [sys.executable, "-c", SERVER, "drop-after:POST:*:1,error-before:POST:*:2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        with OpenAI(api_key="key", base_url=url, max_retries=0) as sdk:
            with pytest.raises(APIConnectionError):
                sdk.beta.agents.create(model="gpt-5")
            with pytest.raises(InternalServerError):
                sdk.beta.agents.create(model="gpt-5")
            assert len(list(sdk.beta.agents.list())) == 1
        process.terminate()
        _, complaints = process.communicate(timeout=20)
    assert complaints == ""
