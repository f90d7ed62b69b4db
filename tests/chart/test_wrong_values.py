"""Values that somebody will write one day, and the sentence that tells what is wrong with them."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.chart.chart import FOUR, Ran, merged

Values = dict[str, Any]
Render = Callable[..., Ran]

SASL: Values = {"securityProtocol": "SASL_SSL", "sasl": {"username": "rockseg"}}

MISSING = [
    ("kafka", "kafka.brokers is not set: the brokers to begin with"),
    ("s3", "s3.endpoint is not set: the object store"),
    ("existingSecret", "existingSecret is not set: the Secret that holds the API keys"),
]

# Types, bounds and names, by the schema: `at '/kafka/brokers': …`
MISFITS: list[tuple[Values, str]] = [
    ({"kafka": {"brokers": "kafka"}}, "'/kafka/brokers': 'kafka' does not match"),
    ({"kafka": {"brokers": "http://kafka:9092"}}, "'/kafka/brokers'"),
    ({"kafka": {"securityProtocol": "TLS"}}, "'/kafka/securityProtocol': value must be one of"),
    ({"kafka": {"sasl": {"mechanism": "GSSAPI"}}}, "'/kafka/sasl/mechanism': value must be one of"),
    ({"kafka": {"sasl": {"password": "s3cret"}}}, "'/kafka/sasl': additional properties 'password' not allowed"),
    ({"kafka": {"topics": {"jobs": "rock seg"}}}, "'/kafka/topics/jobs'"),
    ({"kafka": {"topics": {"partitions": 0}}}, "'/kafka/topics/partitions': minimum: got 0"),
    ({"s3": {"endpoint": "s3.example.org"}}, "'/s3/endpoint'"),
    ({"s3": {"endpoint": "https://s3.example.org/bucket"}}, "'/s3/endpoint'"),
    ({"s3": {"bucket": "My_Bucket"}}, "'/s3/bucket'"),
    ({"s3": {"prefix": "/cores"}}, "'/s3/prefix'"),
    ({"s3": {"credentials": {"type": "static"}}}, "'/s3/credentials/type': value must be one of"),
    ({"s3": {"secretKey": "s3cret"}}, "'/s3': additional properties 'secretKey' not allowed"),
    ({"limits": {"lifetimeSeconds": 700_000}}, "'/limits/lifetimeSeconds': maximum: got 700,000, want 604,800"),
    ({"replicas": 3}, "additional properties 'replicas' not allowed"),
    ({"api": {"replicas": 0}}, "'/api/replicas': minimum: got 0, want 1"),
    ({"api": {"replicas": "two"}}, "'/api/replicas': got string, want integer"),
    ({"api": {"image": {"digest": "9f86d081"}}}, "'/api/image/digest'"),
    ({"api": {"image": {"tag": 1.2}}}, "'/api/image/tag': got number, want string"),
    ({"api": {"settings": {"submitRates": 3}}}, "'/api/settings': additional properties 'submitRates' not allowed"),
    ({"api": {"settings": {"queueShare": 2}}}, "'/api/settings/queueShare': maximum: got 2, want 1"),
    ({"api": {"view": {"size": "lots"}}}, "'/api/view/size'"),
    ({"api": {"extraVolumes": [{"name": "tmp", "emptyDir": {}}]}}, "'/api/extraVolumes/0/name'"),
    ({"inference": {"model": {"source": "huggingface"}}}, "'/inference/model/source': value must be one of"),
    ({"inference": {"settings": {"batchTiles": 0}}}, "'/inference/settings/batchTiles': minimum: got 0, want 1"),
    ({"inference": {"gpu": {"resource": "gpu"}}}, "'/inference/gpu/resource'"),
    ({"networkPolicy": {"dnsPorts": []}}, "'/networkPolicy/dnsPorts': minItems: got 0, want 1"),
    ({"console": {"tmpSize": "lots"}}, "'/console/tmpSize'"),
    ({"inference": {"maxUnavailable": "a few"}}, "'/inference/maxUnavailable'"),
    ({"podSecurity": {"runAsUser": 0}}, "'/podSecurity/runAsUser': minimum: got 0, want 1"),
    ({"ingress": {"host": "https://cores.example.org"}}, "'/ingress/host'"),
    ({"logLevel": "verbose"}, "'/logLevel': value must be one of"),
    ({"httpRoute": {"timeouts": {"request": "5 minutes"}}}, "'/httpRoute/timeouts/request'"),
]

# What does not fit together, by a sentence of the chart's own.
CLASHES: list[tuple[Values, str]] = [
    (
        {"kafka": {"securityProtocol": "SASL_SSL"}},
        "kafka.sasl.username is not set, and kafka.securityProtocol=SASL_SSL",
    ),
    ({"kafka": {"sasl": {"username": "rockseg"}}}, "kafka.securityProtocol=PLAINTEXT uses no SASL"),
    ({"api": {"kafka": {"sasl": {"username": "rockseg"}}}}, "(for api) kafka.sasl.username is set, but"),
    (
        {"console": {"enabled": True, "kafka": {"sasl": {"username": "rockseg"}}}},
        "(for console) kafka.sasl.username is set, but",
    ),
    ({"kafka": {"tls": {"ca": {"secret": "ca"}}}}, "kafka.securityProtocol=PLAINTEXT uses no TLS"),
    (
        {"kafka": {"securityProtocol": "SSL", "tls": {"ca": {"secret": "ca", "configMap": "ca"}}}},
        "kafka.tls.ca names a Secret and a ConfigMap: choose one",
    ),
    (
        {"kafka": {"securityProtocol": "SASL_SSL", "sasl": {"mechanism": "OAUTHBEARER"}}},
        "kafka.sasl.tokenAudience is not set",
    ),
    (
        {
            "kafka": {"securityProtocol": "SASL_SSL", "sasl": {"mechanism": "OAUTHBEARER", "tokenAudience": "kafka"}},
            "inference": {"keda": {"enabled": True}},
        },
        "inference.keda.authentication.existingName is not set",
    ),
    (
        {"existingSecret": "", "api": {"keys": {"existingSecret": "keys"}}},
        "no Secret is named for the keys of the store",
    ),
    (
        {"existingSecret": "", "api": {"keys": {"existingSecret": "keys"}}, "kafka": SASL},
        "no Secret is named for the password of Kafka",
    ),
    (
        {"s3": {"endpoint": "http://minio:9000", "ca": {"secret": "ca"}}},
        "s3.ca is set, and s3.endpoint does not begin with https://",
    ),
    ({"s3": {"ca": {"secret": "ca", "configMap": "ca"}}}, "s3.ca names a Secret and a ConfigMap: choose one"),
    ({"api": {"drainSeconds": 30}}, "api.terminationGracePeriodSeconds=45 must be more than"),
    ({"api": {"preStopSeconds": 20}}, "api.drainSeconds and 5 together (45)"),
    ({"inference": {"drainSeconds": 55}}, "inference.terminationGracePeriodSeconds=70 must be more than"),
    ({"inference": {"terminationGracePeriodSeconds": 30}}, "a worker that is killed costs its jobs an attempt"),
    ({"limits": {"photoMaxBytes": 536_870_912}}, "the largest photo would never fit"),
    ({"inference": {"settings": {"kafkaRevokeSeconds": 25}}}, "inference.settings.kafkaRebalanceSeconds must be more"),
    ({"inference": {"settings": {"kafkaHeartbeatSeconds": 23, "kafkaRebalanceSeconds": 60}}}, "at most half of"),
    ({"inference": {"model": {"source": "ociVolume"}}}, "inference.model.ociVolume.reference is not set"),
    ({"inference": {"model": {"source": "claim"}}}, "inference.model.claim.name is not set"),
    ({"inference": {"model": {"source": "s3"}}}, "inference.model.s3.path is not set"),
    ({"inference": {"gpu": {"runtimeClassName": "nvidia"}}}, "inference.gpu.enabled is not"),
    (
        {"inference": {"gpu": {"enabled": True}, "resources": {"limits": {"nvidia.com/gpu": 1}}}},
        "inference.resources names nvidia.com/gpu, which inference.gpu.count sets: choose one",
    ),
    ({"inference": {"resources": {"limits": {"nvidia.com/gpu": 1}}}}, "the image without CUDA would not use it"),
    ({"inference": {"maxUnavailable": 0}}, "a rollout could not begin"),
    (
        {"api": {"extraEnv": [{"name": "ROCKSEG_PORT", "value": "1"}]}},
        "api.extraEnv sets ROCKSEG_PORT, which the chart",
    ),
    (
        {"inference": {"extraEnv": [{"name": "X", "value": "1"}, {"name": "X", "value": "2"}]}},
        "inference.extraEnv sets X",
    ),
    (
        {"setup": {"extraEnv": [{"name": "ROCKSEG_LIFETIME_SECONDS", "value": "1"}]}},
        "setup.extraEnv sets ROCKSEG_LIFETIME",
    ),
    ({"api": {"autoscaling": {"enabled": True, "minReplicas": 9}}}, "minReplicas=9 is more than api.autoscaling.max"),
    (
        {"api": {"autoscaling": {"enabled": True}, "resources": {"requests": {"cpu": None}}}},
        "api.resources.requests.cpu is not set: there is nothing to take a share of",
    ),
    ({"inference": {"keda": {"enabled": True, "maxReplicas": 9}}}, "inference.keda.maxReplicas=9 is more than half of"),
    ({"inference": {"replicas": 9}}, "inference.replicas=9 is more than half of kafka.topics.partitions=16"),
    ({"inference": {"keda": {"enabled": True, "minReplicas": 9}}}, "inference.keda.minReplicas=9 is more than"),
    ({"inference": {"keda": {"enabled": True, "fallback": {"replicas": 9}}}}, "inference.keda.fallback.replicas=9 is"),
    ({"kafka": {"topics": {"minInsyncReplicas": 4}}}, "kafka.topics.minInsyncReplicas=4 is more than"),
    ({"kafka": {"topics": {"jobs": "rockseg.job-events"}}}, "must be three names"),
    ({"strimzi": {"topics": {"enabled": True}}}, "strimzi.cluster is not set"),
    (
        {"strimzi": {"cluster": "c", "users": {"enabled": True}}},
        "strimzi.users.authentication=scram-sha-512 needs kafka.securityProtocol=SASL_SSL or SASL_PLAINTEXT",
    ),
    (
        {"strimzi": {"cluster": "c", "topics": {"enabled": True}, "users": {"enabled": True}}, "kafka": SASL},
        "kafka.sasl.username is set, and strimzi.users makes users of its own: choose one",
    ),
    (
        {"strimzi": {"cluster": "c", "users": {"enabled": True, "authentication": "tls"}}},
        "set strimzi.topics.enabled=true or setup.topics.enabled=false",
    ),
    (
        {"strimzi": {"cluster": "c", "namespace": "kafka", "users": {"enabled": True}}},
        "strimzi.users makes Secrets in the namespace kafka, which pods in default cannot see",
    ),
    ({"httpRoute": {"host": "cores.example.org"}}, "httpRoute.parentRefs is not set"),
    ({"httpRoute": {"parentRefs": [{"name": "public"}]}}, "httpRoute.host is not set"),
    (
        {"monitoring": {"podMonitor": {"enabled": True}, "serviceMonitor": {"enabled": True}}},
        "every pod would be scraped twice",
    ),
    ({"setup": {"deadlineSeconds": 300}}, "setup.deadlineSeconds=300 must be below 300, Helm's own time-out"),
]


@pytest.mark.parametrize(("values", "sentence"), MISFITS, ids=[str(values) for values, _ in MISFITS])
def test_a_value_that_fits_nothing_is_named_with_what_it_should_be(
    values: Values, sentence: str, helm_template: Render
) -> None:
    refused = helm_template(merged(FOUR, values))

    assert refused.returncode != 0
    assert sentence in refused.stderr


@pytest.mark.parametrize(("values", "sentence"), CLASHES, ids=[str(values) for values, _ in CLASHES])
def test_values_that_do_not_fit_each_other_are_refused_with_a_sentence(
    values: Values, sentence: str, helm_template: Render
) -> None:
    refused = helm_template(merged(FOUR, values))

    assert refused.returncode != 0
    assert "The values of rockseg do not fit each other:" in refused.stderr
    assert sentence in refused.stderr


@pytest.mark.parametrize(("name", "sentence"), MISSING)
def test_each_value_that_an_installation_needs_is_asked_for(name: str, sentence: str, helm_template: Render) -> None:
    refused = helm_template({key: value for key, value in FOUR.items() if key != name})

    assert refused.returncode != 0
    assert sentence in refused.stderr


def test_all_that_is_wrong_is_told_at_once(helm_template: Render) -> None:
    refused = helm_template({})

    assert all(sentence in refused.stderr for _, sentence in MISSING)


def test_four_values_are_enough(helm_template: Render) -> None:
    sets = [
        "--set=kafka.brokers=kafka:9092",
        "--set=s3.endpoint=https://s3.example.org",
        "--set=existingSecret=rockseg",
        "--set=ingress.host=cores.example.org",
    ]

    assert helm_template({}, *sets).returncode == 0
