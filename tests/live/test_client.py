import asyncio
import ssl
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import httpcore2
import httpx2
import pytest

from reconciler.live.client import Connection, Endpoint, connect
from reconciler.live.errors import DeniedError, LiveError, MissingError, QuotaError, UnknownOutcomeError
from reconciler.live.pace import Pace
from reconciler.live.requests import Request
from reconciler.resources.address import Address
from reconciler.resources.base import Desired
from reconciler.resources.problems import Place, Problem

AGENT = {"id": "agent_1", "object": "agent"}
TRIAGE = Desired(Address("assistant", "triage"), "agent", {}, Place("assistants/triage.yaml", 7, 3))


def ok(body=AGENT, **headers):
    return httpx2.Response(200, json=body, headers=headers)


def error(status, code=None, message="no", kind="invalid_request_error", param=None, **headers):
    body = {"error": {"message": message, "type": kind, "code": code, "param": param}}
    return httpx2.Response(status, json=body, headers={name.replace("_", "-"): text for name, text in headers.items()})


def html(status):
    return httpx2.Response(status, html="<h1>Sign in</h1>")


LIMITED = error(429, "rate_limit_exceeded", kind="rate_limit_error")
LOST = httpx2.ReadError("connection lost")
REFUSED = httpx2.ConnectError("connection refused")


@pytest.fixture
def attempt(bench):
    """Sends one request on a connection; gives the answer, or the error."""

    def send(connection: Connection, method="GET", **kwargs):
        work = {
            "GET": lambda: connection.get("agents", "agent_1"),
            "POST": lambda: connection.create("agents", body={"model": "m"}, about=TRIAGE, **kwargs),
            "UPDATE": lambda: connection.replace("agents", "agent_1", body={"name": None}, about=TRIAGE),
            "DELETE": lambda: connection.remove("agents", "agent_1"),
        }[method]
        try:
            return bench.run(work())
        except LiveError as found:
            return found

    return send


class TestRepeating:
    @pytest.mark.parametrize("method", ["GET", "UPDATE", "DELETE"])
    @pytest.mark.parametrize("trouble", [LOST, REFUSED, LIMITED, error(500), error(503), error(408), html(502)])
    def test_what_may_be_done_twice_is_sent_again(self, server, attempt, method, trouble):
        connection = server.says(trouble, ok())
        assert not isinstance(attempt(connection, method), LiveError)
        assert sum(connection.requests.values()) == len(server.asked) == 2

    @pytest.mark.parametrize(
        "trouble", [LOST, httpx2.ReadTimeout("slow"), error(500), error(503), error(408), html(502)]
    )
    def test_a_create_that_may_have_happened_is_sent_once(self, server, attempt, trouble):
        connection = server.says(trouble, ok())
        assert isinstance(attempt(connection, "POST"), UnknownOutcomeError)
        assert connection.requests == {"POST": 1}

    @pytest.mark.parametrize("trouble", [REFUSED, httpx2.ConnectTimeout("slow"), LIMITED])
    def test_a_create_that_did_not_happen_is_sent_again(self, server, attempt, trouble):
        assert attempt(server.says(trouble, ok()), "POST") == AGENT

    def test_json_cut_short_may_be_whole_the_next_time(self, server, attempt):
        cut = httpx2.Response(200, content=b'{"id": "agent', headers={"content-type": "application/json"})
        assert attempt(server.says(cut, ok())) == AGENT
        assert attempt(server.says(cut, ok()), "UPDATE") == AGENT
        assert isinstance(attempt(server.says(cut, ok()), "POST"), UnknownOutcomeError)

    def test_a_success_that_cannot_be_read_leaves_a_create_in_doubt(self, server, attempt):
        assert isinstance(attempt(server.says(html(200)), "POST"), UnknownOutcomeError)
        assert len(server.asked) == 1

    def test_a_create_that_is_refused_is_no_doubt(self, server, attempt):
        found = attempt(server.says(error(400)), "POST")
        assert isinstance(found, LiveError)
        assert not isinstance(found, UnknownOutcomeError)

    def test_gives_up_in_the_end(self, server, attempt):
        found = attempt(server.says(error(500)))
        assert found.problems[0].code == "server-error"
        assert len(server.asked) == 6
        assert 10 < server.at[-1] < 30

    def test_waits_grow(self, server, attempt):
        attempt(server.says(error(500)))
        waits = [late - early for early, late in pairwise(server.at)]
        assert all(late > early * 1.1 for early, late in pairwise(waits))

    def test_a_conflict_is_for_people(self, server, attempt):
        found = attempt(server.says(error(409, "conflict_error", "session is running", x_should_retry="true")))
        assert found.problems[0].code == "conflict"
        assert len(server.asked) == 1

    def test_a_409_that_asks_for_it_is_repeated(self, server, attempt):
        assert attempt(server.says(error(409, x_should_retry="true"), ok())) == AGENT

    def test_a_server_that_asks_not_to_be_asked_again_is_not(self, server, attempt):
        assert isinstance(attempt(server.says(error(500, x_should_retry="false"))), LiveError)
        assert len(server.asked) == 1


