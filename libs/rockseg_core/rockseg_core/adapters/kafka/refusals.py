"""What brokers say no with, in our words: aiokafka's names for it tell nobody what to change."""

from typing import Final

from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    InconsistentGroupProtocolError,
    InvalidSessionTimeoutError,
    KafkaConnectionError,
    NodeNotReadyError,
    RequestTimedOutError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from rockseg_core.adapters.kafka.settings import PREFIX

_RIGHTS: Final = "docs/kafka-acls.md says what must be allowed"


_SENTENCES: Final[tuple[tuple[tuple[type[Exception], ...], str], ...]] = (
    (
        (UnknownTopicOrPartitionError,),
        f"a topic{{}} is not there, or may not be seen: `rockseg-api topics ensure` makes it, {_RIGHTS}",
    ),
    ((TopicAuthorizationFailedError,), f"this user may not do that with a topic{{}}: {_RIGHTS}"),
    ((GroupAuthorizationFailedError,), f"this user may not do that with the group of {PREFIX}GROUP_ID{{}}: {_RIGHTS}"),
    ((ClusterAuthorizationFailedError,), f"this user may not do that with the cluster{{}}: {_RIGHTS}"),
    (
        (InvalidSessionTimeoutError,),
        f"{PREFIX}SESSION_SECONDS is below the brokers' group.min.session.timeout.ms, or above their group.max",
    ),
    ((InconsistentGroupProtocolError,), f"the group of {PREFIX}GROUP_ID has members that are no workers of rockseg"),
    ((KafkaConnectionError, NodeNotReadyError), f"no broker of {PREFIX}BROKERS answers"),
    ((TimeoutError, RequestTimedOutError), "no answer in time"),
)


def told(error: Exception) -> str:
    """The reason as part of a sentence, whatever a client of Kafka raised: never empty."""
    of = f" ({error.args[0]})" if error.args and isinstance(error.args[0], str) else ""
    sentence = next((sentence for kinds, sentence in _SENTENCES if isinstance(error, kinds)), "")
    return sentence.format(of) or str(error) or type(error).__name__
