import CloudTrail
import Pipeline
import Testing
import TestSupport

@testable import Detection

/// Every fixture in a thousand orders (in all of them, where there are fewer), with repeats.
@Suite
struct FixtureOrderTests {
    @Test(arguments: Fixture.ofRules)
    func theOrderDecidesNothing(_ fixture: Fixture) throws {
        let policy = try fixture.policy()
        let records = try fixture.records()
        let expected = OrderTests.findings(of: records, policy, "\(fixture), as recorded", atEach: true)
        var random = SplitMix64(seed: UInt64(records.count))
        for number in 0..<20 {
            let comment: Comment = "\(fixture), order \(number)"
            let order = records.shuffled(using: &random)
            #expect(OrderTests.findings(of: order, policy, comment, atEach: true) == expected, comment)
        }
        var alerts: [Alert] = []
        var engine = Engine(policy: policy)
        for record in records { _ = engine.process(record, into: &alerts) }
        let findings = engine.told
        let start = Walk(engine: Engine(policy: policy), rest: records, comment: "\(fixture)")
        let orders =
            records.count <= 6 ? start.all(findings) : start.some(findings, levels: 2, random: &random)
        #expect(orders >= (records.count <= 6 ? (1...records.count).reduce(1, *) : 1000))
    }

    /// After every record another engine goes on from what the first one has stored, and has nothing to say about that.
    @Test(arguments: Fixture.ofRules)
    func whereItIsCutDecidesNothing(_ fixture: Fixture) throws {
        let policy = try fixture.policy()
        let records = try fixture.records()
        // A copy that differs is known for one only to the engine that has read the other.
        guard Set(records.map(\.id)).count == records.count else { return }
        let expected = OrderTests.findings(of: records, policy, "\(fixture), as recorded")
        for cut in 1..<records.count {
            let comment: Comment = "\(fixture), cut after \(cut) records"
            var engine = Engine(policy: policy)
            var ledger = Ledger()
            for (index, record) in records.enumerated() {
                var alerts: [Alert] = []
                if index == cut {
                    let entries = engine.allEntries()
                    engine = Engine(policy: policy)
                    for entry in entries { try engine.restore(key: entry.key, value: entry.value) }
                    engine.reconcile(into: &alerts)
                    #expect(alerts.isEmpty, comment)
                }
                _ = engine.process(record, into: &alerts)
                ledger.take(alerts, comment)
            }
            #expect(ledger.told == engine.told, comment)
            #expect(engine.findingLines == expected, comment)
        }
    }

    /// One order, as far as it has come.
    ///
    /// Orders that begin alike share their beginning.
    private struct Walk {
        var engine: Engine
        var ledger = Ledger()
        var done: [Record] = []
        var rest: [Record]
        let comment: Comment

        private mutating func feed(_ index: Int) {
            let record = rest.remove(at: index)
            feed(record)
            done.append(record)
        }

        private mutating func feed(_ record: Record) {
            var alerts: [Alert] = []
            _ = engine.process(record, into: &alerts)
            let comment = comment
            ledger.take(alerts, comment)
        }

        private func check() {
            if ledger.told != engine.told { #expect(ledger.told == engine.told, comment) }
        }

        private func checkEnd(_ expected: [String: Told]) {
            check()
            if ledger.told != expected {
                #expect(ledger.told == expected, "\(comment), order \(done.map(\.id.description))")
            }
        }

        /// Every order of what is left; returns how many.
        func all(_ expected: [String: Told]) -> Int {
            guard !rest.isEmpty else {
                checkEnd(expected)
                return 1
            }
            check()
            return rest.indices.reduce(0) { count, index in
                var next = self
                next.feed(index)
                return count + next.all(expected)
            }
        }

        /// Ten beginnings, ten continuations of each, ten ends of each of those; and a repeat now and then.
        func some(_ expected: [String: Told], levels: Int, random: inout SplitMix64) -> Int {
            var count = 0
            for _ in 0..<10 {
                var next = self
                next.rest.shuffle(using: &random)
                for _ in 0..<(next.rest.count / (levels + 1)) { next.feed(next.rest.count - 1) }
                if random.chance(50), let repeated = next.done.randomElement(using: &random) {
                    next.feed(repeated)
                }
                if levels == 0 {
                    next.checkEnd(expected)
                    count += 1
                } else {
                    next.check()
                    count += next.some(expected, levels: levels - 1, random: &random)
                }
            }
            return count
        }
    }
}
