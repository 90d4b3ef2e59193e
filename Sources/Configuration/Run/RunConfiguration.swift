/// What `amiwatch run` needs to know beside the policy.
///
/// Every part has a default.
public struct RunConfiguration: Sendable {
    /// How to reach Kafka.
    public struct Kafka: Sendable {
        /// `host:port`, separated by commas; nil when not given (`run --embedded` needs none).
        public var bootstrapServers: String?
        /// Whether a worker keeps its place in its consumer groups over a restart, by its `instance_id`.
        public var hasStaticMembership = false
        /// librdkafka's properties for every client.
        public var properties: [Property] = []
        /// librdkafka's properties for consumers, over `properties`.
        public var consumer: [Property] = []
        /// librdkafka's properties for producers, over `properties`.
        public var producer: [Property] = []
    }

    /// One property of librdkafka.
    public struct Property: Hashable, Sendable {
        /// Its name, as librdkafka spells it.
        public var name: String
        /// Its value.
        public var value: SecretText
        /// Where it stands, for what librdkafka says about it.
        public var location: FileLocation
    }

    /// A stage of the work.
    public enum Role: String, Hashable, Sendable, CaseIterable {
        /// Unwraps, filters, keys by account.
        case intake
        /// Keeps the state and judges.
        case detector
    }

    /// How the input's producer chose the partition of a key, by librdkafka's name.
    public enum Partitioner: String, Hashable, Sendable, CaseIterable {
        /// The Java client's and Kafka Connect's.
        case murmur2
        /// The same; records without a key go anywhere.
        case murmur2Random = "murmur2_random"
        /// librdkafka's: CRC-32.
        case consistent
        /// The same; records without a key go anywhere.
        case consistentRandom = "consistent_random"
        /// FNV-1a.
        case fnv1a
        /// The same; records without a key go anywhere.
        case fnv1aRandom = "fnv1a_random"
    }

    /// How much of the input is parsed.
    public enum Validation: String, Hashable, Sendable, CaseIterable {
        /// What may hold a watched call.
        case candidates
        /// Everything: each ignored record is proved to be well-formed.
        case all
    }

    /// What is read.
    public struct Input: Sendable {
        /// The topics with CloudTrail records.
        public var topics = ["cloudtrail"]
        /// Whether all records of an account lie on one partition, so that no intake is needed.
        public var isKeyedByAccount = false
        /// How the accounts were spread over the partitions; there when `isKeyedByAccount`.
        public var partitioner: Partitioner?
        /// How much is parsed.
        public var validation = Validation.candidates
        /// How large and deep a message may be.
        public var limits = Limits()
    }

    /// Beyond these, a message becomes a dead letter.
    public struct Limits: Hashable, Sendable {
        /// One message, in bytes.
        public var messageBytes = 16 << 20
        /// What one message unpacks to, in bytes.
        public var decompressedBytes = 256 << 20
        /// Unpacked to packed size, where the unpacked is large.
        public var ratio = 200
        /// Nested brackets.
        public var depth = 128
        /// Records in one message.
        public var recordsPerMessage = 100_000
    }

    /// The topics that amiwatch writes.
    public struct Topics: Hashable, Sendable {
        /// Relevant records, by account.
        public var events = "amiwatch.events"
        /// The state's changelog, compacted.
        public var state = "amiwatch.state"
        /// Images and organization, compacted.
        public var catalogue = "amiwatch.catalogue"
        /// Alerts.
        public var alerts = "amiwatch.alerts"
        /// What could not be read.
        public var deadLetters = "amiwatch.deadletters"
    }

    /// How the detector works.
    public struct Detector: Hashable, Sendable {
        /// Milliseconds after which a transaction ends, if the input does not pause before.
        public var commitIntervalMilliseconds = 20
        /// Records after which a transaction ends.
        public var commitRecords = 10_000
        /// Seconds that an undetermined verdict waits for the missing fact.
        public var settleSeconds = 5
        /// Hours that an event may be late and still be judged exactly.
        public var horizonHours = 24
        /// Days after its end that a thing is forgotten.
        public var retentionDays = 35
    }

    /// What is logged, from the least down.
    public enum LogLevel: String, Hashable, Sendable, CaseIterable {
        /// What stops the work.
        case error
        /// What somebody should look at.
        case warning
        /// What happens once in a while.
        case info
        /// What only a developer wants to know.
        case debug
    }

    /// How to reach Kafka.
    public var kafka = Kafka()
    /// The consumer group; also the beginning of transactional ids.
    public var groupID = "amiwatch"
    /// This worker's own name; nil makes one up at each start.
    public var instanceID: String?
    /// The stages this process runs.
    public var roles: Set<Role> = [.intake, .detector]
    /// What is read.
    public var input = Input()
    /// What is written.
    public var topics = Topics()
    /// How the detector works.
    public var detector = Detector()
    /// The policy's file, from the working directory; nil when not given.
    public var policy: String?
    /// Where the configuration's file names it; nil when an option or a variable does.
    public var policyLocation: FileLocation?
    /// What is logged.
    public var logLevel = LogLevel.info
    /// The options that gave the file, the brokers and the input, for a command that is told to read the same:
    /// `--config FILE`.
    public var options: [String] = []

    /// The defaults.
    public init() {}
}

extension RunConfiguration: CustomStringConvertible {
    /// What is in force, one setting a line by its path in the file, without secrets.
    public var description: String {
        var lines: [(String, String)] = [
            ("kafka.bootstrap_servers", kafka.bootstrapServers ?? ""),
            ("kafka.static_membership", "\(kafka.hasStaticMembership)"),
        ]
        for (section, properties) in [
            ("properties", kafka.properties), ("consumer", kafka.consumer), ("producer", kafka.producer),
        ] {
            lines += properties.map { ("kafka.\(section).\($0.name)", $0.value.description) }
        }
        lines += [
            ("group_id", groupID), ("instance_id", instanceID ?? ""),
            ("roles", roles.map(\.rawValue).sorted().joined(separator: ",")),
            ("input.topics", input.topics.joined(separator: ",")),
            ("input.keyed_by_account", "\(input.isKeyedByAccount)"),
            ("input.partitioner", input.partitioner?.rawValue ?? ""),
            ("input.validate", input.validation.rawValue),
            ("input.limits.message_bytes", "\(input.limits.messageBytes)"),
            ("input.limits.decompressed_bytes", "\(input.limits.decompressedBytes)"),
            ("input.limits.ratio", "\(input.limits.ratio)"), ("input.limits.depth", "\(input.limits.depth)"),
            ("input.limits.records_per_message", "\(input.limits.recordsPerMessage)"),
            ("topics.events", topics.events), ("topics.state", topics.state),
            ("topics.catalogue", topics.catalogue),
            ("topics.alerts", topics.alerts), ("topics.deadletters", topics.deadLetters),
            ("detector.commit_interval_ms", "\(detector.commitIntervalMilliseconds)"),
            ("detector.commit_records", "\(detector.commitRecords)"),
            ("detector.settle_seconds", "\(detector.settleSeconds)"),
            ("detector.horizon_hours", "\(detector.horizonHours)"),
            ("detector.retention_days", "\(detector.retentionDays)"), ("policy", policy ?? ""),
            ("log.level", logLevel.rawValue),
        ]
        return lines.map { "\($0.0): \($0.1.oneLine)" }.joined(separator: "\n")
    }
}
