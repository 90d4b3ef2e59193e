import Configuration
import Kafka
import Synchronization

/// Reads the alerts as any consumer would, committed ones only, from the start of the run on.
final class AlertTail: Sendable {
    private let thread: RunThread
    private let log: RunLog
    private let wish = Wish()

    private static let notShown =
        "alerts topic was not read to its end in time; it holds alerts that are not shown here"

    /// What the run wants of the thread.
    private final class Wish: Sendable {
        let finishes = Atomic<Bool>(false)
        let reachesEnd = Atomic<Bool>(false)
    }

    /// Finds where the topic ends now, so that only what this run publishes is read.
    init(
        _ clients: KafkaClients,
        board: RunBoard,
        log: RunLog,
        onAlert: @escaping @Sendable ([UInt8]) -> Void
    ) throws {
        self.log = log
        let topic = clients.configuration.topics.alerts
        let partitions = try clients.openAdmin(log).describeTopic(topic)?.partitions.map(\.id) ?? []
        let starts = try Self.ends(of: topic, partitions, clients)
        thread = RunThread("alerts", board: board) { [wish] in
            try Self.read(topic, from: starts, clients, wish, board, log, onAlert)
        }
    }

    /// Reads on to the end of what is there, if that is wanted, and stops.
    func finish(reachesEnd: Bool) {
        wish.reachesEnd.store(reachesEnd, ordering: .relaxed)
        wish.finishes.store(true, ordering: .releasing)
        if !thread.wait(seconds: 15), reachesEnd { log.warning(Self.notShown) }
    }

    private static func read(
        _ topic: String,
        from starts: [Int32: Int64],
        _ clients: KafkaClients,
        _ wish: Wish,
        _ board: RunBoard,
        _ log: RunLog,
        _ onAlert: ([UInt8]) -> Void
    ) throws {
        let consumer = try Consumer(clients.reader(), log: log.kafkaSink("alerts"))
        var offsetCheck = OffsetCheck()
        try consumer.assign(starts.map { PartitionOffset(topic, $0.key, $0.value) })
        var next = starts
        var targets: [Int32: Int64]?
        let deadline = Duration.seconds(10)
        var limit = ContinuousClock.now + deadline
        while true {
            if targets == nil, wish.finishes.load(ordering: .acquiring) {
                guard wish.reachesEnd.load(ordering: .relaxed) else { break }
                // With what the last transaction wrote, though its end may not stand in the log yet.
                targets = try ends(of: topic, Array(starts.keys), clients)
                limit = .now + deadline
            }
            if let targets {
                if targets.allSatisfy({ next[$0.key] ?? 0 >= $0.value }) { break }
                if ContinuousClock.now > limit {
                    log.warning(Self.notShown)
                    break
                }
            }
            let failures = consumer.poll(maxMessages: 256, timeout: .milliseconds(50)) { batch in
                for message in batch.messages {
                    next[message.partition] = message.offset + 1
                    if let payload = message.payload { onAlert(Array(payload)) }
                }
                for end in batch.ends { next[end.partition] = max(next[end.partition] ?? 0, end.offset) }
                return batch.failures
            }
            let refused = failures.filter(\.isOffsetOutOfRange).compactMap(\.partition)
            for name in refused + offsetCheck.due().map(\.partition) {
                guard let offset = next[name.partition] else { continue }
                let outcome = try offsetCheck.assess(
                    offset,
                    of: name,
                    reader: consumer,
                    asking: consumer,
                    board,
                    log
                )
                if case .lost(let low, _) = outcome { next[name.partition] = low }
                guard refused.contains(name) || !offsetCheck.isBehind(name) else { continue }
                try consumer.reassign([PartitionOffset(topic, name.partition, next[name.partition] ?? 0)])
            }
        }
        try consumer.close()
    }

    private static func ends(
        of topic: String,
        _ partitions: [Int32],
        _ clients: KafkaClients
    ) throws(KafkaError) -> [Int32: Int64] {
        let asking = try Consumer(clients.reader(isolation: "read_uncommitted"))
        return try asking.logEnds(of: topic, partitions, timeout: .seconds(10))
    }
}
