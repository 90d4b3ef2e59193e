import Configuration
import Foundation
import Kafka

/// Says in the log how a run gets on, and what it is that blocks it: what somebody who is woken at night looks for.
///
/// Has a thread and clients of its own, so that it speaks also while the other threads wait.
struct RunWatch {
    /// How long things take before they are logged.
    struct Times: Sendable {
        /// From one look to the next.
        var look = Duration.seconds(10)
        /// From one `progress` to the next, unless the detector has come to something else.
        var progress = Duration.seconds(60)
        /// Without progress, with messages waiting.
        var standstill = Duration.seconds(120)
        /// A transaction that stays open: six times as long as those of amiwatch may.
        var openTransaction = Duration.seconds(60)
        /// A stage that waits for Kafka, until it is asked whether brokers refuse to write.
        var refusedWrites = Duration.seconds(8)
        /// From one line about a trouble to the next.
        var pause = Duration.seconds(60)
    }

    private let board: RunBoard
    private let log: RunLog
    private let times: Times
    private let commands: MendingCommands
    /// Asks for high watermarks, and for the detectors' offsets: at `read_committed` those could not be asked for while
    /// a transaction is open.
    private let uncommitted: Consumer
    /// Asks for last stable offsets, and for the intakes' offsets, which no transaction carries.
    private let committed: Consumer
    /// The partitions of each topic of the run.
    private let topics: [(name: String, partitions: [TopicPartition])]
    private var groups: [GroupLook] = []
    private var transactions = TransactionLook()
    private var replicas: InSyncReplicas
    private var queries = QueryTroubles()
    private var progress: ProgressLine
    private var nextLook: ContinuousClock.Instant
    private var nextProgress = ContinuousClock.now
    private var nextReplicas = ContinuousClock.now
    private var lastActivity = ""

    /// How long one answer, and all answers of a look together, are waited for.
    private static let answerTime = Duration.seconds(2)
    private static let lookTime = Duration.seconds(6)
    private static let linesAtOnce = 10

    /// Starts to watch, on a thread that ends with the run.
    static func start(
        _ clients: KafkaClients,
        _ layout: TopicLayout,
        board: RunBoard,
        times: Times,
        isEmbedded: Bool = false,
        log: RunLog
    ) -> RunThread {
        RunThread("watch", board: board) {
            // Without it the run works as well.
            do throws(KafkaError) {
                var watch = try RunWatch(
                    clients,
                    layout,
                    board: board,
                    times: times,
                    isEmbedded: isEmbedded,
                    log: log
                )
                while !board.isStopping {
                    usleep(100_000)
                    watch.lookWhenDue()
                }
            } catch { log.warning("progress is not watched", ["cause": .text("\(error)")]) }
        }
    }

    private init(
        _ clients: KafkaClients,
        _ layout: TopicLayout,
        board: RunBoard,
        times: Times,
        isEmbedded: Bool,
        log: RunLog
    ) throws(KafkaError) {
        (self.board, self.log, self.times) = (board, log, times)
        let configuration = clients.configuration
        let intakeGroup = configuration.groupID + "-intake"
        commands = MendingCommands(clients)
        uncommitted = try Consumer(
            clients.reader(isolation: "read_uncommitted", group: configuration.groupID),
            log: log.kafkaSink("watch")
        )
        committed = try Consumer(clients.reader(group: intakeGroup), log: log.kafkaSink("watch"))
        topics = Dictionary(grouping: layout.all(of: configuration), by: \.topic).sorted { $0.key < $1.key }
            .map { ($0.key, $0.value) }
        replicas = InSyncReplicas(clients, log: log)
        progress = ProgressLine(configuration)
        nextLook = .now + times.look
        if configuration.hasIntake {
            groups.append(GroupLook(role: "intake", name: "input", group: intakeGroup, layout.input))
        }
        // The broker inside keeps no offsets that a transaction carries.
        if configuration.roles.contains(.detector), !isEmbedded {
            let name = configuration.input.isKeyedByAccount ? "input" : "events"
            groups.append(
                GroupLook(role: "detector", name: name, group: configuration.groupID, layout.records)
            )
        }
    }

    private mutating func lookWhenDue() {
        guard ContinuousClock.now >= nextLook else { return }
        nextLook = .now + times.look
        let deadline = ContinuousClock.now + Self.lookTime
        queries.begin()
        let ends = queryEnds(until: deadline)
        queryGroups(ends, until: deadline)
        board.groups = groups
        queryTransactions(ends, until: deadline)
        if board.isStopping { return }
        for line in queries.lines(patience: times.look / 2, pause: times.pause) { log.write(line) }
        for index in groups.indices { logStandstill(index) }
        logOpenTransactions()
        logRefusedWrites()
        logProgress()
    }

    // MARK: Asking

    private mutating func queryEnds(until deadline: ContinuousClock.Instant) -> [TopicPartition: Int64] {
        var ends: [TopicPartition: Int64] = [:]
        // One that did not answer last time shall not use up the others' time.
        let (failing, sound) = (
            topics.filter { queries.isFailing($0.name) }, topics.filter { !queries.isFailing($0.name) }
        )
        for (name, partitions) in sound + failing where ContinuousClock.now < deadline {
            let found = queries.ask(name) { [uncommitted] () throws(KafkaError) in
                try uncommitted.logOffsets(.end, of: partitions, timeout: Self.answerTime)
            }
            ends.merge(found ?? [:]) { $1 }
        }
        return ends
    }

