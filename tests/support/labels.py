"""Labels that Reconciler cannot have written: the address is not one that an object of the type has."""

WRONG = [
    ("agent", "chatbot/bot"),
    ("agent", "weird/kind"),
    ("agent", "vectorstore/kb"),
    ("agent", "agent/triage"),
    ("agent", "file/kb/a.md"),
    ("agent", "release/support@1"),
    ("agent", "pipeline/flow"),
    ("agent", "consent/yes"),
    ("agent", "assistant/triage@0123456789ab"),
    ("agent", "assistant/triage@support.0"),
    ("agent", "assistant/triage@support@3"),
    ("agent", "assistant/triage@"),
    ("agent", "assistant/Triage of Ann"),
    ("agent", "assistant/../triage"),
    ("agent", "assistant/" + "a" * 64),
    ("agent", "triage"),
    ("agent", "/"),
    ("vector_store", "assistant/triage"),
    ("vector_store", "vector_store/kb"),
    ("vector_store", "vectorstore/kb@support.3"),
    ("vector_store", "vectorstore/kb@0123456789AB"),
    ("vector_store", "chatbot/bot"),
]
"""Pairs of a type and an address."""
