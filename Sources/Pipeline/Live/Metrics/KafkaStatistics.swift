import CloudTrail

/// What matters of librdkafka's statistics of one client
/// (https://github.com/confluentinc/librdkafka/blob/v2.0.2/STATISTICS.md).
struct KafkaStatistics: Sendable, Equatable {
    /// Messages that wait to be sent, with those on their way.
    var queued = 0
    var messagesSent = 0
    var messageBytesSent = 0
    var messagesReceived = 0
    var messageBytesReceived = 0
    /// Brokers that it is connected to.
    var brokersUp = 0
    /// Requests that had no answer in time.
    var requestTimeouts = 0
    /// Connections that were lost.
    var disconnects = 0
    /// The slowest broker's mean time for an answer, in seconds, over the last interval.
    var roundTrip = 0.0
    var rebalances = 0

    /// Reads librdkafka's JSON; nil when it is none.
    init?(_ json: [UInt8]) {
        let parser = JSONParser(depth: 16)
        let isRead = json.withUnsafeBytes { bytes in
            guard let root = try? parser.parse(bytes), root.isObject else { return false }
            read(root)
            return true
        }
        guard isRead else { return nil }
    }

    private mutating func read(_ root: JSONValue) {
        queued = root.number("msg_cnt")
        messagesSent = root.number("txmsgs")
        messageBytesSent = root.number("txmsg_bytes")
        messagesReceived = root.number("rxmsgs")
        messageBytesReceived = root.number("rxmsg_bytes")
        rebalances = root.member("cgrp")?.number("rebalance_cnt") ?? 0
        if let brokers = root.member("brokers") {
            for (_, broker) in brokers.members { read(broker: broker) }
        }
    }

    private mutating func read(broker: JSONValue) {
        requestTimeouts += broker.number("req_timeouts")
        disconnects += broker.number("disconnects")
        // Bootstrap addresses and group coordinators are entries of their own for brokers that are there already.
        guard broker.number("nodeid") >= 0 else { return }
        if broker.member("state")?.scalar == "UP" { brokersUp += 1 }
        roundTrip = max(roundTrip, Double(broker.member("rtt")?.number("avg") ?? 0) / 1_000_000)
    }
}

extension JSONValue {
    fileprivate func number(_ name: StaticString) -> Int { Int(member(name)?.integer ?? 0) }
}
