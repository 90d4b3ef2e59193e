# shellcheck shell=bash
# Sourced: what tests take from elsewhere lives for seconds, so nothing is done that pays off later only.
# Kafka's code is not compiled well, and its classes are not read anew each time, where there is an archive of them (kafka-classes).
export KAFKA_JVM_PERFORMANCE_OPTS=${KAFKA_JVM_PERFORMANCE_OPTS:--XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
-XX:SharedArchiveFile=$PWD/.build/kafka-classes.jsa -Xlog:cds=off -Xlog:cds+dynamic=off}
# Of what comes from PyPI little is imported, and compiled then.
export PIP_NO_COMPILE=1
