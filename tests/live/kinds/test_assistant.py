import json

import httpx2
import pytest

from reconciler.live.adapters import adapters
from reconciler.live.client import Endpoint, connect
from reconciler.live.errors import DeniedError, NotServedError
from reconciler.live.kinds.assistant import ASSISTANTS
from reconciler.live.labelled import Labelled
from reconciler.live.pace import A_MINUTE, Pace
from reconciler.resources.address import Identity
from reconciler.resources.values import reference

IDENTITY = Identity("acme", "production")
TRIAGE = {"name": "triage", "model": "gpt-4o", "instructions": "Sort it."}


@pytest.fixture
def api(emulator):
    return emulator(assistants=True)


@pytest.fixture
def assistants(api):
    return api.adapters["assistant"]


@pytest.fixture
def order(api, assistants):
    def build(*, unreadable=None, **fields):
        canonical = {name: assistants._resource_type.canonical(name, value) for name, value in fields.items()}
        return api.order("assistant", "assistant/triage", canonical, unreadable=unreadable or {})

    return build


@pytest.fixture
def by_hand(api):
    """Change an assistant outside Reconciler."""

    def change(id_, **fields):
        return api.run(api.connection.replace("assistants", id_, body=fields))

    return change


def body(request):
    return json.loads(request.content)


def test_created_assistant_is_read_as_desired(api, assistants, order):
    wanted = order(**TRIAGE, temperature=None, tools=[{"type": "file_search"}], metadata={"tier": "gold"})
    made = api.run(assistants.create(wanted))
    assert api.run(assistants.read(made.id)) == made
    read = assistants._resource_type.localise(made.fields, lambda _id: (), wanted.fields)
    assert {name: read[name] for name in wanted.fields} == dict(wanted.fields)
    assert made.labels == wanted.labels
    assert made.detail.keys() == {"created_at"}
    assert api.requests() == ["POST /v1/assistants", "GET /v1/assistants/{id}"]


def test_every_field_is_read_with_its_default(api, assistants, order):
    fields = api.run(assistants.create(order(**TRIAGE))).fields
    assert fields["temperature"] == fields["top_p"] == 1
    assert fields["response_format"] == "auto"
    assert fields["tool_resources"] == {"code_interpreter": {"file_ids": []}, "file_search": {"vector_store_ids": []}}
    assert not {"id", "object", "created_at", "reasoning_effort"} & fields.keys()


class TestRequests:
    """The requests as they are sent."""

    @pytest.fixture
    def seen(self, api):
        working, requests = api.connection.client._client._transport, []

        async def record(request):
            requests.append(request)
            return await working.handle_async_request(request)

        api.connection.client._client._transport = httpx2.MockTransport(record)
        return requests

    def test_beta_header_is_that_of_version_2(self, api, assistants, order, seen):
        made = api.run(assistants.create(order(**TRIAGE)))
        api.run(assistants.read(made.id))
        api.run(assistants.delete(made.id))
        assert {request.headers["OpenAI-Beta"] for request in seen} == {"assistants=v2"}

    def test_create_has_neither_nulls_nor_default_temperatures(self, api, assistants, order, seen):
        api.run(assistants.create(order(**TRIAGE, description=None, temperature=None, top_p=0.5)))
        assert body(seen[0]).keys() == {"name", "model", "instructions", "top_p", "metadata"}

    def test_create_has_the_reasoning_effort(self, api, assistants, order, seen):
        api.run(assistants.create(order(**TRIAGE, unreadable={"reasoning_effort": "low"})))
        assert body(seen[0])["reasoning_effort"] == "low"

    def test_update_has_the_changed_fields_and_the_labels(self, api, assistants, order, seen):
        made = api.run(assistants.create(order(**TRIAGE)))
        api.run(assistants.update(made, order(name="desk")))
        assert body(seen[-1]).keys() == {"name", "metadata"}

    def test_reset_temperature_is_null(self, api, assistants, order, seen):
        made = api.run(assistants.create(order(**TRIAGE, temperature=0.5)))
        assert api.run(assistants.update(made, order(temperature=1))).fields["temperature"] == 1
        assert body(seen[-1])["temperature"] is None

    def test_resources_of_both_tools_are_sent_whole_with_live_ids(self, api, assistants, order, seen):
        api.ids |= {"vectorstore/handbook": api.run(api.connection.client.vector_stores.create()).id}
        resources = {"file_search": {"vector_store_ids": [reference("vectorstore/handbook")]}}
        made = api.run(assistants.create(order(**TRIAGE, tool_resources=resources)))
        expected = {
            "code_interpreter": {"file_ids": []},
            "file_search": {"vector_store_ids": [api.ids["vectorstore/handbook"]]},
        }
        assert body(seen[-1])["tool_resources"] == made.fields["tool_resources"] == expected
        assert made.refers_to == (api.ids["vectorstore/handbook"],)


