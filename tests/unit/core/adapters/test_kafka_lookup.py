"""What a look-up believes of a broker that lives in the past; none is connected to."""

import pytest
from aiokafka.errors import LeaderNotAvailableError

from rockseg_core.adapters.kafka.connection import KafkaConnection
from rockseg_core.adapters.kafka.lookup import Lookup
from rockseg_core.adapters.kafka.settings import KafkaSettings
from rockseg_core.ports.feed import Topic


async def test_leaders_of_before_are_not_believed_and_those_of_a_topic_made_anew_are() -> None:
    lookup = Lookup(KafkaConnection(KafkaSettings(brokers="127.0.0.1:9092")), [Topic.JOBS], request_seconds=1)
    lookup._refuse_the_past({("first life", 0): 3, ("first life", 1): 3})
    lookup._refuse_the_past({("first life", 0): 4})
    with pytest.raises(LeaderNotAvailableError):
        lookup._refuse_the_past({("first life", 0): 3, ("first life", 1): 4})
    lookup._refuse_the_past({("first life", 0): 4, ("first life", 1): 3})
    lookup._refuse_the_past({("second life", 0): 0})
    await lookup.close()


async def test_a_cluster_put_back_to_an_earlier_state_is_believed_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lookup = Lookup(KafkaConnection(KafkaSettings(brokers="127.0.0.1:9092")), [Topic.JOBS], request_seconds=1)
    lookup._refuse_the_past({("topic", 0): 8})
    with pytest.raises(LeaderNotAvailableError):
        lookup._refuse_the_past({("topic", 0): 2})
    monkeypatch.setattr("rockseg_core.adapters.kafka.lookup.PAST_SECONDS", 0.0)
    lookup._refuse_the_past({("topic", 0): 2})
    lookup._refuse_the_past({("topic", 0): 2})
    await lookup.close()
