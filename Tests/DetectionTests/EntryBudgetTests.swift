import CloudTrail
import TestSupport
import Testing

@testable import Detection

/// One thing is changed so often within the horizon that not all of it fits a message.
@Suite
struct EntryBudgetTests {
    private static let image = World.image(1)
    private static let stranger = Grantee.account(World.stranger)
    private static let budget = 12_000

    enum Kind: CaseIterable {
        case tag
        case share
        case criteria
        case blockPublicAccess
    }

    private static func record(_ number: Int, at seconds: Int64, _ name: String, _ call: Call) -> Record {
        let digits = String(number)
        return Record(
            id: EventID(
                "00000000-0000-4000-8000-\(String(repeating: "0", count: 12 - digits.count))\(digits)"
            ),
            account: World.owner,
            region: "us-east-1",
            time: EventTime(seconds: World.base + seconds),
            name: name,
            source: "ec2.amazonaws.com",
            actor: Actor(arn: World.developer, type: "IAMUser", sourceIP: "192.0.2.7"),
            call: call
        )
    }

    private static func toggles(_ kind: Kind, _ count: Int) -> [Record] {
        let padding = String(repeating: "web", count: 50)
        let created = ImageCreation(image: image, name: "web", imageTags: [:])
        let first = record(1, at: 0, "CreateImage", .createImage(created))
        return [first]
            + (0..<count).map { number in
                let isOn = number % 2 == 0
                let (name, call): (String, Call) =
                    switch kind {
                    case .tag:
                        (
                            isOn ? "CreateTags" : "DeleteTags",
                            .changeTags(
                                TagChange(
                                    resources: [ExactText(image.description)],
                                    tags: ["Role": isOn ? "golden" : nil],
                                    deletes: !isOn
                                )
                            )
                        )
                    case .share:
                        (
                            "ModifyImageAttribute",
                            .modifyLaunchPermission(
                                LaunchPermissionChange(
                                    image: image,
                                    added: isOn ? [stranger] : [],
                                    removed: isOn ? [] : [stranger]
                                )
                            )
                        )
                    case .criteria:
                        (
                            "ReplaceImageCriteriaInAllowedImagesSettings",
                            .imageCriteria([
                                ImageCriterion(
                                    providers: [isOn ? "amazon" : "\(World.stranger)"],
                                    names: (0..<10).map { "\($0)-\(padding)" }
                                )
                            ])
                        )
                    case .blockPublicAccess:
                        (
                            isOn ? "DisableImageBlockPublicAccess" : "EnableImageBlockPublicAccess",
                            .blockPublicAccess(isOn ? .unblocked : .blockNewSharing)
                        )
                    }
                return record(number + 2, at: 60 + Int64(number) * 3000 / Int64(count), name, call)
            }
    }

    private static let policy: Policy = {
        var policy = Policy()
        policy.publishers = [Pattern("arn:aws:iam::111122223333:role/image-*")]
        var golden = Policy.ApprovedImage()
        golden.tags = ["Role": "golden"]
        policy.images.approved = [golden]
        policy.requiredTags = [.init(resource: .image, key: "Role", requirement: .present, graceMinutes: 5)]
        policy.baseline.imageCriteria = [ImageCriterion(providers: ["amazon"])]
        policy.baseline.blockPublicAccess = .blockNewSharing
        return policy
    }()

    private static func engine(_ bytes: Int = budget) -> Engine {
        var settings = Engine.Settings()
        settings.horizonSeconds = 86_400
        settings.keepsJournal = true
        settings.entryBytes = bytes
        return Engine(policy: policy, settings: settings)
    }

