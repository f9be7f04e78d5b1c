"""Hints for fields that other targets or APIs have, and for values that are out of range, by target and path without
indices.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from reconciler.resources.assistants.shared import Extensible
from reconciler.resources.base import Path
from reconciler.resources.problems import Finding

_RUN_TIME: Final = "the application sends it with each request; leave it out of the manifest"
_SERVER: Final = "the API sets it; leave it out of the manifest"

_SERVER_FIELDS: Final = dict.fromkeys(("id", "object", "created_at", "updated_at"), _SERVER)
_INSTRUCTIONS: Final = {
    "system": "write `instructions`",
    "system_prompt": "write `instructions`",
    "prompt": "prompt objects are shut down on 2026-11-30; write the text in `instructions`, or use `$file`",
}
_COMMON: Final = {
    **_SERVER_FIELDS,
    **_INSTRUCTIONS,
    "description": "the API does not have this field; write a comment, or a pair in `metadata`",
    "reasoning_effort": "write `reasoning: {effort: …}`",
    "verbosity": "write `text: {verbosity: …}`",
    "response_format": "write `text: {format: …}`, with `name`, `schema` and `strict` beside `type`",
    "functions": "write `tools` of type `function`",
    "input": _RUN_TIME,
    "messages": _RUN_TIME,
    "conversation": _RUN_TIME,
    "previous_response_id": _RUN_TIME,
    "background": _RUN_TIME,
    "background_options": _RUN_TIME,
    "stream": _RUN_TIME,
    "stream_options": _RUN_TIME,
    "safety_identifier": _RUN_TIME,
    "user": "replaced by `safety_identifier`, which the application sends, and by `prompt_cache_key`",
    "tools.function": "write `name`, `description` and `parameters` beside `type`",
    "text.format.json_schema": "write `schema` beside `type`",
}

_CHAT_ONLY: Final = "only Chat Completions have this parameter; leave it out"
_FILES: Final = "write `tool_resources: {code_interpreter: {file_ids: […]}}`"
_STORE: Final = "write `tool_resources: {file_search: {vector_store_ids: […]}}`"
_IN_FUNCTION: Final = "write it in `function`, beside `type`"
_IN_SCHEMA: Final = "write it in `json_schema`, beside `type`"
_OF_RUNS: Final = (
    "additional_instructions",
    "max_completion_tokens",
    "max_prompt_tokens",
    "messages",
    "parallel_tool_calls",
    "stream",
    "thread",
    "tool_choice",
    "truncation_strategy",
)
"""Parameters of runs."""
_LIMITS: Final = {
    "tools.function.name": "use at most 64 letters, digits, `_` and `-`",
    "response_format.json_schema.name": "use at most 64 letters, digits, `_` and `-`",
    "tool_resources.code_interpreter.file_ids": "add files that are only searched to a VectorStore",
    "tool_resources.file_search.vector_store_ids": "add the files of both to one VectorStore",
}
_SECRETS: Final = "secrets must not be in Git; leave them out: the application adds them"
HINTS: Final[Mapping[str, Mapping[str, str]]] = {
    "agents": {
        **_COMMON,
        "file_ids": "agents do not have files; add them to the environment of the session, or use target `responses`",
        "tool_resources": "agents do not have files; add them to the environment of the session, or use target "
        "`responses`",
        "environment": "the environment is set when a session starts; leave it out",
        "environment_template_id": "the template is set when a session starts; leave it out",
        "vault_ids": "vaults are set when a session starts; leave them out, and select a credential in a tool by "
        "`credential_id`",
        "tools.strict": "functions of agents are never strict; leave it out",
        "tools.server_url": "write `transport: {type: http, server_url: …}`",
        "tools.authorization": "write a `Credential` with the token, and set `credential_id` to its name",
        "tools.transport.authorization": "write a `Credential` with the token, and set `credential_id` to its name",
        "tools.transport.env": "set secrets in the environment of the session, and list their names in `env_vars`",
        "tools.search_context_size": "write `context_size`",
        "tools.user_location": "write `location`",
        "tools.type=retrieval": "agents do not have file search; use target `responses` with `type: file_search`",
    },
    "responses": {
        **_COMMON,
        "name": "requests do not have a name; leave it out: bundles use the name of the manifest",
        "file_ids": "write `container: {type: auto, file_ids: […]}` in the tool `code_interpreter`, or add them to a "
        "VectorStore",
        "tool_resources": "write `vector_store_ids` and `container` in the tools",
        "max_tokens": "write `max_output_tokens`",
        "max_completion_tokens": "write `max_output_tokens`",
        "max_prompt_tokens": "write `truncation: auto` or `context_management`",
        "function_call": "write `tool_choice`",
        **dict.fromkeys(("n", "seed", "stop", "logit_bias", "frequency_penalty", "presence_penalty"), _CHAT_ONLY),
        "logprobs": "write `top_logprobs`",
        "web_search_options": "write a tool of type `web_search`",
        "truncation_strategy": "write `truncation`",
        "prompt_cache_retention": "deprecated; write `prompt_cache_options: {ttl: …}`",
        "prompt_cache_options.prewarm": _RUN_TIME,
        "prompt_cache_options.comparison_response_id": _RUN_TIME,
        "reasoning.generate_summary": "deprecated; write `summary`",
        "tools.authorization": "tokens must not be in Git; leave it out: the application adds it to the request",
        "tools.container.network_policy.domain_secrets": _SECRETS,
        "tools.environment.network_policy.domain_secrets": _SECRETS,
        "tools.transport": "write `server_url` beside `type`",
        "tools.context_size": "write `search_context_size`",
        "tools.location": "write `user_location`",
        "tools.allowed_domains": "write `filters: {allowed_domains: […]}`",
        "tools.type=retrieval": "write `type: file_search`",
    },
    "assistants": {
        **_SERVER_FIELDS,
        **_INSTRUCTIONS,
        "file_ids": f"files belong to tools: {_FILES}, or add them to a VectorStore",
        "vector_store_ids": _STORE,
        "tool_resources.file_ids": "write `code_interpreter: {file_ids: […]}`",
        "tool_resources.vector_store_ids": "write `file_search: {vector_store_ids: […]}`",
        "tool_resources.file_search.vector_stores": "write a VectorStore, and name it in `vector_store_ids`",
        "text": "write `response_format`, with `name`, `schema` and `strict` in `json_schema`",
        "reasoning": "write `reasoning_effort`",
        "functions": "write `tools` of type `function`",
        **dict.fromkeys(("response_format.name", "response_format.schema", "response_format.strict"), _IN_SCHEMA),
        **dict.fromkeys(("tools.name", "tools.description", "tools.parameters", "tools.strict"), _IN_FUNCTION),
        **dict.fromkeys(("tools.max_num_results", "tools.ranking_options"), "write it in `file_search`"),
        "tools.vector_store_ids": _STORE,
        "tools.container": _FILES,
        "tools.type=retrieval": "write `type: file_search`",
        **dict.fromkeys(_OF_RUNS, _RUN_TIME),
        **_LIMITS,
    },
}

_REASONS: Final = {
    _RUN_TIME: "sent by the application with each request",
    _SERVER: "set by the API",
    _CHAT_ONLY: "only in Chat Completions",
    _SECRETS: "must not be in Git; the application adds it to the request",
}
NOT_IN_MANIFESTS: Final[Mapping[str, frozenset[str]]] = {
    "agents": frozenset({"tools.authorization", "tools.transport.authorization", "tools.transport.env"}),
    "responses": frozenset(
        {
            "prompt_cache_options.comparison_response_id",
            "prompt_cache_options.prewarm",
            "tools.container.network_policy.domain_secrets",
            "tools.environment.network_policy.domain_secrets",
        }
    ),
}
"""Nested fields of requests that a manifest does not have, by target. An import leaves them out."""


def why_left_out(target: str, path: str) -> str:
    """Return the reason why an import leaves out the field at `path`; empty if it is not known."""
    hint = HINTS[target].get(path, "")
    return _REASONS.get(hint, hint)


def known_extras(path: Path, part: Extensible, hints: Mapping[str, str]) -> Iterator[Finding]:
    """Yield findings for fields in `extra` that the model or a hint covers."""
    if not part.extra:
        return
    known = {field.alias or name for name, field in type(part).model_fields.items()}
    for key in part.extra:
        if key in known:
            message, hint = f"`{key}` is a supported field", "write it beside `extra`, so that it is validated"
        elif key in hints:
            message, hint = f"`{key}` is not allowed in manifests", hints[key]
        else:
            continue
        yield Finding((*path, "extra", key), "extra-known", message, hint, on_key=True)
