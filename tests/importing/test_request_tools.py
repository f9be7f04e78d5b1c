"""Tools of request bodies, and bodies of other APIs."""

import json
import shlex
import subprocess
import sys

import pytest

from reconciler.importing.request_tools import of_chat_completions, written_tools
from reconciler.importing.requests import import_requests

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

    def test_a_server_without_secrets_is_kept(self):
        tool = self.server(headers={"X-Team": "a"})
        assert written_tools([tool]) == ([tool], (), ())


class TestOtherApis:
    @pytest.mark.parametrize(
        ("body", "fields"),
        [
            ({"messages": []}, ["`messages`"]),
            ({"tools": [{"type": "function", "function": {"name": "a"}}]}, ["`tools` with `function` inside"]),
            ({"functions": []}, ["`functions`"]),
            ({"input": "Hi", "tools": [function()]}, []),
            ({"tools": [{"type": "function", "name": "a", "parameters": {"function": {}}}]}, []),
        ],
    )
    def test_they_are_recognised_by_their_fields(self, body, fields):
        assert [*of_chat_completions(body)] == fields

    def test_a_body_of_chat_completions_is_refused_with_a_command_that_converts_it(self, tmp_path):
        body = {
            "model": "gpt-6-luna",
            "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}],
            "n": 1,
            "stop": ["END"],
            "tools": [{"type": "function", "function": {"name": "refund", "parameters": OPEN}}],
            "tool_choice": {"type": "function", "function": {"name": "refund"}},
        }
        file = tmp_path / "our bot.json"
        file.write_text(json.dumps(body))
        done = import_requests(tmp_path, {}, files=[file], into=tmp_path / "here")
        (problem,) = done.problems
        assert (done.written, problem.code) == ((), "other-api")
        command = shlex.split(problem.hint.removeprefix("Run: "))
        assert command[:2] == ["reconciler", "migrate"]
        into = tmp_path / "migrated"
        arguments = [*command[1:], "--offline", "--into", str(into)]
        subprocess.run([sys.executable, "-m", "reconciler.cli.main", *arguments], check=True, capture_output=True)
        (manifest,) = (into / "assistants").iterdir()
        assert "name: refund" in manifest.read_text()
        assert "Be kind." in "".join(file.read_text() for file in (into / "prompts").iterdir())