class TestRateLimits:
    def test_waits_as_long_as_the_server_says(self, server, attempt):
        attempt(server.says(error(429, retry_after="7"), ok()), "POST")
        assert server.at == [0, 7]

    def test_waits_long_enough_for_a_minute_to_pass_where_it_says_nothing(self, server, attempt):
        attempt(server.says(LIMITED))
        assert len(server.asked) == 6
        assert server.at[-1] > 45

    def test_a_date_is_counted_from_that_of_the_answer(self, server, attempt):
        at = {"date": "Sat, 21 Nov 2026 07:27:55 GMT", "retry_after": "Sat, 21 Nov 2026 07:28:00 GMT"}
        attempt(server.says(error(429, **at), ok()))
        assert server.at == [0, 5]

    def test_milliseconds_are_more_exact(self, server, attempt):
        attempt(server.says(error(429, retry_after_ms="1500", retry_after="2"), ok()))
        assert server.at == [0, 1.5]

    @pytest.mark.parametrize(
        "nonsense", ["soon", "-3", "nan", "Sat, 99 Nov 2026", "0", "Wed, 21 Oct 2015 07:28:00 GMT"]
    )
    def test_nonsense_is_as_good_as_nothing(self, server, attempt, nonsense):
        attempt(server.says(error(429, retry_after=nonsense), ok()))
        assert 1 < server.at[1] < 3

    def test_holds_back_every_request_of_the_method(self, bench, server):
        connection = server.says(error(429, retry_after="30"), ok())

        async def three():
            one = connection.get("agents", "agent_1")
            await asyncio.gather(one, *(_later(connection, seconds) for seconds in (5, 40)))

        async def _later(connection, seconds):
            await asyncio.sleep(seconds)
            await connection.get("agents", "agent_1")

        bench.run(three())
        assert server.at == [0, 30, 30, 40]

    def test_does_not_wait_for_hours(self, server, attempt):
        assert attempt(server.says(error(429, retry_after="7200"))).problems[0].code == "rate-limited"
        assert server.at == [0]

    @pytest.mark.parametrize("code", ["insufficient_quota", "credit_balance_exhausted", "project_spend_limit_exceeded"])
    def test_no_waiting_for_credit(self, server, attempt, code):
        for method in ("GET", "POST"):
            found = attempt(server.says(error(429, code, kind="insufficient_quota", retry_after="1")), method)
            assert isinstance(found, QuotaError)
        assert len(server.asked) == 2


class TestErrors:
    @pytest.mark.parametrize(
        ("answer", "code", "says"),
        [
            (error(400, param="tools[0].parameters", message="is bad"), "rejected", "tools[0].parameters: is bad"),
            (error(401, message="Incorrect API key provided: sk-abc*****xyz."), "unauthorized", "OPENAI_API_KEY"),
            (error(403), "forbidden", "permission"),
            (error(404, "not_found_error", "Agent not found"), "not-found", "Agent not found"),
            (error(418), "refused", "base URL"),
            (html(403), "forbidden", "Sign in"),
        ],
    )
    def test_says_what_people_can_act_on(self, server, attempt, answer, code, says):
        problem = attempt(server.says(answer)).problems[0]
        assert problem.code == code
        assert says in str(problem)
        assert "GET /v1/agents/agent_1" in problem.message

    def test_names_the_object_its_place_and_the_request(self, server, attempt):
        problem = attempt(server.says(error(400, x_request_id="req_77")), "POST").problems[0]
        assert problem.message.startswith("assistant/triage: POST /v1/agents: 400")
        assert problem.place == TRIAGE.place
        assert "req_77" in problem.hint

    def test_never_repeats_the_key(self, server, attempt):
        connection = server.says(error(401, message="bad: sk-proj-abcdef123456 and secret-key-of-a-proxy"))
        connection.client.api_key = "secret-key-of-a-proxy"
        text = str(attempt(connection))
        assert "abcdef" not in text
        assert "secret-key" not in text

    def test_stays_on_one_line_whatever_the_server_says(self, server, attempt):
        message = attempt(server.says(error(400, message="a\nb\x1b[31m" + "x" * 5000))).problems[0].message
        assert message.isprintable()
        assert len(message) < 700

    @pytest.mark.parametrize(
        "answer",
        [html(200), httpx2.Response(200, text='{"id": '), ok([]), ok({"data": [1]}), ok({"id": 5}), ok({"data": None})],
    )
    def test_an_answer_that_is_no_api_object(self, server, attempt, answer):
        assert attempt(server.says(answer)).problems[0].code == "unreadable"

    def test_missing_is_an_error_of_its_own(self, bench, server):
        connection = server.says(error(404))
        with pytest.raises(MissingError):
            bench.run(connection.get("agents", "agent_1"))
        assert bench.run(connection.read("agents", "agent_1")) is None
        bench.run(connection.remove("agents", "agent_1"))

    def test_an_empty_id_is_no_list(self, bench, server):
        with pytest.raises(ValueError, match="empty id"):
            bench.run(server.says(ok()).remove("agents", ""))


