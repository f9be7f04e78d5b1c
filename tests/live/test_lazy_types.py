"""Tests of the SDK without the modules of its types: fewer modules, and the same names as ever."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BEGIN = """
import json, pkgutil, sys
from reconciler.live.lazy_types import import_openai
def packages(module):
    yield module
    for found in pkgutil.iter_modules(module.__path__, f"{module.__name__}."):
        if found.ispkg:
            yield from packages(__import__(found.name, fromlist=["_"]))
"""
LAZY = f"{BEGIN}\nimport_openai(); import openai"
EAGER = f"{BEGIN}\nimport openai"
NAMES = "print(json.dumps({one.__name__: dir(one) for one in packages(openai.types)}))"


def printed(*lines: str, folder: Path | None = None):
    """Return what a program prints as JSON, with the SDK of `folder` or the installed one."""
    program = "\n".join(([f"import sys; sys.path.insert(0, {str(folder)!r})"] if folder else []) + list(lines))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module", params=["installed", pytest.param("newest", marks=pytest.mark.long)])
def sdk(request, tmp_path_factory):
    """The folder with the SDK: None for the installed one."""
    if request.param == "installed":
        return None
    folder = tmp_path_factory.mktemp("sdk")
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--upgrade",
        "--target",
        str(folder),
        "openai<4",
    ]
    subprocess.run(install, check=True)
    return folder


def test_a_request_imports_few_modules_of_types(sdk):
    client = "openai.AsyncOpenAI(api_key='sk-test')"
    count = "print(len([name for name in sys.modules if name.startswith('openai.types')]))"
    assert printed(LAZY, client, count, folder=sdk) < 70 < 400 < printed(EAGER, client, count, folder=sdk)


def test_every_package_has_the_names_that_it_has_without(sdk):
    assert printed(LAZY, NAMES, folder=sdk) == printed(EAGER, NAMES, folder=sdk)


def test_a_name_that_is_imported_alone_is_that_of_the_package(sdk):
    public = printed(
        EAGER, "print(json.dumps([name for name in dir(openai.types.chat) if name[0] != '_']))", folder=sdk
    )
    alone = f"alone = [getattr(openai.types.chat, name) for name in {public}]"
    together = f"dir(openai.types.chat); together = [vars(openai.types.chat)[name] for name in {public}]"
    same = "print(json.dumps(all(one is other for one, other in zip(alone, together, strict=True))))"
    assert printed(LAZY, alone, together, same, folder=sdk)


@pytest.mark.parametrize(
    "use",
    [
        "from openai.types.beta.agent_create_params import AgentCreateParams as found",
        "from openai.types.responses import Response as found",
        "found = openai.types.FileObject",
        "found = openai.resources.beta.agents.AsyncAgents",
        "from openai.types.responses import *; found = Response",
    ],
)
def test_types_are_used_as_ever(sdk, use):
    shown = "print(json.dumps([found.__module__, found.__name__]))"
    assert printed(LAZY, use, shown, folder=sdk) == printed(EAGER, use, shown, folder=sdk)


def test_an_unknown_name_is_an_attribute_error(sdk):
    program = "try:\n    openai.types.Nothing\nexcept AttributeError as error:\n    print(json.dumps(str(error)))"
    assert "Nothing" in printed(LAZY, program, folder=sdk)


def test_an_sdk_that_was_imported_before_stays_as_it_is(sdk):
    begun = "import openai; before = dict(sys.modules)"
    assert printed(BEGIN, begun, LAZY, "print(json.dumps(before == dict(sys.modules)))", folder=sdk) is True


def test_other_imports_are_found_as_ever():
    assert (
        printed(LAZY, "import decimal", "print(json.dumps(len([one for one in sys.meta_path if 'lazy' in repr(one)])))")
        == 0
    )
