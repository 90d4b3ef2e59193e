"""Counts four calls on a topic: a regular expression finds candidates, orjson reads them. One thread."""

import re
import sys

import orjson
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

servers, topic, partitions, messages = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
pattern = re.compile(rb'"eventName"\s*:\s*"(?:RunInstances|ModifyImageAttribute|CreateImage|CreateTags)"')
consumer = Consumer(
    {
        "bootstrap.servers": servers,
        "group.id": "peer",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "isolation.level": "read_committed",
        "fetch.wait.max.ms": 50,
        # Otherwise a full queue pauses fetching for a second each time.
        "queued.max.messages.kbytes": 1_000_000,
        "fetch.queue.backoff.ms": 1,
    }
)
consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in range(partitions)])
read = 0
ends = 0
counts = {}
while ends < partitions:
    for message in consumer.consume(1024, 0.05):
        if message.error():
            assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
            ends += 1
            continue
        read += 1
        value = message.value()
        if pattern.search(value):
            record = orjson.loads(value)
            if record["eventSource"] == "ec2.amazonaws.com":
                counts[record["eventName"]] = counts.get(record["eventName"], 0) + 1
consumer.close()
assert read == messages, f"{read} messages instead of {messages}"
print(read, counts)
