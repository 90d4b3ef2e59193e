import Alerts
import CloudTrail
import Detection

/// What it costs to make a transaction's bytes: the changes of the state, and the alerts.
enum CommitBenchmark {
    static let options = Set(["records", "rounds", "batch"]).union(Generate.trailOptions)

    static func run(_ options: Options) throws {
        var settings = try Generate.settings(options)
        settings.watched = 1000
        settings.recordsPerSecond /= 50
        var trail = Trail(settings)
        let inventory = try trail.inventoryRecords()
        let policy = try TrailPolicy.read()
        let records = Messages(&trail, count: try options.number("records", 100_000)).records()
        let batch = try options.number("batch", 400)
        var told = Told()
        func process(isWritten: Bool, isChecked: Bool = false) -> Cost {
            var engine = Engine(policy: policy, settings: EngineBenchmark.live)
            var encoder = NativeAlert()
            var alerts: [Alert] = []
            for record in inventory { _ = engine.process(record, into: &alerts) }
            engine.commit()
            alerts.removeAll()
            told = Told(isChecked: isChecked)
            let watch = Stopwatch()
            for (index, record) in records.enumerated() {
                _ = engine.process(record, into: &alerts)
                guard index % batch == batch - 1 else { continue }
                if isWritten {
                    for entry in engine.pendingChanges() { told.take(entry) }
                    for alert in alerts { told.take(encoder.encode(alert)) }
                }
                engine.commit()
                alerts.removeAll(keepingCapacity: true)
            }
            return watch.elapsed / records.count
        }
        let pairing = try Pairing(
            rounds: try options.number("rounds", 7),
            baseline: ("Engine.process", { process(isWritten: false) }),
            measured: ("the same, committed every \(batch) records", { process(isWritten: true) })
        )
        pairing.reportCost(of: "a relevant record", goal: nil)
        _ = process(isWritten: true, isChecked: true)
        print(
            "  \(records.count) records, \(told.entries) changes, \(told.alerts) alerts, \(told.bytes) bytes,"
                + " check \(String(told.sum, radix: 16))"
        )
    }

    private struct Told {
        var isChecked = false
        var entries = 0
        var alerts = 0
        var bytes = 0
        /// Changes when one of the bytes does.
        var sum: UInt64 = 0xcbf2_9ce4_8422_2325

        mutating func take(_ entry: StateEntry) {
            entries += 1
            count(entry.key)
            if let value = entry.value { count(value) }
        }

        mutating func take(_ alert: [UInt8]) {
            alerts += 1
            count(alert)
        }

        private mutating func count(_ text: some Collection<UInt8>) {
            bytes += text.count
            if isChecked { for byte in text { sum = (sum ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 } }
        }
    }
}
