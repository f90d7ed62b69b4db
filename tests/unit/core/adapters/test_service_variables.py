import structlog

from rockseg_api.settings import ApiSettings
from rockseg_core.adapters.kafka.deliveries_settings import GroupSettings
from rockseg_core.adapters.kafka.settings import KafkaSettings
from rockseg_core.adapters.s3.settings import S3Settings
from rockseg_core.adapters.service_variables import SERVICE_VARIABLES, warn_of_unknown
from rockseg_core.codec.unknown_variables import variables_of
from rockseg_inference.process import ProcessSettings
from rockseg_inference.settings import WorkerSettings


def test_the_variables_of_the_services_are_those_of_their_settings() -> None:
    kafka = variables_of(KafkaSettings, "ROCKSEG_KAFKA_") | variables_of(GroupSettings, "ROCKSEG_KAFKA_")
    own = variables_of(ApiSettings) | variables_of(WorkerSettings) | variables_of(ProcessSettings)
    assert own | kafka | variables_of(S3Settings, "ROCKSEG_S3_") | {"ROCKSEG_LOG_LEVEL"} == SERVICE_VARIABLES


def test_a_variable_that_nothing_reads_is_told_with_the_nearest_name() -> None:
    environ = dict.fromkeys(SERVICE_VARIABLES, "x") | {
        "ROCKSEG_KAFKA_BROKER": "one:9092",
        "ROCKSEG_WIBBLE_WOBBLE_XYZ_QQQQQQ": "1",
        "ROCKSEG_API_SERVICE_HOST": "10.0.0.1",
        "ROCKSEG_API_PORT": "tcp://10.0.0.1:80",
        "ROCKSEG_API_PORT_80_TCP_ADDR": "10.0.0.1",
        "ROCKSEG_REQUIRE_REAL": "1",
        "HOME": "/",
    }
    with structlog.testing.capture_logs() as logs:
        warn_of_unknown(environ)
    assert [(line["variable"], line["did_you_mean"]) for line in logs] == [
        ("ROCKSEG_KAFKA_BROKER", "ROCKSEG_KAFKA_BROKERS"),
        ("ROCKSEG_WIBBLE_WOBBLE_XYZ_QQQQQQ", None),
    ]
