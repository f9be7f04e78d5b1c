"""Settings of all tests: a clean environment, checked JSON documents, and the options `--full` and `--fail-on-skip`."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support import bare_environment, budget
from tests.support.documents import check_printed_documents
from tests.support.servers import bucket, database, postgres_server, s3_server

__all__ = ["bare_environment", "bucket", "database", "postgres_server", "s3_server"]

# The profile draws the same examples in every run, so that a failure is caused by the change under test.
settings.load_profile("ci")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fail-on-skip", action="store_true", help="Count every skipped test as failed.")
    parser.addoption("--full", action="store_true", help="Run long tests with the full number of generated examples.")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return the number of workers for `-n auto`: 1.5 per core, because tests wait for servers, disks and clocks."""
    return (os.cpu_count() or 1) * 3 // 2


def pytest_configure(config: pytest.Config) -> None:
    budget.configure(config)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the results that tests announced: seeds, counts and coverage."""
    reports = (one for group in ("passed", "failed") for one in terminalreporter.stats.get(group, ()))
    results = [
        f"{one.nodeid}: {text}" for one in reports for name, text in one.user_properties if name == budget.RESULT
    ]
    if results:
        terminalreporter.section("generated examples")
        terminalreporter.write_line("\n".join(results))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    outcome = yield
    report = outcome.get_result()
    if item.config.getoption("--fail-on-skip") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, with --fail-on-skip: {report.longrepr[2]}"


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector: pytest.Collector):
    """Report a skipped module as failed with --fail-on-skip."""
    outcome = yield
    report = outcome.get_result()
    if collector.config.getoption("--fail-on-skip") and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped, with --fail-on-skip: {report.longrepr[2]}"


@pytest.fixture(autouse=True)
def printed_documents(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Check every JSON document that a command prints, or writes with --out, against its schema in `schemas/`."""
    found = check_printed_documents(monkeypatch)
    yield
    assert not found