class TestRequests:
    """What is sent is what the SDK's own methods send."""

    @pytest.mark.parametrize(
        ("ours", "theirs"),
        [
            (
                Request(method="GET", path=("agents", "a/ ?b"), repeatable=True),
                lambda api: api.beta.agents.retrieve("a/ ?b"),
            ),
            (
                Request(
                    method="GET",
                    path=("agents",),
                    repeatable=True,
                    query={"after": "agent_1", "limit": 100},
                    of_list=True,
                ),
                lambda api: api.beta.agents.list(after="agent_1", limit=100)._get_page(),
            ),
            (
                Request(method="POST", path=("agents",), repeatable=False, body={"model": "m", "name": None}),
                lambda api: api.beta.agents.create(model="m", name=None),
            ),
            (
                Request(method="DELETE", path=("agents", "agent_1"), repeatable=True),
                lambda api: api.beta.agents.delete("agent_1"),
            ),
            (
                Request(
                    method="GET",
                    path=("vector_stores", "vs_1", "files"),
                    repeatable=True,
                    query={"filter": "failed"},
                    of_list=True,
                ),
                lambda api: api.vector_stores.files.list("vs_1", filter="failed")._get_page(),
            ),
            (
                Request(
                    method="POST", path=("vector_stores", "vs_1", "file_batches"), repeatable=True, body={"files": []}
                ),
                lambda api: api.vector_stores.file_batches.create("vs_1", files=[]),
            ),
            (
                Request(method="GET", path=("models",), repeatable=True),
                lambda api: api.models.list()._get_page(),
            ),
        ],
        ids=lambda value: value.url if isinstance(value, Request) else "",
    )
    def test_as_the_sdk(self, bench, server, ours, theirs):
        id_ = ours.path[-1] if len(ours.path) == 2 else "x"
        connection = server.says(ok({"id": id_, "data": [], "has_more": False}))

        is_list = ours.method == "GET" and ours.path[-1] in ("agents", "files", "models")

        async def both():
            await connection.call(replace(ours, of_list=is_list))
            await theirs(connection.client)

        bench.run(both())
        mine, sdk = ([r.method, str(r.url), r.content, r.headers.get("openai-beta")] for r in server.asked)
        assert mine == sdk

    def test_uploads_are_forms(self, bench, server):
        connection = server.says(ok())
        bench.run(
            connection.create("files", body={"purpose": "assistants"}, files=[("file", "a.md", b"hello")], about=TRIAGE)
        )
        (request,) = server.asked
        assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
        assert b'name="file"; filename="a.md"' in request.content
        assert b"\r\n\r\nassistants\r\n" in request.content

    def test_redirects_are_not_followed_with_the_key(self, server, attempt):
        moved = httpx2.Response(307, headers={"location": "https://elsewhere.example/"})
        assert attempt(server.says(moved)).problems[0].code == "refused"
        assert len(server.asked) == 1

    def test_the_project_is_what_the_last_answer_said(self, bench, server):
        connection = server.says(ok(**{"openai-project": "proj_7"}), ok())
        assert connection.project is None
        for _ in range(2):
            bench.run(connection.get("agents", "agent_1"))
        assert connection.project == "proj_7"


async def lost_lock() -> None:
    raise LiveError(Problem("lease-lost", "the lock is another's"))


class TestWritingWhile:
    """A run that lost its lock writes nothing more: it is asked right before each request."""

    @pytest.mark.parametrize("method", ["POST", "UPDATE", "DELETE"])
    def test_what_must_not_be_written_is_not_sent(self, server, attempt, method):
        connection = server.says(ok())
        with connection.writing_while(lost_lock):
            assert attempt(connection, method).problems[0].code == "lease-lost"
        assert server.asked == []

    def test_reading_goes_on(self, server, attempt):
        connection = server.says(ok())
        with connection.writing_while(lost_lock):
            assert attempt(connection) == AGENT

    def test_afterwards_nobody_is_asked(self, server, attempt):
        connection = server.says(ok())
        with connection.writing_while(lost_lock):
            pass
        assert attempt(connection, "UPDATE") == AGENT


