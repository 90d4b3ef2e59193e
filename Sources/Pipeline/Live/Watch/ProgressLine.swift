import Configuration
import Kafka

/// The numbers of a `progress` line: totals of this run, and what was done in a second since the line before.
struct ProgressLine {
    private let configuration: RunConfiguration
    private var last: (time: ContinuousClock.Instant, intake: IntakeBalance, detector: DetectorReport)

    init(_ configuration: RunConfiguration) {
        self.configuration = configuration
        last = (.now, IntakeBalance(), DetectorReport())
    }

    mutating func fields(_ board: RunBoard, _ groups: [GroupLook]) -> RunLog.Fields {
        let now = (time: ContinuousClock.now, intake: board.intakeBalance, detector: board.detectorReport)
        let seconds = max(0.001, (now.time - last.time) / .seconds(1))
        func rate(_ now: Int, _ before: Int) -> RunLog.Value { .decimal(Double(now - before) / seconds) }
        var fields: RunLog.Fields = [:]
        if configuration.hasIntake {
            let (intake, before) = (now.intake, last.intake)
            fields += [
                "input_partitions": partitions(board.intakePartitions), "read": .number(intake.read),
                "read_per_second": rate(intake.read, before.read),
                "forwarded": .number(intake.forwarded),
                "forwarded_per_second": rate(intake.forwarded, before.forwarded),
                "dead_lettered": .number(intake.deadLettered),
            ]
        }
        if configuration.roles.contains(.detector) {
            let (report, before) = (now.detector, last.detector)
            fields += [
                "detector": .text(board.detectorActivity), "partitions": .numbers(report.partitions),
                "applied": .number(report.run.applied),
                "applied_per_second": rate(report.run.applied, before.run.applied),
                "duplicate": .number(report.run.duplicate), "alerts": .number(report.alerts),
                "alerts_per_second": rate(report.alerts, before.alerts),
                "transactions": .number(report.transactions), "aborted": .number(report.aborted),
            ]
        }
        fields += ["heap_bytes": .number(FetchMemory.bytesInUse)]
        for group in groups { if let lag = group.lag { fields += ["\(group.name)_lag": .number(lag)] } }
        for role in ["intake", "detector"] {
            guard let waiting = board.waiting(of: role), waiting.since.seconds >= 1 else { continue }
            fields += waiting.fields
        }
        if let refused = board.refusedWrites { fields += ["refused_writes": .text(refused)] }
        last = now
        return fields
    }

    private func partitions(_ names: [TopicPartition]) -> RunLog.Value {
        let topics = configuration.input.topics
        return topics.count == 1
            ? .numbers(names.numbers(of: topics[0])) : .texts(names.sorted().map(\.name))
    }
}
