"""Rules that MinIO cannot have and Amazon can: what goes back is what came, word for word."""

from types import SimpleNamespace
from typing import Any, cast
from xml.etree import ElementTree as ET

from minio import Minio

from rockseg_core.adapters.s3.lifecycle import RuleAction, ensure_rule

THEIRS = (
    "<Rule><ID>archive</ID><Filter><And><Prefix>logs/</Prefix><ObjectSizeGreaterThan>500</ObjectSizeGreaterThan></And>"
    "</Filter><Status>Enabled</Status><Transition><Days>30</Days><StorageClass>STANDARD_IA</StorageClass></Transition>"
    "<Transition><Days>90</Days><StorageClass>GLACIER</StorageClass></Transition><SomethingNew>x</SomethingNew></Rule>"
)
DOCUMENT = f'<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{THEIRS}</LifecycleConfiguration>'


class Bucket:
    """Gives and takes a lifecycle document, as minio-py's one door for requests does."""

    def __init__(self, document: str) -> None:
        self.document, self.headers = document, {"x-amz-transition-default-minimum-object-size": "varies"}
        self.puts = 0

    def _execute(self, method: str, _bucket: str, **options: Any) -> Any:
        if method == "PUT":
            self.puts += 1
            self.document, self.headers = options["body"].decode(), options["headers"]
        return SimpleNamespace(data=self.document.encode(), headers=self.headers)


def parsed(bucket: Bucket) -> ET.Element:
    return ET.fromstring(bucket.document)  # noqa: S314  # our own document


def test_a_foreign_rule_goes_back_as_it_came_with_the_setting_that_stands_beside_it() -> None:
    bucket = Bucket(DOCUMENT)
    outcome = ensure_rule(cast("Minio", bucket), "cores", "", 86400.0, dry_run=False)
    assert (outcome.action, outcome.others, outcome.shorter_days) == (RuleAction.ADDED, 1, None)
    assert THEIRS in bucket.document
    assert bucket.headers["x-amz-transition-default-minimum-object-size"] == "varies"
    names = [element.tag for element in parsed(bucket)]
    assert names == ["{http://s3.amazonaws.com/doc/2006-03-01/}Rule"] * 2


def test_our_rule_in_another_order_and_layout_is_the_same_rule() -> None:
    bucket = Bucket(DOCUMENT)
    ensure_rule(cast("Minio", bucket), "cores", "", 86400.0, dry_run=False)
    root = parsed(bucket)
    ours = root[1]
    ours[:] = reversed(list(ours))
    ET.indent(root)
    bucket.document = ET.tostring(root, encoding="unicode")
    assert ensure_rule(cast("Minio", bucket), "cores", "", 86400.0, dry_run=False).action is RuleAction.KEPT
    assert bucket.puts == 1
