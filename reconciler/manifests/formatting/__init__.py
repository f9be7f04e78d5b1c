"""The canonical layout of manifests: the order of the fields that all kinds have, indentation and quotes."""

from reconciler.manifests.formatting.documents import format_documents, formatted

__all__ = ["format_documents", "formatted"]
