from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from streams.local.kafka import KafkaServer
from streams.settings import Settings
from streams.topic_admin import create_topics
from streams.topics import TRADES


async def test_killed_broker_comes_back_with_its_data_on_the_same_port() -> None:
    async with KafkaServer() as kafka:
        settings = Settings(kafka_bootstrap=kafka.bootstrap, kafka_partitions=2)
        await create_topics(settings)
        name = settings.topic(TRADES)
        async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all") as producer:
            await producer.send_and_wait(name, b"[1]", partition=1)
        await kafka.kill()
        assert kafka.pid is None
        await kafka.restart()
        assert kafka.bootstrap == settings.kafka_bootstrap
        async with AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap) as consumer:
            consumer.assign([TopicPartition(name, 1)])
            await consumer.seek_to_beginning()
            assert (await consumer.getone()).value == b"[1]"
