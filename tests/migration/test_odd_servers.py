"""Damaged answers of a server: a migration either fails with a message, or writes a valid project."""

import json
from contextlib import suppress
from pathlib import Path

import pytest

from reconciler.manifests import load
from reconciler.migration.from_server import migrate_live
from reconciler.migration.threads import convert_live
from reconciler.resources.problems import ReconcilerError
from tests.support.mutations import mutations
from tests.support.old_server import old_server

KEY = {"RECONCILER_SOURCE_API_KEY": "sk-old"}
SEEDS = 25


def answers() -> dict[str, object]:
    """Return the answers about one assistant that has everything."""
    entry = {"id": "file-1", "object": "vector_store.file", "status": "completed", "attributes": {"a": "b", "n": 7}}
    chunking = {"type": "static", "static": {"max_chunk_size_tokens": 400, "chunk_overlap_tokens": 100}}
    tools = [
        {"type": "file_search", "file_search": {"ranking_options": {"score_threshold": 0.5, "ranker": "auto"}}},
        {"type": "code_interpreter"},
        {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}},
    ]
    resources = {"file_search": {"vector_store_ids": ["vs_1"]}, "code_interpreter": {"file_ids": ["file-1"]}}
    assistant = {"id": "asst_1", "object": "assistant", "created_at": 1, "name": "Desk", "model": "gpt-6-luna"}
    store = {"id": "vs_1", "object": "vector_store", "name": "Handbook", "status": "completed", "metadata": {"a": "b"}}
    message = {"id": "msg_1", "object": "thread.message", "created_at": 1, "role": "user", "metadata": {}}
    text = [{"type": "text", "text": {"value": "Hi", "annotations": [{"type": "file_path"}]}}]
    return {
        "/v1/assistants": page({**assistant, "tools": tools, "tool_resources": resources, "metadata": {"a": "b"}}),
        "/v1/vector_stores/vs_1": store | {"expires_after": {"anchor": "last_active_at", "days": 7}},
        "/v1/vector_stores/vs_1/files": page({**entry, "chunking_strategy": chunking}),
        "/v1/files/file-1": {"id": "file-1", "object": "file", "filename": "a.md", "bytes": 1},
        "/v1/threads/thread_1": {"id": "thread_1", "object": "thread", "metadata": {"a": "b"}},
        "/v1/threads/thread_1/messages": page({**message, "content": text}),
    }


def page(*items: object) -> dict[str, object]:
    return {"object": "list", "data": list(items), "has_more": False}


@pytest.mark.parametrize("path", answers())
def test_a_damaged_answer_is_refused_or_gives_a_valid_project(path, tmp_path, monkeypatch):
    monkeypatch.setattr("reconciler.live.client.ATTEMPTS", 1)
    with old_server() as server:
        server.answers = {one: (200, body) for one, body in answers().items()}
        server.answers["/v1/files/file-1/content"] = (200, b"x")
        for seed, body in enumerate(mutations(answers()[path], 7, SEEDS)):
            server.answers[path] = (200, body)
            folder = tmp_path / str(seed)
            with suppress(ReconcilerError):
                if "/threads/" in path:
                    for line in convert_live(server.url, ["thread_1"], environ=KEY).lines.splitlines():
                        assert json.loads(line).keys() == {"items", "metadata"}
                else:
                    migrate_live(server.url, (), "responses", into=folder, environ=KEY)
            assert errors(folder) == []


def errors(folder: Path) -> list[str]:
    if not (folder / "project.yaml").exists():
        return []
    return [str(problem) for problem in load(folder, env=None).problems if problem.severity == "error"]
