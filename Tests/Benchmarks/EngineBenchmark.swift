import Alerts
import CloudTrail
import Detection
import Glibc

/// What a relevant record costs the engine, and whether that grows with the state.
enum EngineBenchmark {
    static let options = Set(["records", "rounds", "images", "part"]).union(Generate.trailOptions)

    static func run(_ options: Options) throws {
        let rounds = try options.number("rounds", 7)
        if options.text("part") != "state" { try journal(options, rounds) }
        if options.text("part") != "journal" {
            try state(images: try options.number("images", 1_000_000), rounds)
        }
    }

    /// What `run` uses, with a journal; and what `replay` uses.
    static let live: Engine.Settings = {
        var settings = Engine.Settings()
        settings.horizonSeconds = 86_400
        settings.keepsJournal = true
        return settings
    }()

    // MARK: The journal

    private static func journal(_ options: Options, _ rounds: Int) throws {
        var settings = try Generate.settings(options)
        settings.watched = 1000
        settings.recordsPerSecond /= 50
        var trail = Trail(settings)
        let inventory = try trail.inventoryRecords()
        let policy = try TrailPolicy.read()
        let records = Messages(&trail, count: try options.number("records", 100_000)).records()
        var rules: [String: Int] = [:]
        var told = (alerts: 0, sum: UInt64(0))
        func process(_ settings: Engine.Settings, isChecked: Bool = false) -> Cost {
            var engine = Engine(policy: policy, settings: settings)
            var alerts: [Alert] = []
            told = (0, 0)
            for record in inventory { _ = engine.process(record, into: &alerts) }
            alerts.removeAll()
            rules.removeAll()
            let watch = Stopwatch()
            for (index, record) in records.enumerated() {
                _ = engine.process(record, into: &alerts)
                guard index % 1000 == 999 else { continue }
                if settings.keepsJournal { engine.commit() }
                told.alerts += alerts.count
                for alert in alerts where isChecked {
                    told.sum = told.sum &* 31 &+ check(alert)
                    rules[alert.finding.identity.rule, default: 0] += 1
                }
                alerts.removeAll(keepingCapacity: true)
            }
            return watch.elapsed / records.count
        }
        var unjournalled = live
        unjournalled.keepsJournal = false
        let pairing = try Pairing(
            rounds: rounds,
            baseline: ("Engine.process without a journal", { process(unjournalled) }),
            measured: ("Engine.process with a journal, committed every 1,000 records", { process(live) })
        )
        pairing.reportCost(of: "a relevant record", goal: nil)
        _ = process(Engine.Settings(), isChecked: true)
        print(
            "  \(rules.sorted { $0.value > $1.value }.map { "\($0.value) \($0.key)" }.joined(separator: ", "))"
        )
        print(
            "  \(records.count) records, \(told.alerts) alerts (replay), check \(String(told.sum, radix: 16))"
        )
    }

    /// Changes when the alerts do.
    private static func check(_ alert: Alert) -> UInt64 {
        var encoder = NativeAlert()
        return encoder.encode(alert).reduce(0xcbf2_9ce4_8422_2325) {
            ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3
        }
    }

    // MARK: The state

    private static func state(images: Int, _ rounds: Int) throws {
        let policy = try TrailPolicy.read()
        let small = Populated(images: 1000, policy)
        let large = Populated(images: images, policy)
        try Pairing(
            rounds: rounds,
            baseline: ("1,000 images in state", { small.process(20_000) }),
            measured: ("\(images) images in state", { large.process(20_000) })
        )
        .reportCost(of: "a relevant record", goal: .atMost(1.3))
    }

    /// An engine that knows so many images, and records about them.
    final class Populated {
        private(set) var engine: Engine
        private var population = Population(seed: 7, millisecondsEach: 20)
        private let images: Int
        private var number = 0

        init(images: Int, _ policy: Policy) {
            engine = Engine(policy: policy, settings: live)
            self.images = images
            var alerts: [Alert] = []
            for number in 0..<images {
                _ = engine.process(population.creation(number), into: &alerts)
                if number % 1000 == 999 {
                    engine.commit()
                    alerts.removeAll(keepingCapacity: true)
                }
            }
            engine.commit()
        }

        /// Takes records of others, as they are made.
        func take(_ records: some Sequence<Record>) {
            var alerts: [Alert] = []
            for (index, record) in records.enumerated() {
                _ = engine.process(record, into: &alerts)
                guard index % 1000 == 999 else { continue }
                engine.commit()
                alerts.removeAll(keepingCapacity: true)
            }
            engine.commit()
        }

        func process(_ count: Int) -> Cost {
            let records = (0..<count).map { population.event(number + $0, images: images) }
            number += count
            var alerts: [Alert] = []
            let watch = Stopwatch()
            for (index, record) in records.enumerated() {
                _ = engine.process(record, into: &alerts)
                guard index % 1000 == 999 else { continue }
                engine.commit()
                alerts.removeAll(keepingCapacity: true)
            }
            return watch.elapsed / count
        }
    }
}
