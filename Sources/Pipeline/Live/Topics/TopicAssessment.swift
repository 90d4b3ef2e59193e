import Kafka

/// Judges the properties of one topic that is there.
struct TopicAssessment {
    private let plan: TopicPlan
    private let topic: TopicDescription
    private let properties: [String: String]
    private let commands: MendingCommands
    private var faults: [TopicFault] = []

    /// What is wrong with a topic: what happens because of it, and the command that mends it.
    ///
    /// A property that the broker does not tell (an older one does not know it) is let pass.
    static func faults(
        of plan: TopicPlan,
        _ topic: TopicDescription,
        _ properties: [String: String],
        brokers: [Int32],
        _ commands: MendingCommands
    ) -> [TopicFault] {
        var assessment = TopicAssessment(plan: plan, topic: topic, properties: properties, commands: commands)
        assessment.assessCleanup()
        if plan.purpose.isCompacted { assessment.assessCompaction() } else { assessment.assessRetention() }
        assessment.assessReplicas(brokers)
        if plan.purpose != .input { assessment.assessWriting() }
        return assessment.faults
    }

    private init(
        plan: TopicPlan,
        topic: TopicDescription,
        properties: [String: String],
        commands: MendingCommands
    ) {
        (self.plan, self.topic, self.properties, self.commands) = (plan, topic, properties, commands)
    }

    private func text(_ name: String) -> String? { properties[name] }

    private func number(_ name: String) -> Int? { text(name).flatMap { Int($0) } }

    /// Notes what is wrong with a property, and how it is set right.
    private mutating func add(
        _ severity: TopicFault.Severity,
        _ property: String,
        wanted: some CustomStringConvertible,
        _ consequence: String
    ) {
        let command = commands.set(property, to: wanted.description, of: plan.name)
        faults.append(
            TopicFault(severity, "\(property)=\(text(property) ?? ""): \(consequence)", command: command)
        )
    }

    // MARK: What is kept

    private mutating func assessCleanup() {
        let property = "cleanup.policy"
        guard let policy = text(property) else { return }
        let isCompacted = policy.contains("compact")
        switch plan.purpose {
        case .findings where policy != "compact":
            add(
                .error,
                property,
                wanted: "compact",
                "findings that have stood for long are deleted, and no reader hears of them"
            )
        case .state, .catalogue:
            if policy != "compact" {
                add(
                    .error,
                    property,
                    wanted: "compact",
                    "what is old and still true is deleted, and forgotten"
                )
            }
        case .input where isCompacted:
            add(
                .warning,
                property,
                wanted: "delete",
                "compaction deletes a record that nobody has read yet when a later one has the same key"
            )
        case .events where isCompacted:
            add(
                .error,
                property,
                wanted: "delete",
                "compaction deletes records that nobody has read yet: later ones of the same account replace them"
            )
        case .alerts where isCompacted:
            add(
                .error,
                property,
                wanted: "delete",
                "compaction deletes alerts that nobody has read yet: later ones of the same finding replace them"
            )
        case .deadLetters where isCompacted:
            add(
                .error,
                property,
                wanted: "delete",
                "compaction keeps most dead letters for ever, and deletes some that nobody has read yet: those of "
                    + "offsets that come again after the input was created anew"
            )
        default: break
        }
    }

    private mutating func assessRetention() {
        let (day, hour) = (TopicPlan.Wanted.day, 3_600_000)
        let isOurs = plan.purpose == .events
        if let kept = number("retention.ms"), kept >= 0, kept < day {
            add(
                isOurs && kept < hour ? .error : .warning,
                "retention.ms",
                wanted: 7 * day,
                "records are deleted after \(Self.duration(kept)), read or not: whoever stops for longer loses them"
            )
        }
        if let kept = number("retention.bytes"), kept >= 0 {
            add(
                isOurs && kept < 16 << 20 ? .error : .warning,
                "retention.bytes",
                wanted: -1,
                "the oldest records of a partition are deleted when it grows larger, read or not"
            )
        }
    }

    private mutating func assessCompaction() {
        let (day, hour, wanted) = (TopicPlan.Wanted.day, 3_600_000, TopicPlan.Wanted.deleteRetention)
        if let kept = number("delete.retention.ms"), kept < wanted {
            add(
                kept < hour ? .error : .warning,
                "delete.retention.ms",
                wanted: wanted,
                "a worker that reads for longer than \(Self.duration(kept)), or was away, does not hear what was "
                    + "deleted, and takes it for still there"
            )
        }
        let growth = "compaction lags behind, and every start reads what it has not removed yet"
        if let lag = number("min.compaction.lag.ms"), lag > day {
            add(.warning, "min.compaction.lag.ms", wanted: 0, growth)
        }
        if let ratio = text("min.cleanable.dirty.ratio").flatMap({ Double($0) }), ratio > 0.9 {
            add(.warning, "min.cleanable.dirty.ratio", wanted: 0.5, growth)
        }
    }

