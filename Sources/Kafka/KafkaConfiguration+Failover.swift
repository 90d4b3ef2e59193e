extension KafkaConfiguration {
    /// How soon a client notices that a leader has moved, and that a broker is gone or frozen.
    ///
    /// librdkafka's own defaults are those of a network that is slow and a cluster that seldom changes: five minutes
    /// for a moved leader that nothing has told of, a minute for a request that a frozen broker does not answer.
    static let failover: KafkaConfiguration = [
        "topic.metadata.refresh.interval.ms": "5000",
        // librdkafka would take three times the interval, and forget all topics when no broker answers for so long.
        "metadata.max.age.ms": "900000",
        "reconnect.backoff.max.ms": "1000",
        "socket.connection.setup.timeout.ms": "10000",
        "socket.timeout.ms": "10000",
    ]

    /// The same for a transactional producer, whose `socket.timeout.ms` librdkafka derives from the transaction's.
    static let transactionalFailover: KafkaConfiguration = {
        var result = failover
        result["socket.timeout.ms"] = nil
        return result
    }()
}
