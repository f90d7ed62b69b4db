"""The object store on S3: MinIO, SeaweedFS, Ceph, AWS and the like."""

from rockseg_core.adapters.s3.lifecycle import RuleAction, RuleOutcome
from rockseg_core.adapters.s3.profile import API_PROFILE, WORKER_PROFILE, Profile
from rockseg_core.adapters.s3.settings import S3Settings, s3_settings
from rockseg_core.adapters.s3.store import S3Store

__all__ = [
    "API_PROFILE",
    "WORKER_PROFILE",
    "Profile",
    "RuleAction",
    "RuleOutcome",
    "S3Settings",
    "S3Store",
    "s3_settings",
]
