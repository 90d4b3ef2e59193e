import CloudTrail
import Configuration
import Detection
import Glibc
import Pipeline
import TrailArchive

/// What is known, and where it was read: in trail files, or in the topics of a running cluster.
struct KnownState {
    private enum Source {
        case trail(Replay)
        case cluster(ClusterState)
    }

    private var source: Source
    /// Where it was read, for people: one line, without the program's name.
    let origin: String

    static let trail = Option.value(
        "trail",
        "PATH",
        "Read trail files, or a folder of them, and no cluster; more paths may follow it",
        repeats: true
    )

    static let options =
        [LiveOptions.config, LiveOptions.bootstrapServers, LiveOptions.policy, trail] + InventoryOptions.all

    /// What the help says about them.
    static let details =
        "Without --trail it reads the state of running workers from their topics to the present end: it joins no group, "
        + "writes nothing, and workers notice nothing; give it their configuration and policy. With --trail it judges "
        + "files as 'replay' does, and needs no Kafka."

    /// Reads files, or the cluster's topics.
    ///
    /// `until` makes later records of files ignored, and puts the clock there.
    init(_ arguments: Arguments, until: EventTime? = nil) throws {
        let paths = arguments.all(Self.trail) + arguments.words
        let inventory = try InventoryOptions(arguments)
        guard arguments.has(Self.trail) else {
            if let word = arguments.words.first {
                throw UsageError("\(word) is not understood; to read files, name them with --trail")
            }
            guard inventory.files.isEmpty else {
                throw UsageError(
                    "--inventory goes with --trail; a cluster is told by 'amiwatch inventory', which publishes it"
                )
            }
            self = try KnownState(cluster: arguments)
            return
        }
        for option in [LiveOptions.config, LiveOptions.bootstrapServers] where arguments.has(option) {
            throw UsageError("--\(option.name) is about a cluster, and --trail about files: give one of them")
        }
        let policy = try Self.policy(arguments[LiveOptions.policy])
        var options = Replay.Options()
        options.until = until
        options.notAfter = EventTime(seconds: Int64(time(nil)) + 600)
        var replay = Replay(policy: policy, options: options)
        for record in try InventoryFiles(inventory).records { replay.take(inventory: record) { _ in } }
        let lost = try Self.read(try TrailListing(paths: paths), into: &replay)
        var origin = Numbers.count(replay.balance.read, "record") + " read"
        if lost > 0 { origin += ", \(lost) of them not readable (replay --dead-letters FILE shows them)" }
        self.origin = origin
        source = .trail(replay)
    }

    private init(cluster arguments: Arguments) throws {
        let (configuration, log) = try LiveOptions.readConfiguration(arguments)
        guard configuration.kafka.bootstrapServers != nil else {
            throw Failure(
                "kafka.bootstrap_servers is not set: name your brokers with --bootstrap-servers, or files with --trail"
            )
        }
        let policy = try Self.policy(configuration.policy, namedAt: configuration.policyLocation)
        let cluster = try ClusterState(configuration, policy: policy, log: log)
        origin = "read up to \(cluster.offsets.joined(separator: " "))"
        source = .cluster(cluster)
    }

    private static func policy(_ path: String?, namedAt location: FileLocation? = nil) throws -> Policy {
        guard let path else {
            StandardError.line("amiwatch: no policy is given, so nobody is trusted: --policy FILE")
            return Policy()
        }
        let (policy, warnings) = try LiveOptions.readPolicy(path, namedAt: location)
        for warning in warnings { StandardError.line("amiwatch: \(warning)") }
        return policy
    }

    /// Judges files to their end; returns how many records could not be read.
    private static func read(_ listing: TrailListing, into replay: inout Replay) throws -> Int {
        let decoding = DecodeAhead(
            files: listing.files,
            threads: Processors.count,
            sessionKeys: replay.engine.sessionKeys
        )
        defer { decoding.stop() }
        var progress = ReplayProgress(total: listing.size, isShown: true)
        defer { progress.clear() }
        var lost = 0
        while let batch = try decoding.next() {
            replay.take(batch, lose: { lost += $0.count }) { _ in }
            progress.advance(bytes: batch.bytesRead, replay: replay)
        }
        replay.finish { _ in }
        return lost
    }

    /// The hash of the policy by which it was judged.
    var policyHash: String {
        switch source {
        case .trail(let replay): replay.engine.policy.hash
        case .cluster(let cluster): cluster.engine.policy.hash
        }
    }

    /// What is known of what is asked; none when that is nothing.
    mutating func reports(_ question: StateQuestion, asOf: AsOf) -> [StateReport] {
        switch source {
        case .trail(let replay):
            var engine = replay.engine
            return engine.reports(question, asOf: asOf)
        case .cluster(var cluster): return cluster.engine.reports(question, asOf: asOf)
        }
    }

    /// Every finding that was published and is kept.
    mutating func findings() throws -> [KeptFinding] {
        switch source {
        case .trail(let replay):
            var engine = replay.engine
            return engine.keptFindings().all
        case .cluster(var cluster):
            let kept = try cluster.findings()
            if kept.changing > 0 {
                StandardError.line(
                    "amiwatch: \(Numbers.count(kept.changing, "finding")) about to change: the workers publish that"
                )
            }
            return kept.all
        }
    }
}
