from tests.real.kafka_topics import admin, fresh_topics


async def test_topics_of_a_test_are_there_with_the_partitions_asked_for(kafka_bootstrap: str) -> None:
    settings = await fresh_topics(kafka_bootstrap, 3)
    async with admin(settings) as client:
        topics = await client.describe_topics(list(settings.topics.values()))
    assert [len(topic["partitions"]) for topic in topics] == [3, 3, 3]
