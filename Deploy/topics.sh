#!/bin/sh
# Creates amiwatch's topics with Kafka's own tools, for those who manage topics outside amiwatch.
# (`amiwatch topics --create` does the same without Java.)
#
#   KAFKA_HOME=/opt/kafka BOOTSTRAP_SERVERS=broker:9092 sh Deploy/topics.sh
#
# PARTITIONS is the most workers that can share the load, and cannot be changed later. REPLICATION 3 is what the
# exactly-once promise asks for; 1 is for trying things on a single broker. FORMATS names the formats of the configuration
# beside native: "ocsf ecs".
set -eu

: "${KAFKA_HOME:?where Kafka is unpacked}"
bootstrap_servers=${BOOTSTRAP_SERVERS:-localhost:9092}
partitions=${PARTITIONS:-12}
replication=${REPLICATION:-3}
input=${INPUT_TOPIC:-cloudtrail}

in_sync=1
if [ "$replication" -ge 3 ]; then in_sync=2; fi
day=86400000

create() {
    topic=$1
    shift
    "$KAFKA_HOME/bin/kafka-topics.sh" --bootstrap-server "$bootstrap_servers" --create --if-not-exists \
        --topic "$topic" --partitions "$partitions" --replication-factor "$replication" \
        --config "min.insync.replicas=$in_sync" --config unclean.leader.election.enable=false \
        --config max.message.bytes=1048588 "$@"
}

# Only the topics of state and findings are compacted: elsewhere compaction would delete what nobody has read yet.
create "$input" --config cleanup.policy=delete --config "retention.ms=$((7 * day))"
create amiwatch.events --config cleanup.policy=delete --config "retention.ms=$((7 * day))"
create amiwatch.state --config cleanup.policy=compact --config "delete.retention.ms=$((7 * day))"
create amiwatch.catalogue --config cleanup.policy=compact --config "delete.retention.ms=$((7 * day))"
create amiwatch.alerts --config cleanup.policy=delete --config "retention.ms=$((30 * day))"
# One more for each further format in alerts.formats: amiwatch.alerts.ocsf and so on.
for format in ${FORMATS:-}; do
    create "amiwatch.alerts.$format" --config cleanup.policy=delete --config "retention.ms=$((30 * day))"
done
create amiwatch.findings --config cleanup.policy=compact --config "delete.retention.ms=$((7 * day))"
create amiwatch.deadletters --config cleanup.policy=delete --config "retention.ms=$((30 * day))"
