import Foundation
import Kafka

/// Asks the brokers twice a second whether they answer, for those who ask whether this worker is ready.
///
/// The question is where the logs of the worker's own partitions end: it goes to the leader of each of them. Has a thread
/// and a client of its own, so that it hears of a broker that hangs while the stages wait for it.
enum Pulse {
    private static let interval = Duration.milliseconds(500)
    /// How long an answer is waited for.
    private static let patience = Duration.milliseconds(1000)
    /// How old the last answer may be: an interval, the patience, and a moment for the thread to run.
    static let longestSilence = Duration.milliseconds(1700)

    /// Starts to ask, on a thread that ends with the run.
    static func start(
        _ clients: KafkaClients,
        _ layout: TopicLayout,
        board: RunBoard,
        log: RunLog
    ) -> RunThread {
        RunThread("pulse", board: board) {
            do throws(KafkaError) {
                let consumer = try Consumer(clients.reader(), log: log.kafkaSink("pulse", isQuiet: true))
                while !board.isStopping {
                    let begun = ContinuousClock.now
                    ask(consumer, partitions(board, layout), board)
                    let rest = begun + interval - .now
                    if rest > .zero { usleep(UInt32(rest / .microseconds(1))) }
                }
            } catch { log.warning("brokers are not asked whether they answer", ["cause": .text("\(error)")]) }
        }
    }

    /// The partitions that the stages have; while they have none, the first one that they may get.
    private static func partitions(_ board: RunBoard, _ layout: TopicLayout) -> [TopicPartition] {
        let numbers = Set(board.detectorReport.partitions.map(Int32.init))
        let own = board.intakePartitions + layout.records.filter { numbers.contains($0.partition) }
        return own.isEmpty ? Array(layout.records.prefix(1)) : own
    }

    private static func ask(_ consumer: Consumer, _ partitions: [TopicPartition], _ board: RunBoard) {
        do throws(KafkaError) {
            _ = try consumer.logOffsets(.end, of: partitions, timeout: patience)
            board.lastAnswer = .now
            board.unanswered = nil
        } catch { board.unanswered = "\(error)" }
    }
}