class TestUpdate:
    def test_other_fields_are_kept(self, api, assistants, order, by_hand):
        made = api.run(assistants.create(order(**TRIAGE)))
        by_hand(made.id, instructions="By hand.", top_p=0.5)
        live = api.run(assistants.read(made.id))
        after = api.run(assistants.update(live, order(name="desk")))
        assert (after.name, after.fields["instructions"], after.fields["top_p"]) == ("desk", "By hand.", 0.5)

    def test_lists_of_resources_are_replaced(self, api, assistants, order):
        file = api.run(api.connection.client.files.create(file=("t.csv", b"1"), purpose="assistants"))
        made = api.run(assistants.create(order(**TRIAGE, tool_resources={"code_interpreter": {"file_ids": [file.id]}})))
        after = api.run(assistants.update(made, order(tool_resources=None)))
        assert after.fields["tool_resources"]["code_interpreter"] == {"file_ids": []}


def test_list_has_every_assistant_in_pages_of_100(api, assistants, order):
    made = api.run(assistants.create(order(**TRIAGE)))
    for _ in range(100):
        api.run(api.connection.create("assistants", body={"model": "gpt-4o"}, about=order(**TRIAGE).desired))
    api.requests()
    listed = {live.id: live for live in api.run(assistants.list(IDENTITY, []))}
    assert len(listed) == 101
    assert listed[made.id].labels == made.labels
    assert api.requests() == ["GET /v1/assistants"] * 2


class TestShapes:
    """Servers that others wrote return values that the documentation does not have."""

    def read(self, server, **fields):
        answer = {"id": "asst_1", "object": "assistant", "created_at": 1, "model": "m", **fields}
        connection = server.says(httpx2.Response(200, json=answer))
        return server.bench.run(Labelled(ASSISTANTS, connection).read("asst_1"))

    def test_missing_fields_have_their_defaults(self, server):
        live = self.read(server)
        assert live.fields["tools"] == {}
        assert (live.name, live.refers_to) == ("", ())

    def test_two_stores_are_both_read(self, server):
        live = self.read(server, tool_resources={"file_search": {"vector_store_ids": ["vs_1", "vs_2"]}})
        assert live.refers_to == ("vs_1", "vs_2")

    def test_returned_reasoning_effort_is_not_compared(self, server):
        assert "reasoning_effort" not in self.read(server, reasoning_effort="low").fields

    def test_time_of_the_last_change_is_shown_where_a_server_has_one(self, server):
        assert self.read(server, updated_at=2).detail == {"created_at": 1, "updated_at": 2}

    @pytest.mark.parametrize("fields", [{"tools": {}}, {"temperature": "hot"}, {"tool_resources": []}])
    def test_value_of_another_type_is_an_error(self, server, fields):
        with pytest.raises(Exception, match="assistant asst_1 cannot be read"):
            self.read(server, **fields)


class TestServersWithoutTheApi:
    def test_list_that_is_not_served_names_the_target(self, server):
        said = {"error": {"message": "Invalid URL", "type": "invalid_request_error", "code": None, "param": None}}
        connection = server.says(httpx2.Response(404, json=said))
        with pytest.raises(NotServedError) as caught:
            server.bench.run(Labelled(ASSISTANTS, connection).list(IDENTITY, []))
        (problem,) = caught.value.problems
        assert problem.code == "not-served"
        assert "the target `assistants` requires" in problem.hint

    def test_forbidden_list_is_not_an_empty_list(self, server):
        said = {"error": {"message": "no", "type": "invalid_request_error", "code": None, "param": None}}
        connection = server.says(httpx2.Response(403, json=said))
        with pytest.raises(DeniedError):
            server.bench.run(Labelled(ASSISTANTS, connection).list(IDENTITY, []))

    @pytest.mark.parametrize(
        ("url", "mirrors_openai", "used", "lists"),
        [
            ("https://api.openai.com/v1", False, (), False),
            ("https://eu.api.openai.com/v1", False, ("assistant",), False),
            ("http://embedded/v1", True, (), False),
            ("http://embedded/v1", True, ("assistant",), True),
            ("https://gateway.example.com/v1", False, (), True),
        ],
    )
    def test_only_servers_that_may_have_assistants_are_asked(self, bench, url, mirrors_openai, used, lists):
        endpoint = Endpoint(url, httpx2.MockTransport(lambda _request: httpx2.Response(404)), mirrors_openai)
        connection = bench.run(bench.stack.enter_async_context(connect(endpoint, pace=Pace({}))))
        assert ("assistant" in adapters(connection, used)) is lists
        assert {"agent", "file", "vector_store"} <= adapters(connection, used).keys()


@pytest.mark.parametrize(("method", "limit"), [("POST", 300), ("DELETE", 300)])
def test_requests_are_sent_at_the_published_limits(api, order, method, limit):
    transport = api.connection.client._client._transport
    connection = api.bench.connection(transport, dict(A_MINUTE))
    paced = Labelled(ASSISTANTS, connection)
    for number in range(limit + 1):
        work = paced.create(order(**TRIAGE)) if method == "POST" else paced.delete(f"asst_{number}")
        api.run(work)
        assert api.bench.now < 60 or number == limit
    assert api.bench.now >= 60
