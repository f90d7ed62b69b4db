import pytest

from rockseg_core.adapters.kafka.deliveries_settings import GroupSettings, group_settings, group_settings_table
from rockseg_core.domain.errors import SettingsError


def test_nothing_needs_to_be_set() -> None:
    settings = group_settings({})
    assert settings == GroupSettings()
    assert (settings.session_seconds, settings.heartbeat_seconds, settings.revoke_seconds) == (45, 5, 10)


def test_a_rebalance_must_wait_longer_than_a_worker_may_take() -> None:
    with pytest.raises(SettingsError, match="ROCKSEG_KAFKA_REBALANCE_SECONDS must be more than"):
        group_settings({"ROCKSEG_KAFKA_REVOKE_SECONDS": "20"})
    group_settings({"ROCKSEG_KAFKA_REVOKE_SECONDS": "20", "ROCKSEG_KAFKA_REBALANCE_SECONDS": "40"})


def test_a_session_must_outlast_two_heartbeats() -> None:
    with pytest.raises(SettingsError, match="ROCKSEG_KAFKA_HEARTBEAT_SECONDS must be at most half"):
        group_settings({"ROCKSEG_KAFKA_SESSION_SECONDS": "8"})


def test_every_variable_is_in_the_table() -> None:
    table = group_settings_table()
    for field in GroupSettings.__struct_fields__:
        assert f"`ROCKSEG_KAFKA_{field.upper()}`" in table
