"""`migrate`: exports of Assistants (shut down on 2026-08-26) and of prompt objects (end on 2026-11-30) as manifests."""
