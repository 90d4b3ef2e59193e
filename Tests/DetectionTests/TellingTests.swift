import Alerts
import CloudTrail
import Synchronization
import Testing

@testable import Detection

/// What is worth an alert, and how many there are.
@Suite
struct TellingTests {
    private static func record(_ number: Int, at second: Int, _ name: String, _ call: Call) -> Record {
        Record(
            id: .uuid(0x4000, 0x8000_0000_0000_0000 + UInt64(number)),
            account: World.owner,
            region: "us-east-1",
            time: EventTime(seconds: World.base + Int64(second)),
            name: name,
            source: "ec2.amazonaws.com",
            actor: World.actors[1],
            call: call
        )
    }

    private static func alerts(_ records: [Record], _ policy: Policy = Policy()) -> (Engine, [Alert]) {
        var engine = Engine(policy: policy)
        var alerts: [Alert] = []
        for record in records { _ = engine.process(record, into: &alerts) }
        return (engine, alerts)
    }

    private static func image(_ number: Int) -> ResourceID {
        ResourceID("ami-\(String(repeating: "0", count: 17 - "\(number)".count))\(number)")
    }

    private static func instance(_ number: Int) -> ResourceID {
        ResourceID("i-\(String(repeating: "0", count: 17 - "\(number)".count))\(number)")
    }

    /// An instance may end while its undetermined verdict waits, which is with the detector then and not here any more.
    @Test
    func anInstanceThatEndsWhileItsVerdictWaitsIsOpenedAndResolved() throws {
        var policy = Policy()
        var amazon = Policy.ApprovedImage()
        amazon.owners = ["amazon"]
        policy.images.approved = [amazon]
        var settings = Engine.Settings()
        settings.delaysUndetermined = true
        let launched = InstanceLaunch(
            instances: [.init(id: Self.instance(1), image: Self.image(1))],
            requestedImage: Self.image(1)
        )
        let launch = Self.record(1, at: 0, "RunInstances", .runInstances(launched))
        let end = Self.record(2, at: 1, "TerminateInstances", .terminateInstances([Self.instance(1)]))
        for isTaken in [false, true] {
            var engine = Engine(policy: policy, settings: settings)
            var alerts: [Alert] = []
            _ = engine.process(launch, into: &alerts)
            var waiting = isTaken ? engine.takeUnsettled() : []
            _ = engine.process(end, into: &alerts)
            waiting += engine.takeUnsettled()
            engine.settle(waiting, into: &alerts)
            let told = alerts.filter { $0.finding.identity.rule == "launch-from-unapproved-ami" }
            #expect(told.map(\.finding.status) == [.open, .resolved], "taken: \(isTaken)")
            #expect(engine.findings().contains { $0.finding.status == .resolved }, "taken: \(isTaken)")
        }
    }

    private static func publicShares(_ count: Int) -> [Record] {
        [record(0, at: 0, "EnableImageBlockPublicAccess", .blockPublicAccess(.blockNewSharing))]
            + (1...count).map { number in
                let change = LaunchPermissionChange(image: image(number), added: [.everyone], removed: [])
                return record(number, at: number, "ModifyImageAttribute", .modifyLaunchPermission(change))
            }
    }

    /// However many there are: no more than sixty alerts beside one for each image, and less than 5 MB of state and
    /// catalogue, though every call is committed by itself; and a restart reads a few entries for each.
    @Test
    func threeThousandPublicSharesWriteLittle() throws {
        var settings = Engine.Settings()
        settings.keepsJournal = true
        settings.horizonSeconds = 86_400
        var engine = Engine(policy: Policy(), settings: settings)
        var (others, bytes, largest) = (0, 0, 0)
        for record in Self.publicShares(3000) {
            var alerts: [Alert] = []
            _ = engine.process(record, into: &alerts)
            others += alerts.count { $0.finding.identity.rule != "ami-shared-publicly" }
            for entry in engine.pendingChanges() {
                bytes += entry.key.count + (entry.value?.count ?? 0)
                largest = max(largest, entry.value?.count ?? 0)
            }
            engine.commit()
        }
        #expect(others <= 60)
        #expect(bytes <= 5_000_000, "\(bytes) bytes")
        #expect(largest < 1024, "an entry of \(largest) bytes")

        let entries = engine.allEntries()
        #expect(entries.count < 12 * 3000, "\(entries.count) entries")
        var restarted = Engine(policy: Policy(), settings: settings)
        let evaluations = EvaluationCount()
        restarted.witness = evaluations
        for entry in entries { try restarted.restore(key: entry.key, value: entry.value) }
        var alerts: [Alert] = []
        restarted.reconcile(into: &alerts)
        #expect(alerts.isEmpty)
        // Two about their account and Region, and two about who has shared so many, perhaps for the first time.
        #expect(restarted.findings().count == 3004)
        // Each share by the rules about shares, each place by those about places, once.
        let rules = RuleSet.all.rules.count { $0.subjects.contains(.share) }
        #expect(evaluations.count < (rules + 1) * 3000, "\(evaluations.count) evaluations")
    }

