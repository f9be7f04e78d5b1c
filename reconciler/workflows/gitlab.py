"""The pipeline for GitLab CI: one file that `.gitlab-ci.yml` includes."""

import json
import shlex
from typing import Final

from reconciler.project.endpoint import is_embedded
from reconciler.project.secrets import ALLOWED
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.workflows.model import Setup, check_environments, pattern
from reconciler.workflows.source import EXPLAINED, Source
from reconciler.workflows.templates import filled

ROOT: Final = ".gitlab-ci.yml"
FOLDER: Final = ".gitlab"
_LOGIN: Final = """
- |
  # Log in to AWS as a role, if the variable AWS_ROLE_ARN names one.
  if [ -n "$AWS_ROLE_ARN" ]; then
    printf '%s' "$RECONCILER_AWS_TOKEN" >"$work/aws-token"
    export AWS_WEB_IDENTITY_TOKEN_FILE="$work/aws-token"
  fi
"""
_OIDC: Final = "id_tokens:\n  RECONCILER_AWS_TOKEN: {aud: sts.amazonaws.com}\n"
_VALIDATE_ONLY: Final = """
- |
  if [ -z "{credentials}" ]; then
    reconciler validate -C @PROJECT@
    reason="reading the state in {backend} requires variables, which this job cannot access."
    echo "The manifests are valid. There is no plan: $reason"
    exit 0
  fi
"""


def pipeline(setup: Setup, source: Source) -> dict[str, str]:
    """Return the texts of the files by their paths in the repository.

    Raises ReconcilerError for an action of GitHub, for the embedded API, which jobs of GitLab do not keep, and if two
    environments of GitLab would have one name.
    """
    if source.uses:
        message = f"{source.uses} is an action, which only GitHub runs; nothing was written"
        raise ReconcilerError(Problem("source", message, hint=EXPLAINED["gitlab"]))
    if is_embedded(setup.endpoint):
        message = "the embedded API is on this machine, and jobs of GitLab do not keep it; nothing was written"
        hint = "Remove `endpoint: embedded` from project.yaml, or pass --ci github, which keeps it between runs."
        raise ReconcilerError(Problem("embedded-in-ci", message, hint=hint))
    check_environments(setup)
    requirements = f"{FOLDER}/{setup.prefix}-requirements.txt"
    blocks = _blocks(setup)
    shared = {
        "PREFIX": setup.prefix,
        "REQUIREMENTS": requirements,
        "BRANCH": json.dumps(setup.branch)[1:-1],
        "PROJECT": shlex.quote(setup.project),
    }
    text = filled("gitlab/common.yml", blocks, shared)
    for entry in setup.entries:
        values = {**shared, "NAME": setup.environment(entry), "ENV": json.dumps(entry)}
        text += filled("gitlab/environment.yml", blocks, values)
    drifts = json.dumps([f"{setup.environment(entry)}-drift" for entry in setup.entries])
    text += filled("gitlab/pages.yml", blocks, {**shared, "DRIFTS": drifts})
    return {f"{FOLDER}/{setup.prefix}.yml": text, requirements: source.requirements(setup.extras)}


def including(setup: Setup) -> str:
    """Return the content of a `.gitlab-ci.yml` that includes the pipeline."""
    return f"workflow:\n  rules:\n    {_RULES}\ninclude:\n  - local: {FOLDER}/{setup.prefix}.yml\n"


_RULES: Final = """\
- if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"""


def _blocks(setup: Setup) -> dict[str, str]:
    env = {
        "RECONCILER_ENDPOINT": setup.endpoint,
        "RECONCILER_STATE": setup.state,
        "RECONCILER_OUTLETS": setup.outlets,
        "RECONCILER_PEER_STATES": setup.peer_states,
    }
    changes = json.dumps([f"{pattern(setup.project)}/**/*", f"{FOLDER}/{setup.prefix}*"])
    return {
        "origin": f"# Written by `reconciler init --ci gitlab`. Project: {setup.project}",
        "env": "\n".join(f"{name}: {json.dumps(value)}" for name, value in env.items() if value or "PEER" not in name),
        "oidc": _OIDC if setup.on_aws else "",
        "login": _LOGIN if setup.on_aws else "",
        "changes": f"changes: {changes}" if setup.project != "." else "",
        "manifest-secrets": f"{ALLOWED}: {json.dumps(','.join(names))}" if (names := setup.manifest_secrets) else "",
        "validate-only": _validate_only(setup),
    }


def _validate_only(setup: Setup) -> str:
    backend = setup.state.partition(":")[0]
    aws = "$AWS_ACCESS_KEY_ID" + ("$AWS_ROLE_ARN" if setup.on_aws else "")
    credentials = {"s3": aws, "postgres": "$RECONCILER_POSTGRES_DSN"}.get(backend)
    return _VALIDATE_ONLY.format(credentials=credentials, backend=backend) if credentials else ""
