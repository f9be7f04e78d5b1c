"""What to write instead of fields that users know from elsewhere, by target and path (indices left out)."""

from collections.abc import Mapping
from typing import Final

_RUN_TIME: Final = "the application passes it with each request; leave it out"
_SERVER: Final = "the API sets it; leave it out"

_COMMON: Final = {
    "id": _SERVER,
    "object": _SERVER,
    "created_at": _SERVER,
    "updated_at": _SERVER,
    "description": "no such field at the API; write a comment, or a pair in `metadata`",
    "system": "write `instructions`",
    "system_prompt": "write `instructions`",
    "prompt": "prompt objects end on 2026-11-30; write the text as `instructions`, by `{$file: …}` if it is long",
    "reasoning_effort": "write `reasoning: {effort: …}`",
    "verbosity": "write `text: {verbosity: …}`",
    "response_format": "write `text: {format: …}`; name, schema and strict stand beside type there",
    "functions": "write them as `tools` of type function",
    "input": _RUN_TIME,
    "messages": _RUN_TIME,
    "conversation": _RUN_TIME,
    "previous_response_id": _RUN_TIME,
    "background": _RUN_TIME,
    "stream": _RUN_TIME,
    "stream_options": _RUN_TIME,
    "safety_identifier": _RUN_TIME,
    "user": "replaced by `safety_identifier`, which the application passes, and by `prompt_cache_key`",
    "tools.function": "no nesting: write name, description and parameters beside type",
    "text.format.json_schema": "no nesting: write schema beside type",
}

HINTS: Final[Mapping[str, Mapping[str, str]]] = {
    "agents": {
        **_COMMON,
        "file_ids": "an agent has no files; its session's environment has, or use target responses",
        "tool_resources": "an agent has no files; its session's environment has, or use target responses",
        "environment": "an environment is chosen when a session starts",
        "environment_template_id": "a template is chosen when a session starts",
        "vault_ids": "vaults are chosen when a session starts; a tool names one credential as `credential_id`",
        "tools.strict": "functions of agents are never strict; leave it out",
        "tools.server_url": "write `transport: {type: http, server_url: …}`",
        "tools.authorization": "put the token into a vault credential and name that as `credential_id`",
        "tools.transport.authorization": "put the token into a vault credential and name that as `credential_id`",
        "tools.transport.env": "put secrets into the session's environment and their names into `env_vars`",
        "tools.search_context_size": "write `context_size`",
        "tools.user_location": "write `location`",
        "tools.type=retrieval": "an agent has no file search; use target responses with file_search",
    },
    "responses": {
        **_COMMON,
        "name": "a request has no name; the manifest's is used for bundles",
        "file_ids": "write them as `container: {type: auto, file_ids: […]}` of code_interpreter, or put them into a "
        "VectorStore",
        "tool_resources": "write `vector_store_ids` and `container` in the tools themselves",
        "max_tokens": "write `max_output_tokens`",
        "max_completion_tokens": "write `max_output_tokens`",
        "max_prompt_tokens": "write `truncation: auto` or `context_management`",
        "function_call": "write `tool_choice`",
        "truncation_strategy": "write `truncation`",
        "prompt_cache_retention": "deprecated; write `prompt_cache_options: {ttl: …}`",
        "prompt_cache_options.prewarm": _RUN_TIME,
        "prompt_cache_options.comparison_response_id": _RUN_TIME,
        "reasoning.generate_summary": "deprecated; write `summary`",
        "tools.authorization": "a token does not belong into Git; the application adds it to the request",
        "tools.container.network_policy.domain_secrets": "secrets do not belong into Git; the application adds them",
        "tools.environment.network_policy.domain_secrets": "secrets do not belong into Git; the application adds them",
        "tools.transport": "write `server_url` beside type",
        "tools.context_size": "write `search_context_size`",
        "tools.location": "write `user_location`",
        "tools.allowed_domains": "write `filters: {allowed_domains: […]}`",
        "tools.type=retrieval": "write `type: file_search`",
    },
}
