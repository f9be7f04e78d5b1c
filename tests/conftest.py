"""What holds for every test: an environment of its own, and skips that are failures where everything is installed."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.documents import check_printed_documents
from tests.support.servers import bucket, database, postgres_server, s3_server

__all__ = ["bucket", "database", "postgres_server", "s3_server"]

# The same examples each time: a change is judged by what it does, not by the draw of the day.
settings.load_profile("ci")

PREFIXES = ("RECONCILER_", "OPENAI_", "CI", "GITHUB_", "GITLAB_", "AWS_", "PG")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fail-on-skip", action="store_true", help="Count every skipped test as failed.")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """For `-n auto`, half as many again as there are cores: much of a run is waiting for servers, disks and clocks."""
    return (os.cpu_count() or 1) * 3 // 2


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    outcome = yield
    report = outcome.get_result()
    if item.config.getoption("--fail-on-skip") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, with --fail-on-skip: {report.longrepr[2]}"


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector: pytest.Collector):
    """Whole modules that skip themselves."""
    outcome = yield
    report = outcome.get_result()
    if collector.config.getoption("--fail-on-skip") and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped, with --fail-on-skip: {report.longrepr[2]}"


@pytest.fixture(autouse=True)
def printed_documents(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every JSON document that a command of this test prints, or writes with --out, is as `schemas/` says."""
    found = check_printed_documents(monkeypatch)
    yield
    assert not found


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the key, the endpoint or the CI job of whoever runs it."""
    for name in [name for name in os.environ if name.startswith(PREFIXES)]:
        monkeypatch.delenv(name)
