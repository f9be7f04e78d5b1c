"""Connections to the API of a project, and to the embedded one."""

import asyncio
from contextlib import nullcontext
from pathlib import Path

import pytest
from openai import NotFoundError

from reconciler.manifests import Project, ProjectSpec
from reconciler.project.connection import open_connection
from reconciler.project.endpoint import EMBEDDED, WITH_ASSISTANTS
from reconciler.resources.address import Identity
from reconciler.resources.problems import Place
from reconciler.resources.store_files import WRITES


@pytest.mark.parametrize(("endpoint", "served"), [(EMBEDDED, False), (WITH_ASSISTANTS, True)])
@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
def test_the_assistants_api_is_embedded_on_request(tmp_path, endpoint, served):
    root = Project(tmp_path, tmp_path, Identity("acme"), ProjectSpec(), Place("project.yaml"))

    async def list_assistants() -> None:
        async with open_connection(root, endpoint) as connection:
            await connection.client.beta.assistants.list()

    with nullcontext() if served else pytest.raises(NotFoundError):
        asyncio.run(list_assistants())


def test_a_vector_store_is_written_to_as_often_as_openai_allows(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    project = Project(Path(), Path(), Identity("acme"), ProjectSpec(), Place("project.yaml"))

    async def write() -> None:
        async with open_connection(project, "http://127.0.0.1:1/v1") as connection:
            for _ in range(300):
                async with connection.pace.turn(WRITES.of("vs_1")):
                    pass
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05), connection.pace.turn(WRITES.of("vs_1")):
                    pass

    asyncio.run(write())