    /// The history of one thing stays within the budget, and no entry grows with it; the findings are those of an engine that forgets nothing, and neither a
    /// restart nor what is delivered again says anything.
    @Test(arguments: Kind.allCases)
    func theOldestAreForgotten(_ kind: Kind) throws {
        let count = kind == .criteria ? 60 : 200
        let records = Self.toggles(kind, count)
        var settings = Engine.Settings()
        settings.subjectsAtOnce = 0
        var all = Engine(policy: Self.policy, settings: settings)
        var live = Self.engine()
        var ledger = Ledger()
        var topic: [ArraySlice<UInt8>: StateEntry] = [:]
        var (largest, largestEntry) = (0, 0)
        for (number, record) in records.enumerated() {
            var alerts: [Alert] = []
            if number == count * 3 / 4 {
                let old = live
                live = Self.engine()
                for entry in topic.values { try live.restore(key: entry.key, value: entry.value) }
                #expect(live.allEntries() == old.allEntries())
                live.reconcile(into: &alerts)
                #expect(alerts.isEmpty, "a restart says nothing")
                for repeated in records[1..<number] {
                    _ = live.process(repeated, into: &alerts)
                }
                #expect(alerts.isEmpty, "\(alerts.count) alerts; what is delivered again says nothing")
                #expect(live.allEntries() == old.allEntries())
            }
            _ = live.process(record, into: &alerts)
            for entry in live.pendingChanges() {
                topic[entry.key] = entry
                largestEntry = max(largestEntry, entry.value?.count ?? 0)
            }
            largest = max(largest, Self.bytesOfTheLongest(live.state))
            live.commit()
            ledger.take(alerts, "record \(number)")
            alerts = []
            _ = all.process(record, into: &alerts)
        }
        var whole = Engine(policy: Self.policy)
        for entry in all.allEntries() { try whole.restore(key: entry.key, value: entry.value) }
        var alerts: [Alert] = []
        whole.reconcile(into: &alerts)
        #expect(live.forgottenEarly.count > 0 && live.forgottenEarly.tallies[.change]?.account == World.owner)
        #expect(largest <= Self.budget && largest > Self.budget / 3, "\(largest) bytes")
        #expect(largestEntry < 4096, "\(largestEntry) bytes")
        #expect(live.findingLines == whole.findingLines)
        #expect(ledger.told == live.told)
        #expect(!ledger.told.isEmpty)
    }

    /// Bytes in the changelog of the attribute that has most.
    private static func bytesOfTheLongest(_ state: State) -> Int {
        state.factKeys.reduce(0) { longest, key in
            var bytes = ByteWriter()
            _ = bytes.facts(state.timeline(key).facts, of: nil)
            return max(longest, bytes.count)
        }
    }

    /// An abort brings what was forgotten early back.
    @Test
    func anAbortTakesItBack() {
        var live = Self.engine()
        var alerts: [Alert] = []
        var forgotten = 0
        for record in Self.toggles(.share, 120) {
            let before = live.allEntries()
            _ = live.process(record, into: &alerts)
            guard live.forgottenEarly.count > forgotten else {
                live.commit()
                continue
            }
            live.rollback()
            #expect(live.allEntries() == before)
            _ = live.process(record, into: &alerts)
            live.commit()
            forgotten = live.forgottenEarly.count
        }
        #expect(forgotten > 0)
    }

    /// The estimate of what a fact takes is never too low, and not far too high.
    @Test
    func factsTakeNoMoreThanIsThought() {
        for seed in UInt64(0)..<5 {
            let random = SplitMix64(seed: 9_000 + seed)
            var engine = Self.engine(.max)
            var alerts: [Alert] = []
            for record in History.records(100, random) { _ = engine.process(record, into: &alerts) }
            for key in engine.state.factKeys {
                for fact in engine.state.timeline(key).facts {
                    var bytes = ByteWriter()
                    _ = bytes.facts([fact], of: nil)
                    #expect(bytes.count <= fact.entryBytes)
                    #expect(bytes.count + 200 >= fact.entryBytes)
                }
            }
        }
    }

    @Test
    func aFactThatFitsNoEntryIsKnown() {
        let live = Self.engine()
        let many = (0..<2000).map { ExactText("\($0)-web") }
        let criteria = Call.imageCriteria([ImageCriterion(names: many)])
        #expect(!live.holds(Self.record(1, at: 0, "ReplaceImageCriteriaInAllowedImagesSettings", criteria)))
        #expect(Self.toggles(.criteria, 2).allSatisfy { live.holds($0) })
    }
}
