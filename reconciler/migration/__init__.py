"""`migrate`: manifests from exports of Assistants (shut down on 2026-08-26) and prompt objects (until 2026-11-30)."""
