import Kafka

/// What a static member does that was told that it is fenced: that another one has joined its group with its name.
///
/// Once that may be the member itself. When a session times out on it, librdkafka forgets the member's id and joins
/// again; a heartbeat that is still on the way with the old id is then answered like that of a stranger. For the client
/// that is fatal, and a new client is as good as new. Again within the session time-out it is another process.
struct Fencing {
    private let role: String
    private let group: String
    private let instanceID: String
    private let sessionTimeout: Duration
    private var last: ContinuousClock.Instant?

    /// Of a member with this configuration.
    init(_ member: KafkaConfiguration, role: String) {
        self.role = role
        group = member["group.id"] ?? ""
        instanceID = member["group.instance.id"] ?? ""
        sessionTimeout = member.sessionTimeout
    }

    /// Notes that the member was fenced, and says so when it may join again.
    ///
    /// - Throws: `RunFailure` when it must not.
    mutating func note(_ log: RunLog, now: ContinuousClock.Instant = .now) throws {
        if let last, now - last < sessionTimeout {
            throw RunFailure(
                "another process with instance_id \(instanceID) is in consumer group \(group): it has taken this "
                    + "worker's place twice within the session time-out",
                advice: "stop one of the two, or give each worker an instance_id of its own",
                cause: nil
            )
        }
        last = now
        log.warning(
            "fenced in the consumer group by a member with the same instance_id; joining it again",
            ["role": .text(role), "group": .text(group)]
        )
    }
}

extension KafkaConfiguration {
    fileprivate var sessionTimeout: Duration {
        .milliseconds(self["session.timeout.ms"].flatMap { Int($0) } ?? 45_000)
    }

    /// How long a static member that is gone keeps its partitions; no time for any other member, which leaves its group.
    var longestAbsence: Duration { self["group.instance.id"] == nil ? .zero : sessionTimeout }
}
