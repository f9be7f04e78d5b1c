"""Reading of YAML files as typed resources, with the file, line and column of each value."""

from reconciler.manifests.folder import find_project
from reconciler.manifests.loading import Loaded, load
from reconciler.manifests.project import Project
from reconciler.manifests.project_settings import ProjectSpec
from reconciler.manifests.references import Dangling

__all__ = ["Dangling", "Loaded", "Project", "ProjectSpec", "find_project", "load"]
