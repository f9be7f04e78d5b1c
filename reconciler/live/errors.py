"""What can go wrong at OpenAI, as far as callers tell it apart."""

from reconciler.resources.problems import ReconcilerError


class LiveError(ReconcilerError):
    """The API refused, could not be reached, or answered what nobody understands."""


class MissingError(LiveError):
    """There is no such object (404): deleted, of another OpenAI project, or never made."""


class QuotaError(LiveError):
    """Credit or a spending limit is used up: trying again does not help, and nothing else will succeed either."""


class UnknownOutcomeError(LiveError):
    """Nobody can tell whether the request was carried out; look for its effect before sending it again."""
