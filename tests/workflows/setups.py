"""Projects, and sources of Reconciler, for which CI files are written."""

import sys
from dataclasses import replace
from pathlib import Path

from reconciler.workflows import Setup, Source

BIN = Path(sys.executable).parent
ACTION = Source(uses=f"acme-platform/reconciler/setup@{'a' * 40}")
LOCKED = Source(requirement="./vendor/r.whl --hash=sha256:00", locks={"base": "b\n", "s3": "s\n", "postgres": "p\n"})
GIT = Setup(
    "bots", ("staging", "production"), "main", "https://api.openai.com/v1", "git:reconciler-state?remote=origin"
)
S3 = replace(GIT, state="s3://acme/bots?region=eu-west-1", extras=frozenset({"s3"}), on_aws=True)
MINIO = replace(S3, on_aws=False)
POSTGRES = replace(GIT, state="postgres:?schema=reconciler", extras=frozenset({"postgres"}))
SECRETS = replace(GIT, manifest_secrets=("CRM_TOKEN", "METER_API_KEY"))
WHOLE = replace(GIT, project=".", environments=())
SETUPS = {"git": GIT, "s3": S3, "minio": MINIO, "postgres": POSTGRES, "secrets": SECRETS, "whole": WHOLE}