class TestConnect:
    def connected(self, bench, **endpoint):
        async def work():
            async with connect(Endpoint(**endpoint), pace=Pace({})) as connection:
                return connection.client.api_key, str(connection.client.base_url), connection.client.max_retries

        return bench.run(work())

    def test_the_key_comes_from_the_environment(self, bench, monkeypatch):
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test\n")
        monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
        assert self.connected(bench) == ("sk-test", "https://api.openai.com/v1/", 0)

    @pytest.mark.parametrize(("key", "code"), [("", "no-api-key"), ("sk-a b", "bad-api-key"), ("sk-é", "bad-api-key")])
    def test_a_url_needs_a_key(self, bench, monkeypatch, key, code):
        monkeypatch.setenv("OPENAI_API_KEY", key)
        with pytest.raises(LiveError) as found:
            self.connected(bench, base_url="http://127.0.0.1:1/v1")
        assert found.value.problems[0].code == code
        assert "sk-" not in str(found.value)

    def test_an_app_in_this_process_needs_none(self, bench, monkeypatch):
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        self.connected(bench, transport=httpx2.MockTransport(lambda request: ok()))

    def test_nobody_there(self, bench, monkeypatch):
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")

        async def work():
            async with connect(Endpoint("http://127.0.0.1:1/v1"), pace=Pace({})) as connection:
                await connection.page("models")

        with pytest.raises(LiveError, match=r"unreachable.*no response from 127\.0\.0\.1"):
            bench.run(work())

    def test_importing_live_does_not_import_the_sdk(self):
        code = (
            "import sys, reconciler.live.client, reconciler.live.adapters, reconciler.live.pages\n"
            "import reconciler.live.kinds.agent, reconciler.live.kinds.file, reconciler.live.kinds.vector_store\n"
            "sys.exit('openai' in sys.modules or 'httpx2' in sys.modules)"
        )
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

    @pytest.mark.parametrize(
        ("scheme", "proxy", "reads"), [("http", "http", 0), ("https", "http", 1), ("http", "https", 1)]
    )
    def test_certificates_are_read_once_if_any_connection_needs_them(self, bench, monkeypatch, scheme, proxy, reads):
        contexts = []

        def read(**kwargs):
            contexts.append(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
            return contexts[-1]

        monkeypatch.setattr(httpcore2, "default_ssl_context", read)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        for name in ("HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"{proxy}://proxy.example:3128")
        self.connected(bench, base_url=f"{scheme}://gateway.example/v1")
        assert len(contexts) == reads


class TestDenied:
    """Responses that show nothing about the object."""

    @pytest.mark.parametrize("answer", [error(401), error(403), error(405), error(501), html(404), html(403)])
    @pytest.mark.parametrize("method", ["GET", "DELETE", "UPDATE", "POST"])
    def test_it_is_an_error_and_not_a_missing_object(self, server, attempt, answer, method):
        found = attempt(server.says(answer), method)
        assert isinstance(found, DeniedError)
        assert len(server.asked) == 1

    @pytest.mark.parametrize("body", [{"detail": "Not Found"}, {"error": "no such agent"}, {"message": "no"}])
    def test_a_404_of_any_api_is_a_missing_object(self, server, bench, body):
        assert bench.run(server.says(httpx2.Response(404, json=body)).read("agents", "agent_1")) is None

    def test_a_404_of_an_api_that_is_cut_off_is_a_missing_object(self, server, bench):
        cut = httpx2.Response(404, content=b'{"error": {"mess', headers={"content-type": "application/json"})
        assert bench.run(server.says(cut).read("agents", "agent_1")) is None

    @pytest.mark.parametrize("status", [401, 403])
    @pytest.mark.parametrize(("method", "scope"), [("GET", "api.agents.read"), ("DELETE", "api.agents.write")])
    def test_the_hint_names_the_scope(self, server, attempt, status, method, scope):
        found = attempt(server.says(error(status)), method)
        assert f"`{scope}`" in found.problems[0].hint
        assert (found.scope, found.request) == (scope, f"{method} /v1/agents/agent_1")

    @pytest.mark.parametrize(
        ("url", "is_openai"),
        [
            (None, True),
            ("https://api.openai.com/v1", True),
            ("https://eu.api.openai.com/v1", True),
            ("https://api.openai.com.example/v1", False),
            ("http://127.0.0.1:8787/v1", False),
        ],
    )
    def test_openai_itself(self, bench, monkeypatch, url, is_openai):
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        monkeypatch.delenv("OPENAI_BASE_URL", raising=False)

        async def work() -> bool:
            async with connect(Endpoint(url), pace=Pace({})) as connection:
                return connection.is_openai

        assert bench.run(work()) is is_openai
