import CloudTrail
import Testing

@testable import Detection
@testable import Pipeline
@testable import TrailArchive

/// Accounts, readers and Regions that are far apart in time are judged each by what was true then.
@Suite
struct SkewTests {
    private static let day: Int64 = 86_400

    private static func record(
        _ number: UInt64,
        by account: AccountID,
        at second: Int64,
        _ name: String,
        _ call: Call,
        region: String = World.regions[0]
    ) -> Record {
        World.record(.uuid(0x9100, number), by: account, at: second, name, call, region: region)
    }

    private static func creation(_ number: UInt64, _ value: ExactText, at second: Int64) -> Record {
        let image = ImageCreation(image: World.image(1), imageTags: ["Role": value])
        return record(number, by: World.owner, at: second, "CreateImage", .createImage(image))
    }

    private static func tag(_ number: UInt64, _ value: ExactText, at second: Int64) -> Record {
        let change = TagChange(
            resources: [ExactText(World.image(1).description)],
            tags: ["Role": value],
            deletes: false
        )
        return record(number, by: World.owner, at: second, "CreateTags", .changeTags(change))
    }

    private static func launch(_ number: UInt64, by account: AccountID, at second: Int64) -> Record {
        let instance = InstanceLaunch.Instance(id: World.instance(1), image: World.image(1))
        let launch = InstanceLaunch(instances: [instance], requestedImage: nil)
        return record(number, by: account, at: second, "RunInstances", .runInstances(launch))
    }

    private static func end(
        _ number: UInt64,
        by account: AccountID,
        at second: Int64,
        region: String = World.regions[0]
    ) -> Record {
        let call = Call.terminateInstances([World.instance(2)])
        return record(number, by: account, at: second, "TerminateInstances", call, region: region)
    }

    /// Golden within one minute among many other values, and launched just then; told in the end.
    private static let briefly: [Record] =
        [creation(1, "silver", at: 0), tag(2, "golden", at: 10), tag(3, "silver", at: 20)]
        + (4..<20).map { tag($0, "silver", at: Int64($0) * 10) } + [launch(20, by: World.owner, at: 15)]

    /// What a detector that forgets says of the launches.
    private static func verdicts(of records: [Record]) -> [Verdict] {
        var settings = Engine.Settings()
        settings.horizonSeconds = day
        var engine = Engine(
            policy: World.goldenPolicy,
            rules: RuleSet([LaunchFromUnapprovedAMI()]),
            settings: settings
        )
        var alerts: [Alert] = []
        for record in records { _ = engine.process(record, into: &alerts) }
        return engine.findings().map(\.finding.verdict)
    }

    @Test("An account is late by its own clock, however far another one is ahead")
    func anotherAccountsClock() {
        let ahead = Self.end(99, by: World.stranger, at: 21 * Self.day)
        #expect(Self.verdicts(of: Self.briefly) == [])
        #expect(Self.verdicts(of: [ahead] + Self.briefly) == [])
    }

    @Test("A launch that is told two days late is judged by the tag of then")
    func aReaderThatWasAway() {
        let owners = [
            Self.creation(1, "golden", at: 0), Self.tag(2, "silver", at: Self.day),
            Self.tag(3, "golden", at: 4 * Self.day), Self.tag(4, "golden", at: 5 * Self.day),
        ]
        let launch = Self.launch(5, by: World.member, at: 3 * Self.day)
        #expect(Self.verdicts(of: owners + [launch]) == [.violation])
    }

    @Test("A replay of one Region after the other forgets nothing")
    func regionAfterRegion() {
        let ahead = Self.end(99, by: World.owner, at: 1000 * Self.day, region: World.regions[1])
        func findings(of records: [Record]) -> [Finding] {
            var batch = DecodedBatch(file: 0)
            batch.entries = records.map { .record($0) }
            var replay = Replay(policy: World.goldenPolicy)
            replay.take(batch, lose: { _ in }) { _ in }
            replay.finish { _ in }
            return replay.findings().map(\.finding)
        }
        #expect(findings(of: [ahead] + Self.briefly) == findings(of: Self.briefly + [ahead]))
        #expect(
            !findings(of: [ahead] + Self.briefly).contains {
                $0.identity.rule == "launch-from-unapproved-ami"
            }
        )
    }
}
