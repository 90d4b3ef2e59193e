package import CloudTrail
package import Detection
package import TrailArchive

/// Files through the engine: what `run` does with a topic, without Kafka.
///
/// One thread owns it. Decoding happens elsewhere; batches come in the order of the files, so that the same files
/// give the same alerts byte for byte.
package struct Replay {
    /// What part of the trail counts.
    package struct Options: Sendable {
        /// Alerts and findings decided by earlier records are not handed out; their records still count.
        package var since = EventTime.distantPast
        /// Later records are ignored, and the clock stands here in the end; nil for no end.
        package var until: EventTime?
        /// A record dated later moves no clock: the host's clock and 10 minutes.
        package var notAfter = EventTime.distantFuture

        /// The whole trail.
        package init() {}
    }

    package private(set) var engine: Engine
    /// Where every record went.
    package private(set) var balance = ReplayBalance()
    private let options: Options
    private var alerts: [Alert] = []

    package init(policy: Policy, options: Options = Options()) {
        engine = Engine(policy: policy)
        self.options = options
    }

    /// Takes what an inventory tells.
    ///
    /// It counts as no record.
    package mutating func take(inventory record: Record, _ alert: (Alert) throws -> Void) rethrows {
        _ = engine.process(record, into: &alerts)
        try handOut(alert)
    }

    /// Takes a batch of a file.
    ///
    /// - Parameters:
    ///   - batch: The batch.
    ///   - lose: Called for everything that cannot be read.
    ///   - alert: Called for each alert.
    package mutating func take(
        _ batch: DecodedBatch,
        lose: (LostRecord) throws -> Void,
        _ alert: (Alert) throws -> Void
    ) rethrows {
        balance.read += batch.ignored
        balance.ignored += batch.ignored
        for entry in batch.entries {
            switch entry {
            case .lost(let lost):
                balance.read += lost.count
                balance.lost[lost.reason, default: 0] += lost.count
                try lose(lost)
            case .record(let record):
                balance.read += 1
                if let until = options.until, record.time > until {
                    balance.ignored += 1
                    continue
                }
                switch engine.process(record, notAfter: options.notAfter, into: &alerts) {
                case .applied: balance.applied += 1
                case .duplicate: balance.duplicate += 1
                }
                try handOut(alert)
            }
        }
    }

    /// Ends the replay: what is due at the end of the trail is judged.
    package mutating func finish(_ alert: (Alert) throws -> Void) rethrows {
        engine.evaluateDeferred(into: &alerts)
        if let until = options.until {
            engine.advanceStreamTime(to: until, into: &alerts)
            engine.evaluateDeferred(into: &alerts)
        }
        try handOut(alert)
    }

    /// The final form of every finding, by id, without those older than `since`.
    package func findings() -> [(id: String, finding: Finding)] {
        engine.findings().filter { $0.finding.event.time >= options.since }
    }

    private mutating func handOut(_ hand: (Alert) throws -> Void) rethrows {
        guard !alerts.isEmpty else { return }
        defer { alerts.removeAll(keepingCapacity: true) }
        for alert in alerts where alert.finding.event.time >= options.since { try hand(alert) }
    }
}
