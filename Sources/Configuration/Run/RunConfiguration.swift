/// What `amiwatch run` needs to know beside the policy.
///
/// Every part has a default.
package struct RunConfiguration: Sendable {
    package struct Kafka: Sendable {
        /// `host:port`, separated by commas; nil when not given (`run --embedded` needs none).
        package var bootstrapServers: String?
        /// Whether a worker keeps its place in its consumer groups over a restart, by its `instance_id`.
        package var hasStaticMembership = false
        /// The file with the token for the log-in `OAUTHBEARER`, which something else keeps fresh; nil without one.
        package var tokenFile: String?
        /// Where it is named.
        package var tokenLocation: FileLocation?
        /// librdkafka's properties for every client.
        package var properties: [Property] = []
        /// librdkafka's properties for consumers, over `properties`.
        package var consumer: [Property] = []
        /// librdkafka's properties for producers, over `properties`.
        package var producer: [Property] = []
    }

    package struct Property: Hashable, Sendable {
        /// Its name, as librdkafka spells it.
        package var name: String
        /// Its value.
        package var value: SecretText
        /// Where it stands, for what librdkafka says about it.
        package var location: FileLocation
    }

    package enum Role: String, Hashable, Sendable, CaseIterable {
        /// Unwraps, filters, keys by account.
        case intake
        /// Keeps the state and judges.
        case detector
    }

    /// How the input's producer chose the partition of a key, by librdkafka's name.
    package enum Partitioner: String, Hashable, Sendable, CaseIterable {
        /// The Java client's and Kafka Connect's.
        case murmur2
        /// The same; records without a key go anywhere.
        case murmur2Random = "murmur2_random"
        case consistent
        /// The same; records without a key go anywhere.
        case consistentRandom = "consistent_random"
        case fnv1a
        /// The same; records without a key go anywhere.
        case fnv1aRandom = "fnv1a_random"
    }

    /// How much of the input is parsed.
    package enum Validation: String, Hashable, Sendable, CaseIterable {
        /// What may hold a watched call.
        case candidates
        /// Everything: each ignored record is proved to be well-formed.
        case all
    }

    package struct Input: Sendable {
        package var topics = ["cloudtrail"]
        /// Whether all records of an account lie on one partition, so that no intake is needed.
        package var isKeyedByAccount = false
        /// How the accounts were spread over the partitions; there when `isKeyedByAccount`.
        package var partitioner: Partitioner?
        /// How much is parsed.
        package var validation = Validation.candidates
        /// How large and deep a message may be.
        package var limits = Limits()
    }

    /// Beyond these, a message becomes a dead letter.
    package struct Limits: Hashable, Sendable {
        /// One message, in bytes.
        package var messageBytes = 16 << 20
        /// What one message unpacks to, in bytes.
        package var decompressedBytes = 256 << 20
        /// Unpacked to packed size, where the unpacked is large.
        package var ratio = 200
        package var depth = 128
        package var recordsPerMessage = 100_000
    }

    package struct Topics: Hashable, Sendable {
        /// Relevant records, by account.
        package var events = "amiwatch.events"
        /// The state's changelog, compacted.
        package var state = "amiwatch.state"
        /// Images and organization, compacted.
        package var catalogue = "amiwatch.catalogue"
        /// Alerts in the native format; those in another have its name behind.
        package var alerts = "amiwatch.alerts"
        /// The present form of each finding, compacted.
        package var findings = "amiwatch.findings"
        package var deadLetters = "amiwatch.deadletters"
    }

    package struct Alerts: Hashable, Sendable {
        /// The native format first.
        package var formats = [AlertFormat.native]
        /// A PEM file with the private Ed25519 key that signs them; nil when nothing is signed.
        package var signingKeyFile: String?
        /// Where it is named.
        package var signingKeyLocation: FileLocation?
    }

    package struct Detector: Hashable, Sendable {
        /// Milliseconds after which a transaction ends, if the input does not pause before; ten times as many while
        /// records come fast.
        package var commitIntervalMilliseconds = 20
        /// Records after which a transaction ends.
        package var commitRecords = 10_000
        /// Seconds that an undetermined verdict waits for the missing fact.
        package var settleSeconds = 5
        /// Hours that an event may be late and still be judged exactly.
        package var horizonHours = 24
        /// Days after its end that a thing is forgotten.
        package var retentionDays = 35
        /// Ended things of one account, of each kind, that are remembered.
        package var endedPerAccount = 200_000
        /// Percent of the open findings beyond which another policy may open and close none, unless it is confirmed; with 100
        /// it may change all.
        package var maxPolicyChangePercent = 20
    }

    package struct State: Hashable, Sendable {
        /// The folder of this worker's snapshots; nil when none are kept.
        package var snapshotFolder: String?
        /// Seconds from one snapshot to the next.
        package var snapshotIntervalSeconds = 300
    }

    /// What is logged, from the least down.
    package enum LogLevel: String, Hashable, Sendable, CaseIterable {
        /// What stops the work.
        case error
        /// What somebody should look at.
        case warning
        /// What happens once in a while.
        case info
        /// What only a developer wants to know.
        case debug
    }

    package var kafka = Kafka()
    /// The consumer group; also the beginning of transactional ids.
    package var groupID = "amiwatch"
    /// This worker's own name; nil makes one up at each start.
    package var instanceID: String?
    package var roles: Set<Role> = [.intake, .detector]
    package var input = Input()
    package var topics = Topics()
    package var alerts = Alerts()
    package var detector = Detector()
    package var state = State()
    /// Nil when nothing is served.
    package var http: HTTP?
    /// The policy's file, from the working directory; nil when not given.
    package var policy: String?
    /// Where the configuration's file names it; nil when an option or a variable does.
    package var policyLocation: FileLocation?
    package var logLevel = LogLevel.info
    /// The options that gave the file, the brokers and the input, for a command that is told to read the same:
    /// `--config FILE`.
    package var options: [String] = []

    package init() {}

    /// Where alerts go, in every format, and their findings.
    package var outputTopics: [String] { alerts.formats.map(topic) + [topics.findings] }

    /// The topic of the alerts in a format.
    package func topic(of format: AlertFormat) -> String {
        format == .native ? topics.alerts : "\(topics.alerts).\(format.rawValue)"
    }
}
