"""What applications load: `load` reads a published bundle with nothing but the standard library."""

from reconciler.bundles.bundle import Bundle, load
from reconciler.bundles.documents import BundleError

__all__ = ["Bundle", "BundleError", "load"]
