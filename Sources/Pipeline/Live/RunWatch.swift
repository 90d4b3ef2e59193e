import Configuration
import Foundation
import Kafka

/// Says in the log how a run gets on, and when Kafka does not answer: what somebody who is woken at night looks for.
///
/// Has a thread and clients of its own, so that it speaks also while the other threads wait.
final class RunWatch: Sendable {
    private let thread: RunThread

    init(_ clients: KafkaClients, _ layout: TopicLayout, board: RunBoard, log: RunLog) {
        thread = RunThread("watch", board: board) {
            // Without it the run works as well.
            guard var look = try? RunLook(clients, layout, board: board, log: log) else { return }
            while !board.isStopping {
                usleep(100_000)
                look.whenDue()
            }
        }
    }

    /// Waits for the thread, but not for a broker that does not answer.
    func finish() { _ = thread.wait(seconds: 0.5) }
}

/// What the watch sees from one look to the next.
private struct RunLook {
    private let configuration: RunConfiguration
    private let board: RunBoard
    private let log: RunLog
    private var groups: [GroupLook] = []
    private var nextLook = ContinuousClock.now + RunLook.interval
    private var nextWord = ContinuousClock.now
    private var nextRefusal = ContinuousClock.now
    private var lastActivity = ""
    /// Since when Kafka does not answer, and when that is said again.
    private var silence: (since: ContinuousClock.Instant, nextWord: ContinuousClock.Instant)?

    private static let interval = Duration.seconds(10)
    private static let wordInterval = Duration.seconds(60)

    init(_ clients: KafkaClients, _ layout: TopicLayout, board: RunBoard, log: RunLog) throws {
        configuration = clients.configuration
        self.board = board
        self.log = log
        let isKeyed = configuration.input.isKeyedByAccount
        if hasIntake {
            groups.append(
                try GroupLook(clients, configuration.groupID + "-intake", layout.input, "input", log)
            )
        }
        if configuration.roles.contains(.detector) {
            groups.append(
                try GroupLook(
                    clients,
                    configuration.groupID,
                    layout.records,
                    isKeyed ? "input" : "events",
                    log
                )
            )
        }
    }

    private var hasIntake: Bool {
        configuration.roles.contains(.intake) && !configuration.input.isKeyedByAccount
    }

    mutating func whenDue() {
        let now = ContinuousClock.now
        guard now >= nextLook else { return }
        nextLook = now + Self.interval
        do throws(KafkaError) {
            for index in groups.indices where !board.isStopping { try groups[index].look() }
            answered()
        } catch {
            guard !board.isStopping else { return }
            if error.isRetriable { return unanswered(error, since: now) }
            answered()
            refused(error)
        }
        for index in groups.indices {
            guard let standstill = groups[index].standstill() else { continue }
            log.warning(
                "records wait, and the member that has this partition does not get on",
                [
                    "partition": "\(standstill.partition)", "place": .number(Int(standstill.group.place)),
                    "end": .number(Int(standstill.group.end)), "seconds": .number(standstill.seconds),
                ]
            )
        }
        let activity = board.detectorActivity
        guard now >= nextWord || activity != lastActivity else { return }
        nextWord = now + Self.wordInterval
        lastActivity = activity
        sayProgress()
    }

    private mutating func unanswered(_ error: KafkaError, since now: ContinuousClock.Instant) {
        let since = silence?.since ?? now
        guard now >= silence?.nextWord ?? now else { return }
        silence = (since, now + Self.wordInterval)
        log.warning(
            "Kafka does not answer; work goes on where it stopped as soon as it does",
            [
                "seconds": .number(Self.seconds(since)), "bootstrap_servers": .text(groups[0].servers),
                "cause": .text("\(error)"),
            ]
        )
    }

    /// A topic that is gone, say, or a permission.
    private mutating func refused(_ error: KafkaError) {
        guard ContinuousClock.now >= nextRefusal else { return }
        nextRefusal = .now + Self.wordInterval
        log.warning("how many messages wait cannot be told", ["cause": .text("\(error)")])
    }

    private mutating func answered() {
        guard let silence else { return }
        log.info("Kafka answers again", ["seconds": .number(Self.seconds(silence.since))])
        self.silence = nil
    }

    private func sayProgress() {
        var fields: [(key: String, value: RunLog.Value)] = []
        if hasIntake {
            let intake = board.intakeBalance
            fields += [
                ("read", .number(intake.read)), ("forwarded", .number(intake.forwarded)),
                ("dead_lettered", .number(intake.deadLettered)),
            ]
        }
        if configuration.roles.contains(.detector) {
            let report = board.detectorReport
            fields += [
                ("detector", .text(board.detectorActivity)), ("partitions", .number(report.partitions)),
                ("applied", .number(report.run.applied)), ("alerts", .number(report.alerts)),
                ("transactions", .number(report.transactions)), ("aborted", .number(report.aborted)),
            ]
        }
        fields += groups.map { ("\($0.name)_behind", .number($0.behind)) }
        log.info("progress", fields)
    }

    static func seconds(_ since: ContinuousClock.Instant) -> Int {
        Int((ContinuousClock.now - since) / .seconds(1))
    }
}

/// How far a group is in its partitions, whoever has them.
private struct GroupLook {
    let name: String
    let servers: String
    private let consumer: Consumer
    private let partitions: [TopicPartition]
    private var waiting: [TopicPartition: Waiting] = [:]

    /// What the group has not read of a partition.
    private struct Waiting {
        var group: GroupPlace
        /// When its place was first seen.
        var since = ContinuousClock.now
        var nextWord = ContinuousClock.now + GroupLook.patience
    }

    /// A place that does not move for so long is spoken of.
    private static let patience = Duration.seconds(120)

    init(
        _ clients: KafkaClients,
        _ group: String,
        _ partitions: [TopicPartition],
        _ name: String,
        _ log: RunLog
    ) throws {
        self.name = name
        self.partitions = partitions
        servers = clients.bootstrapServers
        // At `read_committed` places could not be asked for while a transaction is open.
        consumer = try Consumer(
            clients.reader(isolation: "read_uncommitted", group: group),
            log: log.kafkaSink("watch")
        )
    }

    /// Messages that wait, of all partitions.
    var behind: Int { waiting.values.reduce(0) { $0 + Int($1.group.end - $1.group.place) } }

    mutating func look() throws(KafkaError) {
        let places = try consumer.groupPlaces(in: partitions, timeout: .seconds(3))
        for (partition, found) in places {
            guard found.place < found.end else {
                waiting[partition] = nil
                continue
            }
            if waiting[partition]?.group.place != found.place { waiting[partition] = Waiting(group: found) }
            waiting[partition]?.group = found
        }
    }

    /// A partition in which nobody has got on for long; each is told now and then.
    mutating func standstill() -> (partition: TopicPartition, group: GroupPlace, seconds: Int)? {
        let now = ContinuousClock.now
        guard let (partition, found) = waiting.first(where: { now >= $0.value.nextWord }) else { return nil }
        waiting[partition]?.nextWord = now + Self.patience
        return (partition, found.group, RunLook.seconds(found.since))
    }
}
