"""`import`: write manifests for live objects. Live objects are not changed, and files are not overwritten."""

from reconciler.importing.live_objects import import_live
from reconciler.importing.model import Imported, Origin, Skipped
from reconciler.importing.requests import import_requests, import_responses

__all__ = ["Imported", "Origin", "Skipped", "import_live", "import_requests", "import_responses"]
