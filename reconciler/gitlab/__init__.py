"""Access to GitLab from a job: notes of merge requests, and the drift issue."""

from reconciler.gitlab.client import GitLab, GitLabError, connect
from reconciler.gitlab.notes import close_issue, replace_notes, upsert_issue, upsert_note

__all__ = ["GitLab", "GitLabError", "close_issue", "connect", "replace_notes", "upsert_issue", "upsert_note"]
