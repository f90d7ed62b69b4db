"""Access keys that may do only what docs/s3-policy.md says."""

import json
import re
import secrets
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import urllib3
from minio import MinioAdmin
from minio.credentials.providers import StaticProvider
from tests.real.s3_server import S3Server

DOCUMENT = Path(__file__).parents[2] / "docs" / "s3-policy.md"
Role = Literal["api", "inference", "ensure", "retry"]


def documented_policy(role: Role, bucket: str, prefix: str) -> dict[str, Any]:
    text = DOCUMENT.read_text(encoding="utf-8")
    (block,) = re.findall(rf"<!-- policy: {role} -->\n```json\n(.*?)```", text, flags=re.DOTALL)
    filled: dict[str, Any] = json.loads(block.replace("BUCKET", bucket).replace("PREFIX", prefix))
    return filled


def limited_key(server: S3Server, role: Role, bucket: str, prefix: str = "") -> S3Server:
    """The same server with a new key under that role's policy. Only on a MinIO: keys are made in each store's way."""
    limited = replace(server, access_key=f"rockseg-{secrets.token_hex(6)}", secret_key=secrets.token_hex(16))
    http = urllib3.PoolManager(timeout=10.0, ca_certs=str(server.ca_file)) if server.ca_file else None
    admin = MinioAdmin(
        endpoint=server.address,
        credentials=StaticProvider(server.access_key, server.secret_key),
        region=server.region,
        secure=server.endpoint.startswith("https"),
        http_client=http,
    )
    admin.user_add(limited.access_key, limited.secret_key)
    admin.policy_add(limited.access_key, policy=documented_policy(role, bucket, prefix))
    admin.attach_policy([limited.access_key], user=limited.access_key)
    return limited