    /// The finding about block public access counts all of them, and says so four times: at the first, the second, the
    /// tenth, and once there are a hundred.
    @Test
    func manyPublicSharesAreSaidOnceEach() throws {
        let (engine, alerts) = Self.alerts(Self.publicShares(300))
        let others = alerts.filter { $0.finding.identity.rule != "ami-shared-publicly" }
        #expect(alerts.count - others.count == 300)
        #expect(others.count <= 60)
        let guardrail = others.filter { $0.finding.identity.rule == "block-public-access-disabled" }
        let counts = guardrail.map(\.finding.occurrences)
        #expect(counts.dropLast() == [1, 2, 10])
        // More than 64 facts are judged again when there are an eighth more of them.
        #expect((100...112).contains(counts.last ?? 0))
        #expect(guardrail.map(\.finding.status) == [.open, .updated, .updated, .updated])
        let finding = try #require(
            engine.findings().first { $0.finding.identity.rule == "block-public-access-disabled" }
        )
        #expect(finding.finding.occurrences == 300)
    }

    private static let denying: Policy = {
        var policy = Policy()
        policy.images.denied = ["\(image(1))"]
        return policy
    }()

    private static func launch(_ number: Int, at second: Int, _ instances: ClosedRange<Int>) -> Record {
        let launched = instances.map { InstanceLaunch.Instance(id: instance($0), image: image(1)) }
        return record(
            number,
            at: second,
            "RunInstances",
            .runInstances(InstanceLaunch(instances: launched, requestedImage: nil))
        )
    }

    private static func launchAlerts(_ records: [Record]) -> [Alert] {
        alerts(records, denying).1.filter { $0.finding.identity.rule == "launch-from-denied-ami" }
    }

    /// One message for a call, one for its end; a finding for each instance.
    ///
    /// In the other order they come together.
    @Test
    func aCallOfManyInstancesIsOneMessage() throws {
        let launch = Self.launch(1, at: 0, 1...50)
        let end = Self.record(
            2,
            at: 9,
            "TerminateInstances",
            .terminateInstances((1...50).map(Self.instance))
        )
        for order in [[launch, end], [end, launch]] {
            let alerts = Self.launchAlerts(order)
            #expect(alerts.map(\.finding.status) == [.open, .resolved])
            for (alert, revision) in zip(alerts, [1, 2]) {
                #expect(alert.instances.count == 50)
                #expect(Set(alert.instances.map(\.alertID)).count == 50)
                #expect(alert.instances.allSatisfy { $0.revision == revision })
                #expect(alert.finding.message.hasPrefix("50 instances alike, the first: "))
                #expect(alert.alertID == alert.instances[0].alertID)
            }
            let command = try #require(alerts[0].finding.remediation.first)
            #expect(alerts[0].finding.remediation.count == 1)
            #expect(command.hasSuffix((1...50).map { " \(Self.instance($0))" }.joined()))
            var ledger = Ledger()
            ledger.take(alerts, "")
            #expect(ledger.told.count == 50)
        }
    }

    /// What differs in more than the instance stays apart, and a message names no more than one call may.
    @Test
    func onlyWhatIsAlikeIsPutTogether() {
        let ends = Self.record(
            3,
            at: 9,
            "TerminateInstances",
            .terminateInstances((1...4).map(Self.instance))
        )
        let alerts = Self.launchAlerts([Self.launch(1, at: 0, 1...2), Self.launch(2, at: 5, 3...4), ends])
        #expect(alerts.map(\.instances.count) == [2, 2, 2, 2])
        #expect(Self.launchAlerts([Self.launch(1, at: 0, 1...1)]).map(\.instances.count) == [0])
        #expect(Self.launchAlerts([Self.launch(1, at: 0, 1...1500)]).map(\.instances.count) == [1000, 500])
    }

    /// Too many for a message: several, which together name each instance once.
    @Test
    func aMessageThatIsTooLongIsSplit() throws {
        let alert = try #require(Self.launchAlerts([Self.launch(1, at: 0, 1...900)]).first)
        var encoder = NativeAlert()
        let messages = encoder.messages(for: alert, raised: 0, maximumBytes: 50_000)
        #expect(messages.count > 4)
        #expect(messages.allSatisfy { $0.line.count <= 50_000 })
        var named: [String] = []
        for message in messages {
            let json = try #require(JSONTree(message.line))
            let instances = json["instances"]?.elements ?? []
            #expect(json["finding_id"]?.text == instances.first?["finding_id"]?.text)
            #expect(json["message"]?.text?.hasPrefix("\(instances.count) instances alike") == true)
            named += instances.compactMap { $0["id"]?.text }
        }
        #expect(named == (1...900).map { Self.instance($0).description })
    }

    // MARK: Why it is said

    @Test
    func everyAlertSaysWhyItIsSaid() {
        let launch = Self.launch(1, at: 0, 1...1)
        let tag = TagChange(
            resources: [ExactText(Self.image(1).description)],
            tags: ["Role": "golden"],
            deletes: false
        )
        var policy = Policy()
        var golden = Policy.ApprovedImage()
        golden.tags = ["Role": "golden"]
        policy.images.approved = [golden]
        let creation = ImageCreation(image: Self.image(1), imageTags: [:])
        var (engine, alerts) = Self.alerts(
            [
                launch, Self.record(2, at: -20, "CreateImage", .createImage(creation)),
                Self.record(3, at: -10, "CreateTags", .changeTags(tag)),
            ],
            policy
        )
        func told() -> [String] {
            defer { alerts = [] }
            return alerts.filter { $0.finding.identity.rule == "launch-from-unapproved-ami" }.map {
                "\($0.finding.status.rawValue) \($0.finding.verdict.rawValue): \($0.cause.rawValue)"
            }
        }
        #expect(
            told() == [
                "open undetermined: event", "updated violation: late-event", "retracted allowed: late-event",
            ]
        )
        policy.images.approved = []
        engine.replacePolicy(policy, into: &alerts)
        #expect(told() == ["open violation: policy"])
        var suppression = Policy.Suppression(
            rule: "launch-from-unapproved-ami",
            reason: "a reason",
            owner: "somebody",
            ends: EventTime(seconds: World.base + 86_400)
        )
        suppression.image = Pattern("ami-0000*")
        suppression.principal = Pattern("arn:aws:iam::111122223333:user/a*")
        policy.suppressions = [suppression]
        engine.replacePolicy(policy, into: &alerts)
        #expect(alerts.last?.finding.message.hasSuffix(": a reason") == true)
        #expect(alerts.last?.finding.clause == "suppressions[0]")
        #expect(told() == ["retracted allowed: policy"])
        engine.advanceStreamTime(to: EventTime(seconds: World.base + 90_000), into: &alerts)
        #expect(told() == ["open violation: time"])
    }

    /// A suppression by image or by principal covers what matches, and nothing that anybody else has a part in.
    @Test
    func aSuppressionByImageOrPrincipal() {
        func open(_ image: String?, _ principal: String?) -> Int {
            var policy = Self.denying
            var suppression = Policy.Suppression(
                rule: "launch-from-denied-ami",
                reason: "a reason",
                owner: "somebody",
                ends: .distantFuture
            )
            suppression.image = image.map(Pattern.init)
            suppression.principal = principal.map(Pattern.init)
            policy.suppressions = [suppression]
            return Self.alerts([Self.launch(1, at: 0, 1...3)], policy).0.findings().count {
                $0.finding.identity.rule == "launch-from-denied-ami"
            }
        }
        #expect(open("ami-0*", nil) == 0)
        #expect(open("ami-1*", nil) == 3)
        #expect(open(nil, World.developer) == 0)
        #expect(open(nil, World.publisher) == 3)
        #expect(open("ami-0*", World.publisher) == 3)
    }

    /// What an older version has written is read as it was meant: told, with a severity that is not known.
    @Test
    func aFindingOfAnOlderVersionIsRead() throws {
        let state = FindingState(
            status: .open,
            revision: 7,
            fingerprint: 42,
            occurrences: 12,
            forgotten: 3,
            firstSeen: EventTime(seconds: 1),
            lastSeen: EventTime(seconds: 2),
            changed: EventTime(seconds: 3)
        )
        var old = ByteWriter()
        old.byte(StateKey.format)
        old.text("open")
        old.unsigned(7)
        old.unsigned(42)
        old.unsigned(12)
        old.unsigned(3)
        for second in 1...3 as ClosedRange<Int64> { old.signed(second) }
        func read(_ writer: borrowing ByteWriter) throws -> FindingState {
            try writer.bytes.withMemoryRebound(to: UInt8.self) { bytes in
                var reader = ByteReader(UnsafeRawBufferPointer(bytes))
                return try reader.finding()
            }
        }
        #expect(try read(old) == state)
        var told = state
        (told.severity, told.verdict, told.hasToldChange) = (.high, .violation, false)
        var new = ByteWriter()
        new.finding(told)
        #expect(try read(new) == told)
    }
}

/// How often a rule has judged a subject.
private final class EvaluationCount: EvaluationWitness {
    private let number = Mutex(0)

    var count: Int { number.withLock(\.self) }

    func affected(_ subjects: [Subject], by facts: [KeyedFact], in engine: Engine) {}
    func reconciled(_ subjects: [Subject], of isConcerned: (AccountID) -> Bool, in engine: Engine) {}
    func passedOver(_ subject: Subject, in engine: Engine) {}
    func evaluated(_ subject: Subject, by rule: String, _ judgement: Judgement?, _ readings: FactReadings) {
        number.withLock { $0 += 1 }
    }
}
