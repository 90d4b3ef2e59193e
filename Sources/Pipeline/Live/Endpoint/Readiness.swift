import Configuration

/// Whether a run works, as whoever starts and stops workers asks for it.
struct Readiness {
    private let board: RunBoard
    /// The stages that run: `intake`, `detector`.
    let stages: [String]

    /// How long one turn of a loop may take: a transaction waits for its brokers for 15 seconds, and once more while it is
    /// taken back.
    private static let longestTurn = Duration.seconds(60)
    /// How long a stage may wait for Kafka until that is told: a rebalance or a leader's election is over sooner.
    private static let longestWait = Duration.seconds(5)

    init(_ board: RunBoard, _ configuration: RunConfiguration) {
        self.board = board
        stages =
            (configuration.hasIntake ? ["intake"] : [])
            + (configuration.roles.contains(.detector) ? ["detector"] : [])
    }

    /// What hangs, one line each; empty while every loop turns.
    var faults: [String] {
        stages.compactMap { stage in
            guard let last = board.lastTurn[stage], ContinuousClock.now - last > Self.longestTurn else {
                return nil
            }
            return "\(stage) has not turned for \(last.seconds) s"
        }
    }

    /// What keeps it from work, one line each; empty when it works.
    var obstacles: [String] {
        var lines = faults
        if board.isStopping { lines.append("stopping") }
        let now = ContinuousClock.now
        switch board.lastAnswer {
        case nil: lines.append("Kafka: \(board.unanswered ?? "no answer yet")")
        case let last? where now - last > Pulse.longestSilence:
            lines.append("Kafka: \(board.unanswered ?? "no answer") (for \(last.seconds) s)")
        default: break
        }
        for stage in stages where !(board.isAssigned[stage] ?? false) {
            lines.append("\(stage): no partitions assigned yet")
        }
        if stages.contains("detector"), board.isAssigned["detector"] ?? false, !board.isRestored {
            lines.append("detector: \(board.detectorActivity)")
        }
        for stage in stages {
            guard let waiting = board.waiting(of: stage), now - waiting.since > Self.longestWait else {
                continue
            }
            lines.append("\(stage): waiting for \(waiting.since.seconds) s: \(waiting.cause)")
        }
        return lines
    }
}
