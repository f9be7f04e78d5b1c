"""Tools of request bodies."""

import json

import pytest

from reconciler.importing.request_tools import written_tools

TEXT = {"type": "string"}
OPEN = {"type": "object", "properties": {"order": TEXT}, "required": ["order"]}
CLOSED = OPEN | {"additionalProperties": False}


def function(**given):
    return {"type": "function", "name": "refund", **given}


class TestStrict:
    @pytest.mark.parametrize(
        ("given", "parameters", "strict"),
        [
            ({"parameters": CLOSED}, CLOSED, True),
            ({"parameters": OPEN}, CLOSED, True),
            ({"parameters": OPEN | {"required": []}}, OPEN | {"required": []}, False),
            ({"parameters": CLOSED | {"additionalProperties": True}}, CLOSED | {"additionalProperties": True}, False),
            ({}, None, True),
        ],
        ids=["strict", "open", "optional", "more allowed", "no parameters"],
    )
    def test_it_is_written_and_said_where_it_is_omitted(self, given, parameters, strict):
        written = written_tools([function(**given)])
        assert written.tools == [function(parameters=parameters, strict=strict)]
        (note,) = written.notes
        assert f"`strict: {str(strict).lower()}`" in note
        assert ("additionalProperties" in note) == (parameters == CLOSED and given["parameters"] == OPEN)

    @pytest.mark.parametrize("strict", [True, False, None])
    def test_it_is_kept_where_it_is_given(self, strict):
        written = written_tools([function(parameters=OPEN, strict=strict)])
        assert written == ([function(parameters=OPEN, strict=strict)], (), ())


class TestSecrets:
    def server(self, **given):
        return {"type": "mcp", "server_label": "crm", "server_url": "https://mcp.example.com/a?team=b", **given}

    @pytest.mark.parametrize(
        ("given", "left_out"),
        [
            ({"authorization": "s3cret"}, "`authorization`"),
            ({"headers": {"Authorization": "Bearer s3cret"}}, "header `Authorization`"),
            ({"headers": {"x-api-key": "s3cret", "X-Team": "a"}}, "header `x-api-key`"),
            ({"server_url": "https://me:s3cret@mcp.example.com/a?team=b"}, "the secret in `server_url`"),
            ({"server_url": "https://mcp.example.com/a?team=b&token=s3cret"}, "the secret in `server_url`"),
        ],
    )
    def test_a_secret_is_left_out_and_named(self, given, left_out):
        (tool,), (loss,), _ = written_tools([self.server(**given)])
        assert "s3cret" not in json.dumps(tool)
        assert "s3cret" not in loss
        assert loss.startswith(f"{left_out} of MCP server crm")
        assert tool["server_url"] == "https://mcp.example.com/a?team=b"
        assert tool.get("headers", {"X-Team": "a"}) == {"X-Team": "a"}

    def test_a_secret_of_an_agent_is_left_out_and_named_with_its_place(self):
        url = "https://me:s3cret@mcp.example.com/a?team=b"
        transport = {"type": "http", "server_url": url, "headers": {"X-Api-Key": "s3cret", "X-Team": "a"}}
        tool = {"type": "mcp", "server_label": "crm", "transport": transport}
        (written,), losses, _ = written_tools([tool], "agents")
        assert written["transport"] == {
            "type": "http",
            "server_url": "https://mcp.example.com/a?team=b",
            "headers": {"X-Team": "a"},
        }
        assert [loss.partition(" of ")[0] for loss in losses] == ["header `X-Api-Key`", "the secret in `server_url`"]
        assert all("set `credential_id` to its name" in loss for loss in losses)

    def test_a_server_without_secrets_is_kept(self):
        tool = self.server(headers={"X-Team": "a"})
        assert written_tools([tool]) == ([tool], (), ())
