import CloudTrail
import Foundation
import Testing

@testable import Detection

/// Every fact that comes or goes names whatever depends on it: too many subjects perhaps, never too few.
///
/// What depends on it is no list by hand: it is what the rules read when they were last evaluated.
@Suite
struct DependencyTests {
    private struct Run {
        var report = DependencyNet.Report()
        /// The histories with a gap.
        var failures: [(seed: UInt64, gaps: [String])] = []
        /// By trigger a history in which nothing else names what depends on a fact.
        var shownIn: [DependencyNet.Lead: UInt64] = [:]
    }

    private static let histories: UInt64 = 300

    private static let run: Result<Run, any Error> = Result {
        var run = Run()
        for seed in Array(0..<histories) + Array(NetHistory.ofFixtures) {
            let report = try NetHistory.report(seed)
            if !report.gaps.isEmpty { run.failures.append((seed, report.gaps)) }
            for trigger in report.needed.keys where run.shownIn[trigger] == nil {
                run.shownIn[trigger] = seed
            }
            run.report.add(report)
        }
        if ProcessInfo.processInfo.environment["AMIWATCH_COVERAGE"] != nil { print(run.report) }
        return run
    }

    @Test
    func everyFactNamesWhatDependsOnIt() throws {
        let run = try Self.run.get()
        for (seed, gaps) in run.failures.prefix(3) {
            Issue.record(
                "seed \(seed):\n\(gaps.prefix(5).joined(separator: "\n"))\n\(NetHistory.events(seed))"
            )
        }
        #expect(run.failures.isEmpty, "\(run.failures.count) of \(Self.histories) histories have gaps")
        #expect(run.report.checked > 20_000, "\(run.report.checked) readings")
        #expect(run.report.passedOver > 20, "\(run.report.passedOver) passed over")
    }

    /// What the histories show: each rule opens, and each kind of fact comes and goes.
    @Test
    func theHistoriesShowEveryRuleAndEveryKindOfFact() throws {
        let report = try Self.run.get().report
        for rule in RuleSet.all.rules.map(\.metadata.id) {
            #expect(report.said[rule]?["open"] ?? 0 > 0, "\(rule): \(report.said[rule] ?? [:])")
        }
        for kind in Set(Attribute.known + [.parentImage]).union(RuleSet.all.triggers.attributes) {
            #expect(report.came[kind] ?? 0 > 0, "\(kind.text) comes")
            #expect(report.went[kind] ?? 0 > 0, "\(kind.text) goes")
        }
    }

    /// With any trigger taken out there is a gap.
    @Test
    func everyTriggerIsMissedWhenItIsTakenOut() throws {
        let run = try Self.run.get()
        for trigger in run.report.used.keys.sorted() {
            guard let seed = run.shownIn[trigger] else {
                Issue.record("without \(trigger) no history has a gap")
                continue
            }
            let gaps = try NetHistory.report(seed, without: trigger).gaps
            #expect(!gaps.isEmpty, "without \(trigger) seed \(seed) has no gap")
        }
        #expect(run.report.used.count > 20)
    }
}
