from typing import Any

from rockseg_core.domain.errors import LogUnavailableError


def check_fetching(consumer: Any) -> None:
    """Raises LogUnavailableError where an AIOKafkaConsumer's fetching has ended for good.

    aiokafka 0.14 tells nobody: after an unforeseen error in its background task, `getmany` finds nothing, for ever.
    """
    if consumer._fetcher.error_future.done():  # noqa: SLF001 - it has no public way to ask
        raise LogUnavailableError("reading from the log has ended")
