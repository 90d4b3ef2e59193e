#!/bin/sh
# Gives a Kafka user exactly the permissions that amiwatch needs, with Kafka's own tools.
#
#   KAFKA_HOME=/opt/kafka BOOTSTRAP_SERVERS=broker:9092 PRINCIPAL=User:amiwatch sh Deploy/acls.sh
#
# COMMAND_CONFIG names a file with the administrator's own log-in, for kafka-acls.sh. INPUT_TOPIC and GROUP_ID are
# those of the configuration, FORMATS the formats of alerts beside native: "ocsf ecs". `amiwatch run`, `inventory`, `findings` and `republish` need no more than this;
# CHECKS=1 adds what `amiwatch topics` asks for, CREATES=1 what `amiwatch topics --create` does. Not in it: Write for
# the input (`--feed`) and for another topic (`republish --topic`), Read for the alerts (`--print-alerts`),
# IdempotentWrite for the cluster (brokers before 2.8).
set -eu

: "${KAFKA_HOME:?where Kafka is unpacked}"
: "${PRINCIPAL:?who is given the permissions: User:amiwatch, say}"
bootstrap_servers=${BOOTSTRAP_SERVERS:-localhost:9092}
input=${INPUT_TOPIC:-cloudtrail}
group=${GROUP_ID:-amiwatch}

alerts="--topic amiwatch.alerts"
for format in ${FORMATS:-}; do alerts="$alerts --topic amiwatch.alerts.$format"; done

allow() {
    "$KAFKA_HOME/bin/kafka-acls.sh" --bootstrap-server "$bootstrap_servers" \
        ${COMMAND_CONFIG:+--command-config "$COMMAND_CONFIG"} \
        --add --allow-principal "$PRINCIPAL" --operation "$@"
}

# To read and to write include to describe.
allow Read --topic "$input" --topic amiwatch.events --topic amiwatch.state --topic amiwatch.catalogue \
    --group "$group" --group "$group-intake"
# shellcheck disable=SC2086
allow Write --topic amiwatch.events --topic amiwatch.state --topic amiwatch.catalogue $alerts \
    --topic amiwatch.findings --topic amiwatch.deadletters
# Each worker has one of its own: the group, and its instance_id or something random.
allow Write --transactional-id "$group-" --resource-pattern-type prefixed
if [ "${CHECKS:-${CREATES:-}}" ]; then
    # shellcheck disable=SC2086
    allow DescribeConfigs --topic "$input" --topic amiwatch.events --topic amiwatch.state \
        --topic amiwatch.catalogue $alerts --topic amiwatch.findings --topic amiwatch.deadletters
fi
if [ "${CREATES:-}" ]; then
    # shellcheck disable=SC2086
    allow Create --topic "$input" --topic amiwatch.events --topic amiwatch.state --topic amiwatch.catalogue \
        $alerts --topic amiwatch.findings --topic amiwatch.deadletters
fi
