"""The same API on a socket."""

import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from openai import OpenAI

SERVER = """
from reconciler.emulator import Settings
from reconciler.emulator.serve import serve

serve(Settings(), "127.0.0.1", 0, lambda url: print(url, flush=True))
print("done", flush=True)
"""


@pytest.fixture
def server() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_sdk_over_a_socket(server, ending):
    assert server.stdout
    url = server.stdout.readline().strip()
    assert url.startswith("http://127.0.0.1:")
    with OpenAI(api_key="key", base_url=url, max_retries=0) as sdk:
        agent = sdk.beta.agents.create(model="gpt-5", name="bot")
        file = sdk.files.create(file=("guide.md", b"x" * 1_000_000), purpose="assistants")
        store = sdk.vector_stores.create(name="kb", file_ids=[file.id])
        assert [found.id for found in sdk.beta.agents.list()] == [agent.id]
        assert sdk.vector_stores.retrieve(store.id).usage_bytes == 1_000_000
        server.send_signal(ending)
        out, complaints = server.communicate(timeout=20)
    assert (server.returncode, out, complaints) == (0, "done\n", "")


def test_an_answer_does_not_wait_for_the_acknowledgement_of_its_own_head(server):
    assert server.stdout

    def seconds(sdk: OpenAI) -> float:
        begin = time.monotonic()
        sdk.models.list()
        return time.monotonic() - begin

    with OpenAI(api_key="key", base_url=server.stdout.readline().strip(), max_retries=0) as sdk:
        times = [seconds(sdk) for _ in range(30)]
    assert statistics.quantiles(times)[0] < 0.035  # an acknowledgement is put off for 40 ms
