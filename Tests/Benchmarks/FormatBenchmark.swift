import Alerts
import CloudTrail
import Configuration
import Detection

/// What an alert costs in each format, against the native one.
enum FormatBenchmark {
    static let options = Set(["records", "rounds", "format"]).union(Generate.trailOptions)

    static func run(_ options: Options) throws {
        let alerts = try alerts(options)
        let formats = try options.text("format").map { word in
            guard let format = AlertFormat(rawValue: word) else { throw UsageError("--format \(word)") }
            return [format]
        }
        for format in formats ?? AlertFormat.foreign {
            var bytes = 0
            func encode(_ format: AlertFormat) -> Cost {
                var encoder = AlertEncoder(format)
                bytes = 0
                let watch = Stopwatch()
                for alert in alerts {
                    for message in encoder.messages(
                        for: alert,
                        raised: 1_773_735_000_000,
                        maximumBytes: 1 << 20
                    ) {
                        bytes += message.line.count
                    }
                }
                return watch.elapsed / alerts.count
            }
            try Pairing(
                rounds: try options.number("rounds", 7),
                baseline: ("native", { encode(.native) }),
                measured: (format.rawValue, { encode(format) })
            )
            .reportCost(of: "an alert", goal: nil)
            _ = encode(format)
            print("  \(alerts.count) alerts, \(bytes / alerts.count) bytes each")
        }
    }

    /// What the engine benchmark's records lead to.
    private static func alerts(_ options: Options) throws -> [Alert] {
        var settings = try Generate.settings(options)
        settings.watched = 1000
        settings.recordsPerSecond /= 50
        var trail = Trail(settings)
        var engine = Engine(policy: try TrailPolicy.read(), settings: EngineBenchmark.live)
        var alerts: [Alert] = []
        for record in try trail.inventoryRecords() { _ = engine.process(record, into: &alerts) }
        let records = Messages(&trail, count: try options.number("records", 100_000)).records()
        for record in records {
            _ = engine.process(record, into: &alerts)
            engine.commit()
        }
        return alerts
    }
}
