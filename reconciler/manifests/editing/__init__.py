"""Changes of values in existing manifests that leave the rest of the text unchanged."""

from reconciler.manifests.editing.edits import UneditableError, edited

__all__ = ["UneditableError", "edited"]
