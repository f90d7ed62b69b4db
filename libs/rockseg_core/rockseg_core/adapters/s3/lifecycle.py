"""The bucket's own net below our sweep: one lifecycle rule for `{prefix}jobs/`, merged into the rules that are there.

S3 has no call for a single rule: whoever writes one writes all. So the document is read and written as XML, and rules
of others go back as they came; minio-py's own reader drops what it does not know, such as a second transition.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
"""

import base64
import hashlib
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from xml.etree import ElementTree as ET

from minio import Minio
from minio.error import S3Error

DAY_SECONDS: Final = 86400
NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"
TRANSITIONS: Final = "x-amz-transition-default-minimum-object-size"  # a bucket's own; a put without it resets it


class RuleAction(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    KEPT = "kept"


@dataclass(frozen=True)
class RuleOutcome:
    """What was done, or would be, to the rule `rule_id`; `others` rules were left as they are.

    `shorter_days` is the least number of days after which a rule of somebody else takes our objects, where that is
    before their time.
    """

    action: RuleAction
    rule_id: str
    prefix: str
    days: int
    others: int
    shorter_days: int | None = None


def expiry_days(lifetime_seconds: float) -> int:
    """The net is below the sweep: it takes nothing that a job may still need."""
    return math.ceil(lifetime_seconds / DAY_SECONDS) + 1


def ensure_rule(client: Minio, bucket: str, prefix: str, lifetime_seconds: float, *, dry_run: bool) -> RuleOutcome:
    """Reads the rules, and writes them back where ours is missing or another one. Raises what minio-py raises."""
    document, headers = _read(client, bucket)
    target = f"{prefix}jobs/"
    rule_id = f"rockseg-expiry:{target}"
    wanted = _rule(rule_id, target, expiry_days(lifetime_seconds))
    rules = document.findall("Rule")
    ours = [rule for rule in rules if rule.findtext("ID") == rule_id]
    others = [rule for rule in rules if rule not in ours]
    match ours:
        case [only] if _meaning(only) == _meaning(wanted):
            action = RuleAction.KEPT
        case []:
            action = RuleAction.ADDED
        case _:
            action = RuleAction.CHANGED
    if action is not RuleAction.KEPT and not dry_run:
        for rule in ours:
            document.remove(rule)
        document.append(wanted)
        _write(client, bucket, document, headers)
    shorter = [days for rule in others if (days := _days_for(rule, target)) and days * DAY_SECONDS < lifetime_seconds]
    return RuleOutcome(action, rule_id, target, expiry_days(lifetime_seconds), len(others), min(shorter, default=None))


def rule_is_there(client: Minio, bucket: str, prefix: str) -> bool:
    """Whether some rule, ours or another, has everything below `{prefix}jobs/` expire. Raises what minio-py raises."""
    document, _ = _read(client, bucket)
    return any(_days_for(rule, f"{prefix}jobs/") for rule in document.findall("Rule"))


def _read(client: Minio, bucket: str) -> tuple[ET.Element, dict[str, str]]:
    """The document without namespaces in its tags, and the headers that must go back with it."""
    try:
        response = client._execute("GET", bucket, query_params={"lifecycle": ""})  # noqa: SLF001  # see above: XML
    except S3Error as error:
        if error.code != "NoSuchLifecycleConfiguration":
            raise
        return ET.Element("LifecycleConfiguration"), {}
    document = ET.fromstring(response.data.decode())  # noqa: S314  # of the store that we trust with everything
    for element in document.iter():
        element.tag = element.tag.rpartition("}")[2]
    return document, {name: value for name in (TRANSITIONS,) if (value := response.headers.get(name))}


def _write(client: Minio, bucket: str, document: ET.Element, headers: dict[str, str]) -> None:
    document.set("xmlns", NAMESPACE)
    body: bytes = ET.tostring(document)
    checksum = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()  # the call requires it
    client._execute(  # noqa: SLF001  # see above: XML
        "PUT", bucket, body=body, headers={"Content-MD5": checksum, **headers}, query_params={"lifecycle": ""}
    )


def _rule(rule_id: str, prefix: str, days: int) -> ET.Element:
    """Old versions go after a day: where somebody has the bucket versioned, a deletion alone removes nothing."""
    rule = ET.Element("Rule")
    ET.SubElement(rule, "ID").text = rule_id
    ET.SubElement(ET.SubElement(rule, "Filter"), "Prefix").text = prefix
    ET.SubElement(rule, "Status").text = "Enabled"
    ET.SubElement(ET.SubElement(rule, "Expiration"), "Days").text = str(days)
    ET.SubElement(ET.SubElement(rule, "NoncurrentVersionExpiration"), "NoncurrentDays").text = "1"
    return rule


def _meaning(rule: ET.Element) -> list[tuple[str, str]]:
    """What a rule says, whatever the order and the spaces it is written with."""
    return sorted((element.tag, (element.text or "").strip()) for element in rule.iter() if not len(element))


def _days_for(rule: ET.Element, prefix: str) -> int | None:
    """After how many days an enabled rule takes everything below `prefix`; None where it does not."""
    narrowed = rule.find("Filter//Tag") is not None or rule.find("Filter//ObjectSizeGreaterThan") is not None
    narrowed = narrowed or rule.find("Filter//ObjectSizeLessThan") is not None
    begins = rule.findtext("Filter/Prefix") or rule.findtext("Filter/And/Prefix") or rule.findtext("Prefix") or ""
    days = rule.findtext("Expiration/Days")
    if rule.findtext("Status") != "Enabled" or narrowed or not days or not prefix.startswith(begins):
        return None
    return int(days)