    private mutating func queryGroups(
        _ ends: [TopicPartition: Int64],
        until deadline: ContinuousClock.Instant
    ) {
        for index in groups.indices where ContinuousClock.now < deadline {
            let (group, partitions) = (groups[index].group, groups[index].partitions)
            let client = groups[index].role == "intake" ? committed : uncommitted
            let begun = ContinuousClock.now
            let places = queries.ask("group \(group)") { () throws(KafkaError) in
                try client.committed(partitions, timeout: Self.answerTime)
            }
            guard let places else { continue }
            let unplaced = places.filter { $0.value == nil && ends[$0.key] != nil }.keys.sorted()
            var starts: [TopicPartition: Int64] = [:]
            for (topic, partitions) in Dictionary(grouping: unplaced, by: \.topic) {
                let found = queries.ask("\(topic) (log start)") { [uncommitted] () throws(KafkaError) in
                    try uncommitted.logOffsets(.beginning, of: partitions, timeout: Self.answerTime)
                }
                starts.merge(found ?? [:]) { $1 }
            }
            groups[index].take(committed: places, starts: starts, ends: ends)
            log.debug(
                "group offsets queried",
                [
                    "group_id": .text(group), "lag": .number(groups[index].lag ?? 0),
                    "milliseconds": .number(begun.milliseconds),
                ]
            )
        }
    }

    private mutating func queryTransactions(
        _ ends: [TopicPartition: Int64],
        until deadline: ContinuousClock.Instant
    ) {
        for (topic, partitions) in Dictionary(grouping: transactions.asked(ends), by: \.topic)
        where ContinuousClock.now < deadline {
            let stable = queries.ask("\(topic) (last stable)") { [committed] () throws(KafkaError) in
                try committed.logOffsets(.end, of: partitions, timeout: Self.answerTime)
            }
            guard let stable else { continue }
            transactions.take(ends: ends, stable: stable, patience: times.openTransaction)
        }
    }

    // MARK: The log

    private mutating func logStandstill(_ index: Int) {
        let still = groups[index].standstill(for: times.standstill, pause: times.standstill)
        guard let (partition, standing) = still.first else { return }
        let role = groups[index].role
        let others = still.count == 1 ? "" : " and \(still.count - 1) more"
        let isOpen = transactions.blocked[partition].map { $0.stableOffset <= standing.committed } ?? false
        let cause =
            isOpen
            ? "an open transaction holds its records back"
            : board.owns(partition, role)
                ? "\(role) is \(board.activity(of: role))"
                : "it is assigned to another worker, or to none"
        let fields: RunLog.Fields = [
            "committed_offset": .number(Int(standing.committed)),
            "log_end_offset": .number(Int(standing.end)), "lag": .number(standing.lag),
            "seconds": .number(standing.since.seconds),
            "partitions": .numbers(still.map(\.partition).numbers(of: partition.topic)),
        ]
        log.warning(
            "no progress on \(partition.name)\(others) for \(standing.since.seconds) s: lag \(standing.lag); \(cause)",
            partition.fields + fields + (board.waiting(of: role)?.fields ?? [:])
        )
    }

    private mutating func logOpenTransactions() {
        for (partition, found) in transactions.due(atMost: Self.linesAtOnce, pause: times.pause) {
            log.warning(
                "open transaction blocks \(partition.name) for \(found.seconds) s: last stable offset "
                    + "\(found.stableOffset) is behind log end offset \(found.end), and no reader gets further until it "
                    + "ends; if its producer is gone, abort it",
                partition.fields + [
                    "last_stable_offset": .number(Int(found.stableOffset)),
                    "log_end_offset": .number(Int(found.end)), "seconds": .number(found.seconds),
                    "show": .text(commands.transactions("describe-producers", partition)),
                    "find": .text(commands.transactions("find-hanging", partition)),
                    "abort": .text(
                        commands.transactions("abort", partition, startOffset: found.stableOffset)
                    ),
                ]
            )
        }
    }

    /// A broker that lacks copies refuses each write, and librdkafka repeats it without a word.
    private mutating func logRefusedWrites() {
        let waits = ["intake", "detector"].compactMap { board.waiting(of: $0) }
        guard waits.contains(where: { ContinuousClock.now - $0.since >= times.refusedWrites }) else {
            board.refusedWrites = nil
            return
        }
        guard ContinuousClock.now >= nextReplicas else { return }
        nextReplicas = .now + times.pause / 2
        let lacking = replicas.lacking()
        board.refusedWrites = lacking.isEmpty ? nil : lacking.map(\.description).joined(separator: "; ")
        for lack in lacking.prefix(Self.linesAtOnce) {
            log.warning(
                "\(lack)",
                lack.partition.fields + [
                    "in_sync_replicas": .number(lack.inSync), "replicas": .number(lack.replicas),
                    "min_insync_replicas": .number(lack.needed), "error": "NOT_ENOUGH_REPLICAS",
                ]
            )
        }
    }

    private mutating func logProgress() {
        let activity = board.detectorActivity
        let now = ContinuousClock.now
        guard now >= nextProgress || activity != lastActivity else { return }
        nextProgress = now + times.progress
        lastActivity = activity
        log.info("progress", progress.fields(board, groups))
    }
}

extension PartitionOffset {
    /// The offset, or where it is not a number what stands for one.
    var number: String { if case .at(let number) = offset { "\(number)" } else { "\(offset)" } }
}

extension ContinuousClock.Instant {
    /// Whole seconds from then to now.
    var seconds: Int { Int((.now - self) / .seconds(1)) }

    /// Whole milliseconds from then to now.
    var milliseconds: Int { Int((.now - self) / .milliseconds(1)) }
}