    // MARK: How safely

    private mutating func assessReplicas(_ brokers: [Int32]) {
        let replicas = topic.replication
        let isInput = plan.purpose == .input
        if replicas < 3 {
            let lost = replicas == 1 ? "its broker" : "two brokers"
            let advice =
                brokers.count < 3
                ? "fine for trying things; a cluster for production has 3 brokers or more" : ""
            faults.append(
                TopicFault(
                    .warning,
                    "replication \(replicas): messages are lost with \(lost)"
                        + (advice.isEmpty ? "" : " (\(advice))"),
                    command: commands.replicate(topic, over: brokers)
                )
            )
        }
        if replicas > 1, text("unclean.leader.election.enable") == "true" {
            add(
                isInput ? .warning : .error,
                "unclean.leader.election.enable",
                wanted: "false",
                "when brokers fail, one without the latest messages may take over: what was committed is lost"
            )
        }
        if let least = number("min.insync.replicas"), !isInput { assessInSync(least, of: replicas) }
        assessLeaders()
    }

    private mutating func assessInSync(_ least: Int, of replicas: Int) {
        let property = "min.insync.replicas"
        let wanted = TopicPlan.Wanted.inSync(of: replicas)
        if least > replicas {
            add(
                .error,
                property,
                wanted: wanted,
                "no write is ever accepted (NOT_ENOUGH_REPLICAS), for there are only \(replicas) replicas"
            )
        } else if least < wanted {
            add(
                .error,
                property,
                wanted: wanted,
                "a write is confirmed while only one broker has it, and is lost with that broker"
            )
        } else if replicas >= 3, least == replicas {
            add(
                .warning,
                property,
                wanted: wanted,
                "no write is accepted (NOT_ENOUGH_REPLICAS) while one of the \(replicas) brokers is down"
            )
        }
        let below = topic.partitions.filter { $0.inSync.count < min(least, replicas) && $0.leader != nil }
        if let first = below.first {
            let away = first.replicas.filter { !first.inSync.contains($0) }.map(String.init)
            faults.append(
                TopicFault(
                    .warning,
                    "partition \(Self.list(below.map(\.id))): fewer replicas in sync than "
                        + "\(property)=\(least), so no write is accepted (NOT_ENOUGH_REPLICAS) until broker "
                        + "\(away.joined(separator: ", ")) is back"
                )
            )
        }
    }

    private mutating func assessLeaders() {
        let leaderless = topic.partitions.filter { $0.leader == nil }
        guard let first = leaderless.first else { return }
        faults.append(
            TopicFault(
                .warning,
                "partition \(Self.list(leaderless.map(\.id))): no leader, so nothing is read or written until broker "
                    + "\(first.replicas.map(String.init).joined(separator: " or ")) is back"
            )
        )
    }

    // MARK: Whether it takes what is written

    private mutating func assessWriting() {
        if let most = number("max.message.bytes"), most < plan.batchBytes {
            add(
                .error,
                "max.message.bytes",
                wanted: TopicPlan.Wanted.messageBytes(for: plan.batchBytes),
                "amiwatch writes up to \(plan.batchBytes) bytes at once (message.max.bytes under kafka.producer, and "
                    + "a batch's frame); more is refused (MSG_SIZE_TOO_LARGE), and work stops"
            )
        }
        if text("message.timestamp.type") != "LogAppendTime" { assessTimestamps() }
        if let compression = text("compression.type"), compression != "producer" {
            add(
                .warning,
                "compression.type",
                wanted: "producer",
                "brokers compress every batch once more, which delays alerts"
            )
        }
    }

    private mutating func assessTimestamps() {
        let least = 600_000
        for (property, wanted) in [
            ("message.timestamp.before.max.ms", Int.max), ("message.timestamp.after.max.ms", 3_600_000),
            ("message.timestamp.difference.max.ms", Int.max),
        ] {
            guard let most = number(property), most < least else { continue }
            add(
                .error,
                property,
                wanted: wanted,
                "a worker whose clock differs by more than \(Self.duration(most)), or that has to send something "
                    + "again after that, is refused (INVALID_TIMESTAMP), and work stops"
            )
        }
    }

    // MARK: Words

    /// Milliseconds in the largest unit that says them in whole numbers.
    private static func duration(_ milliseconds: Int) -> String {
        let units = [(86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute"), (1000, "second")]
        for (size, name) in units where milliseconds >= size && milliseconds % size == 0 {
            let count = milliseconds / size
            return "\(count) \(name)\(count == 1 ? "" : "s")"
        }
        return "\(milliseconds) ms"
    }

    private static func list(_ partitions: [Int32]) -> String {
        let shown = partitions.prefix(8).map(String.init).joined(separator: ", ")
        return partitions.count > 8 ? shown + " and \(partitions.count - 8) more" : shown
    }
}
