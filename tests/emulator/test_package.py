import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.emulator import Settings, create_app
from reconciler.emulator.resources import endpoints


def test_import_loads_neither_starlette_nor_the_sdk():
    code = "import sys, reconciler.emulator; print(*{'openai', 'starlette', 'uvicorn', 'sqlite3'} & sys.modules.keys())"
    imported = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert imported.stdout == "\n"


def test_missing_extra_raises_import_error(monkeypatch):
    for name in [name for name in sys.modules if name.startswith(("reconciler.emulator.", "starlette"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "starlette", None)
    with pytest.raises(ImportError, match="starlette"):
        create_app(Settings())


def test_new_module_in_resources_is_registered(monkeypatch, tmp_path):
    """Later tests of this process import modules of the same names, so that this one is forgotten."""
    (tmp_path / "only_here.py").write_text(
        "from reconciler.emulator.api import Endpoint\n"
        "ENDPOINTS = [Endpoint(method='GET', path='/v1/only_here', handle=lambda call: {'object': 'list'})]\n"
    )
    from reconciler.emulator import resources

    monkeypatch.setattr(resources, "__path__", [*resources.__path__, str(tmp_path)])
    assert "/v1/only_here" in {endpoint.path for endpoint in endpoints()}
    assert sys.modules.pop(f"{resources.__name__}.only_here")
    assert Path(resources.__file__).name == "__init__.py"
