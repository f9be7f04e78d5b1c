"""Reading of YAML files as typed resources, with the file, line and column of each value.

The names here are imported at their first use: commands that read the state use modules of this package, and need no
kinds, which take most of the time to start.
"""

from typing import TYPE_CHECKING, Any

__all__ = ["Dangling", "Loaded", "Project", "ProjectSpec", "find_project", "load"]

if TYPE_CHECKING:
    from reconciler.manifests.folder import find_project
    from reconciler.manifests.loading import Loaded, load
    from reconciler.manifests.project import Project
    from reconciler.manifests.project_settings import ProjectSpec
    from reconciler.manifests.references import Dangling
else:
    from importlib import import_module

    _MODULES = {
        "Dangling": "references",
        "Loaded": "loading",
        "Project": "project",
        "ProjectSpec": "project_settings",
        "find_project": "folder",
        "load": "loading",
    }

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
