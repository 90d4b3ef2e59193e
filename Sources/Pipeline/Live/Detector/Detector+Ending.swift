import Configuration
import Detection
import Kafka

/// How far a run that stops at the end has come.
enum Ending {
    /// Records may still come: the intake is at work, or what it wrote is not read.
    case records
    /// The records' ends are looked for once more, because the last were just written.
    case recordEnds
    /// The catalogue is read to its end; what that leads to may need another round.
    case catalogue(transactions: Int)
}

extension Detector {
    /// Whether everything that was there is judged and committed.
    func hasEnded() throws -> Bool {
        guard sources.isAssigned, !isReassigned, !sources.needsSeek, !catalogue.needsSeek,
            pending.since == nil,
            verdicts.isEmpty
        else {
            return false
        }
        switch phase {
        case .idle: return try sources.isEmpty && isInputDone && areOthersRead()
        case .restoring, .reconciling: return false
        case .running: break
        }
        guard !engine.hasBacklog, !engine.hasDeferred else { return false }
        switch ending {
        case .records:
            guard isInputDone else { return false }
            sources.lookForEnds()
            ending = .recordEnds
        case .recordEnds:
            // The times at the logs' ends are published too, by `keepTime`.
            guard sources.allSatisfy(\.isAtEnd),
                !sources.contains(where: { isWatermarkDue($0, after: .zero) }),
                try areOthersRead()
            else { return false }
            lookForCatalogueEnds()
        case .catalogue(let transactions):
            guard catalogue.isAtEnd(of: layout.cataloguePartitions) else { return false }
            if report.transactions == transactions { return true }
            lookForCatalogueEnds()
        }
        return false
    }

    private func areOthersRead() throws -> Bool {
        try others.areRead(except: sources.map(\.name), consumer)
    }

    private var isInputDone: Bool {
        board.isFeedDone && (!configuration.hasIntake || board.isIntakeDone)
    }

    private func lookForCatalogueEnds() {
        catalogue.lookForEnds()
        ending = .catalogue(transactions: report.transactions)
    }
}
