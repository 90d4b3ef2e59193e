# shellcheck shell=bash
# Sourced: what tests take from elsewhere lives for seconds, so nothing is done that pays off later only.
# Kafka's code is not compiled well, and its classes are not read anew each time, where there is an archive of them (kafka-classes).
java_options="-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
# Kafka's scripts split them at spaces.
[[ $PWD == *" "* ]] || java_options+=" -XX:SharedArchiveFile=$PWD/.build/kafka-classes.jsa -Xlog:cds=off -Xlog:cds+dynamic=off"
export KAFKA_JVM_PERFORMANCE_OPTS=${KAFKA_JVM_PERFORMANCE_OPTS:-$java_options}
# Of what comes from PyPI little is imported, and compiled then.
export PIP_NO_COMPILE=1
