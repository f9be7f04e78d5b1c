"""The canonical layout of manifests: the order of the fields that all kinds have, indentation and quotes."""

from reconciler.manifests.formatting.documents import formatted

__all__ = ["formatted"]
