"""The interface for applications: `load` reads a published bundle, using only the standard library."""

from reconciler.bundles.bundle import Bundle, load
from reconciler.bundles.documents import BundleError

__all__ = ["Bundle", "BundleError", "load"]
