"""Kafka behind the ports of the log. aiokafka is imported here and nowhere else."""

from rockseg_core.adapters.kafka.check import check_brokers
from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.feed import KafkaFeed
from rockseg_core.adapters.kafka.log import KafkaLog
from rockseg_core.adapters.kafka.settings import KafkaSettings, kafka_settings, settings_table

__all__ = [
    "KafkaConnection",
    "KafkaFeed",
    "KafkaLog",
    "KafkaSettings",
    "check_brokers",
    "kafka_settings",
    "settings_table",
]
