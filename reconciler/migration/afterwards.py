"""What becomes of threads and runs, which Reconciler does not touch: for the application's developers.

Sources: the guide "Assistants migration", the guide "Migrate from prompt objects", the reference of the Agents API.
"""

from reconciler.migration.model import Case, list_of, mapping_of


def threads(case: Case) -> str:
    """Of an assistant; a prompt had none."""
    if case.target == "agents":
        return "start a session of the agent per thread; old messages go into its first `input`"
    if case.export.kind == "prompt":
        return "prompts have none; a conversation keeps items between responses"
    return "make a conversation per thread: conversations.create(items=…), with the messages that you have saved"


def runs(case: Case) -> str:
    if case.target == "agents":
        called = "; a session that requires action waits for the results of functions" if _has_functions(case) else ""
        return f"send `input` to the session and follow its events{called}"
    called = "; answer each function_call with a function_call_output" if _has_functions(case) else ""
    first = f'responses.create(**bundle.request("assistant/{case.name}"), input=…'
    return f"{first})" if case.export.kind == "prompt" else f"{first}, conversation=…){called}"


def _has_functions(case: Case) -> bool:
    return any(mapping_of(tool).get("type") == "function" for tool in list_of(case.export.value.get("tools")))
