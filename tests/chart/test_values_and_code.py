"""The chart's values beside the code that reads them: names, defaults and bounds must not drift apart."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from tests.chart.chart import CHART, merged
from tests.chart.settings_schema import SCHEMA, settings_schemas

import rockseg_api.settings as api_settings
from rockseg_api.settings import MAX_LIFETIME_SECONDS, ApiSettings
from rockseg_core.adapters.kafka.deliveries_settings import group_settings
from rockseg_core.adapters.kafka.settings import kafka_settings
from rockseg_core.adapters.kafka.topic_rules import Wanted, topic_rules
from rockseg_core.adapters.s3.settings import s3_settings
from rockseg_core.adapters.service_variables import SERVICE_VARIABLES
from rockseg_inference import worker
from rockseg_inference.settings import WorkerSettings
from rockseg_inference.settings import from_environment as worker_settings

Objects = list[dict[str, Any]]
Rendered = Callable[..., Objects]


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    return read


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return read


def test_the_schema_knows_every_setting_of_the_services_and_its_bounds(schema: dict[str, Any]) -> None:
    """`python -m tests.chart.settings_schema` writes them anew."""
    assert {name: schema["$defs"][name] for name in settings_schemas()} == settings_schemas()


def test_every_value_is_in_the_schema_and_every_name_of_the_schema_is_a_value(
    values: dict[str, Any], schema: dict[str, Any]
) -> None:
    """Else a value could be set that nothing reads, or read that nobody can find."""
    assert sorted(_names(values, schema)) == sorted(_named(schema, schema))


def test_the_defaults_are_those_of_the_code(values: dict[str, Any], rendered: Rendered) -> None:
    """What the code's own defaults are for is an installation like this one."""
    api, inference = environments(rendered({}))
    code, chart = ApiSettings(), api_settings.from_environment(api)
    same = ("photo_max_bytes", "photo_max_pixels", "lifetime_seconds", "drain_seconds", "object_prefix", "port")
    assert [getattr(chart, name) for name in same] == [getattr(code, name) for name in same]
    assert worker_settings(inference).photo_max_pixels == WorkerSettings().photo_max_pixels
    kafka = kafka_settings({"ROCKSEG_KAFKA_BROKERS": "kafka:9092"})
    assert kafka_settings(api).topics == kafka.topics
    assert kafka_settings(api).group_id == kafka.group_id
    assert kafka_settings(api).send_seconds == kafka.send_seconds
    assert values["limits"]["lifetimeSeconds"] <= MAX_LIFETIME_SECONDS


@pytest.mark.parametrize("path", sorted((CHART / "ci").glob("*-values.yaml")), ids=lambda path: path.stem)
def test_the_services_take_what_the_chart_sets(path: Any, rendered: Rendered) -> None:
    """By the very functions that read the environment at a service's start."""
    given = yaml.safe_load(path.read_text(encoding="utf-8"))
    for environ in environments(rendered(given)):
        assert environ.keys() <= SERVICE_VARIABLES | {"OMP_NUM_THREADS"}
        kafka_settings(environ)
        s3_settings(environ)
        group_settings(environ)
        api_settings.from_environment(environ)
        worker_settings(environ)


def test_a_setting_in_camel_case_becomes_its_variable(rendered: Rendered) -> None:
    api, inference = environments(
        rendered(
            {
                "api": {"settings": {"submitRate": 2.5, "uploadMemoryBytes": 536_870_912}},
                "inference": {"settings": {"kafkaRevokeSeconds": 12, "batchDelaySeconds": 0.001}},
            }
        )
    )
    assert api_settings.from_environment(api).submit_rate == 2.5
    assert api_settings.from_environment(api).upload_memory_bytes == 536_870_912
    assert group_settings(inference).revoke_seconds == 12
    assert worker_settings(inference).batch_delay_seconds == 0.001


def test_a_worker_that_is_told_to_end_has_left_before_it_is_killed(values: dict[str, Any]) -> None:
    """The chart refuses less than drainSeconds and 15: 3 before the drain, what the worker takes after it, and 2."""
    assert 3 + worker._CLOSE_SECONDS + 2 == 15
    own = values["inference"]
    assert own["terminationGracePeriodSeconds"] > own["drainSeconds"] + 15


def test_strimzis_topics_are_what_topics_ensure_would_make(rendered: Rendered) -> None:
    found = rendered({"strimzi": {"cluster": "c", "topics": {"enabled": True}}})
    topics = [made["spec"] for made in found if made["kind"] == "KafkaTopic"]
    wanted = topic_rules(Wanted(16, 3, 2, 86_400.0), 3)
    names = kafka_settings({"ROCKSEG_KAFKA_BROKERS": "kafka:9092"}).topics
    assert {topic["topicName"] for topic in topics} == set(names.values())
    for topic in topics:
        assert {name: _as_kafka(value) for name, value in topic["config"].items()} == {
            name: rule.value for name, rule in wanted.items()
        }


def environments(objects: Objects) -> list[dict[str, str]]:
    """Of the API and of the workers; a Secret's entry stands for itself."""
    found = {}
    for made in objects:
        if made["kind"] == "Deployment":
            (container,) = made["spec"]["template"]["spec"]["containers"]
            found[container["name"]] = {
                variable["name"]: variable.get("value", "from-a-secret") for variable in container["env"]
            }
    return [found["api"], found["inference"]]


def _as_kafka(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _names(values: Any, schema: dict[str, Any], path: str = "") -> Iterator[str]:
    """The paths of all values that are not maps of the user's own."""
    below = _properties(_at(schema, path), schema)
    for name, value in values.items():
        yield f"{path}/{name}"
        assert name in below, f"{path}/{name} is not in the schema"
        if isinstance(value, dict) and not _is_free(path, name) and _properties(below[name], schema):
            yield from _names(value, schema, f"{path}/{name}")


def _named(schema: dict[str, Any], root: dict[str, Any], path: str = "") -> Iterator[str]:
    for name, found in _properties(schema, root).items():
        yield f"{path}/{name}"
        if not _is_free(path, name):
            yield from _named(found, root, f"{path}/{name}")


def _is_free(path: str, name: str) -> bool:
    """Whether a user says there what has no default, or other than the chart's as a whole."""
    overlaid = bool(path) and name in {"kafka", "s3"} and path != "/inference/model"
    return overlaid or name in {"settings", "resources", "timeouts"}


def _at(root: dict[str, Any], path: str) -> dict[str, Any]:
    found = root
    for name in path.split("/")[1:]:
        found = _properties(found, root)[name]
    return found


def _properties(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    properties: dict[str, Any] = schema.get("properties", {})
    return properties


def test_the_comparison_of_names_sees_one_that_is_missing(values: dict[str, Any], schema: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match="apii"):
        list(_names(merged(values, {"apii": {}}), schema))
