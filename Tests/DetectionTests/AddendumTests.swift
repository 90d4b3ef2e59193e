import CloudTrail
import TestSupport
import Testing

@testable import Detection

/// A record and its addendum are one event.
@Suite
struct AddendumTests {
    private static func attempt(_ number: UInt64, from ip: String, isAddendum: Bool) -> Record {
        let image = World.image(1)
        let share = LaunchPermissionChange(image: image, added: [.everyone], removed: [])
        return Record(
            id: .uuid(0x4000, 0x8000_0000_0000_0000 + number),
            account: World.owner,
            region: "us-east-1",
            time: EventTime(seconds: World.base + Int64(number)),
            name: "ModifyImageAttribute",
            source: "ec2.amazonaws.com",
            error: "Client.UnauthorizedOperation",
            actor: Actor(arn: "arn:aws:iam::123456789012:user/x", sourceIP: ip),
            call: .modifyLaunchPermission(share),
            isAddendum: isAddendum
        )
    }

    /// After a restart an addendum still takes its original's place.
    @Test
    func afterARestart() throws {
        let originals = (1...3).map { Self.attempt($0, from: "192.0.2.99", isAddendum: false) }
        let addenda = (1...3).map { Self.attempt($0, from: "192.0.2.1", isAddendum: true) }
        var alerts: [Alert] = []
        var whole = Engine(policy: Policy())
        for record in originals + addenda { _ = whole.process(record, into: &alerts) }
        for cut in 0...5 {
            var engine = Engine(policy: Policy())
            for (index, record) in (originals + addenda).enumerated() {
                if index == cut {
                    var restored = Engine(policy: Policy())
                    for entry in engine.allEntries() {
                        try restored.restore(key: entry.key, value: entry.value)
                    }
                    engine = restored
                    engine.reconcile(into: &alerts)
                }
                _ = engine.process(record, into: &alerts)
            }
            #expect(engine.findingLines == whole.findingLines, "cut at \(cut)")
        }
    }

    @Test
    func inAnyOrder() {
        let originals = (1...3).map { Self.attempt($0, from: "192.0.2.99", isAddendum: false) }
        let addenda = (1...3).map { Self.attempt($0, from: "192.0.2.1", isAddendum: true) }
        var expected: [String] = []
        var random = SplitMix64(seed: 5)
        for round in 0..<40 {
            let all = originals + addenda + originals
            let order = round == 0 ? all : all.shuffled(using: &random)
            var engine = Engine(policy: Policy())
            var (applied, alerts) = (0, [Alert]())
            for record in order {
                if case .applied = engine.process(record, into: &alerts) { applied += 1 }
            }
            #expect(applied == 3)
            let findings = engine.findings().map(\.finding).filter {
                $0.identity.rule == "ami-share-attempt-denied"
            }
            #expect(findings.map(\.occurrences) == [3])
            #expect(findings.first?.actor.sourceIP == "192.0.2.1")
            if round == 0 { expected = engine.findingLines }
            #expect(engine.findingLines == expected)
        }
    }
}
