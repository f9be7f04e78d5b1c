"""`import`: what is live becomes manifests. Nothing live is changed, and no file is overwritten."""

from reconciler.importing.configurations import import_requests, import_responses
from reconciler.importing.live import import_live
from reconciler.importing.model import Imported, Origin, Skipped

__all__ = ["Imported", "Origin", "Skipped", "import_live", "import_requests", "import_responses"]
