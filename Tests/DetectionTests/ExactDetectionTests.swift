import Alerts
import CloudTrail
import Testing

@testable import Detection

/// Two texts that Unicode calls canonically equivalent are two texts, wherever records, policies and state meet.
@Suite
struct ExactDetectionTests {
    static let one = "caf\u{E9}"
    static let other = "cafe\u{301}"

    private static func record(
        _ number: Int,
        _ name: String,
        _ call: Call,
        region: String = "us-east-1",
        error: String? = nil,
        actor: Actor = World.actors[1]
    ) -> Record {
        Record(
            id: EventID("event-\(number)"),
            account: World.owner,
            region: region,
            time: EventTime(seconds: World.base + Int64(number)),
            name: name,
            source: "ec2.amazonaws.com",
            error: error,
            actor: actor,
            call: call
        )
    }

    private static func inventory(_ number: Int, _ fill: (inout Inventory) -> Void) -> Record {
        var inventory = Inventory(isDated: true)
        fill(&inventory)
        var record = record(number, "DescribeImages", .inventory(inventory))
        record.id = .text("inventory/\(number)")
        return record
    }

    private static func share(_ number: Int, _ image: ResourceID, _ grantee: Grantee) -> Record {
        record(
            number,
            "ModifyImageAttribute",
            .modifyLaunchPermission(.init(image: image, added: [grantee], removed: []))
        )
    }

    private static func launch(_ number: Int, _ images: [ResourceID]) -> Record {
        let instances = images.enumerated().map {
            InstanceLaunch.Instance(id: World.instance($0.offset + 1), image: $0.element)
        }
        return record(
            number,
            "RunInstances",
            .runInstances(.init(instances: instances, requestedImage: images.first))
        )
    }

    /// What an engine finds, also when its state went through the changelog: one text a finding.
    private static func findings(_ records: [Record], _ policy: Policy = Policy()) throws -> [Finding] {
        var settings = Engine.Settings()
        settings.keepsJournal = true
        var engine = Engine(policy: policy, settings: settings)
        var alerts: [Alert] = []
        for record in records { #expect(engine.process(record, into: &alerts) == .applied) }
        engine.reconcile(into: &alerts)
        var restored = Engine(policy: policy, settings: settings)
        for entry in engine.allEntries() { try restored.restore(key: entry.key, value: entry.value) }
        restored.reconcile(into: &alerts)
        #expect(restored.findings().map(\.finding) == engine.findings().map(\.finding))
        return engine.findings().map(\.finding)
    }

    private static func rules(_ records: [Record], _ policy: Policy = Policy()) throws -> Set<String> {
        Set(try findings(records, policy).map(\.identity.rule))
    }

    private static func suppressing(
        _ rule: String,
        _ narrow: (inout Policy.Suppression) -> Void
    ) -> Policy {
        var policy = Policy()
        var suppression = Policy.Suppression(rule: rule, reason: "r", owner: "o", ends: .distantFuture)
        narrow(&suppression)
        policy.suppressions = [suppression]
        return policy
    }

    @Test("A suppression covers the resource, Region and discriminator that it names, and no other")
    func suppressions() throws {
        let shares = "ami-shared-with-untrusted-organization"
        for (text, isHidden) in [(Self.one, true), (Self.other, false)] {
            let image = Self.share(1, ResourceID("ami-" + text), .organization("arn"))
            let byResource = Self.suppressing(shares) { $0.resource = Pattern("ami-\(Self.one)") }
            #expect(try Self.rules([image], byResource).contains(shares) == !isHidden)
            let grantee = Self.share(1, World.image(1), .organization(text))
            let byGrantee = Self.suppressing(shares) { $0.discriminator = ExactText(Self.one) }
            #expect(try Self.rules([grantee], byGrantee).contains(shares) == !isHidden)
            let byPattern = Self.suppressing(shares) { $0.image = Pattern("ami-\(Self.one)*") }
            #expect(try Self.rules([image], byPattern).contains(shares) == !isHidden)
            let off = Self.record(1, "Disable", .allowedImages(.disabled), region: text)
            let byRegion = Self.suppressing("allowed-amis-disabled") { $0.region = ExactText(Self.one) }
            #expect(try Self.rules([off], byRegion).contains("allowed-amis-disabled") == !isHidden)
        }
    }

    @Test("An image is approved by the id, alias, name and tag that the policy names, and no other")
    func approvals() throws {
        let rule = "launch-from-unapproved-ami"
        let entries: [(inout Policy.ApprovedImage) -> Void] = [
            { $0.ids = ["ami-\(Self.one)"] }, { $0.owners = [ExactText(Self.one)] },
            { $0.names = [Pattern(Self.one)] }, { $0.tags = [ExactText(Self.one): "golden"] },
            { $0.tags = ["Stage": ExactText(Self.one)] },
        ]
        for entry in entries {
            var policy = Policy()
            var approved = Policy.ApprovedImage()
            entry(&approved)
            policy.images.approved = [approved]
            for (text, isApproved) in [(Self.one, true), (Self.other, false)] {
                var image = Inventory.Image(id: ResourceID("ami-" + text))
                (image.owner, image.ownerAlias) = (World.owner, ExactText(text))
                image.name = ExactText(text)
                image.tags = [ExactText(text): "golden", "Stage": ExactText(text)]
                let records = [
                    Self.inventory(1) { $0.images = [image] }, Self.launch(2, [image.id]),
                ]
                #expect(try Self.rules(records, policy).contains(rule) == !isApproved)
            }
        }
    }

    @Test("Criteria admit the provider, name and product code that they name, and no other")
    func criteria() throws {
        let rule = "launch-not-allowed-by-criteria"
        let criteria = [
            ImageCriterion(providers: [ExactText(Self.one)]), ImageCriterion(names: [ExactText(Self.one)]),
            ImageCriterion(productCodes: [ExactText(Self.one)]),
        ]
        for (number, criterion) in criteria.enumerated() {
            for (text, isAdmitted) in [(Self.one, true), (Self.other, false)] {
                var image = Inventory.Image(id: World.image(1))
                (image.owner, image.ownerAlias, image.name) = (World.vendor, ExactText(text), ExactText(text))
                image.productCodes = [ExactText(text)]
                let records = [
                    Self.inventory(1) { $0.images = [image] },
                    Self.record(2, "Enable", .allowedImages(.enabled)),
                    Self.record(3, "Replace", .imageCriteria([criterion])), Self.launch(4, [image.id]),
                ]
                #expect(try Self.rules(records).contains(rule) == !isAdmitted, "\(number)")
            }
            var changed = criterion
            changed.providers = criterion.providers.map { _ in [ExactText(Self.other)] }
            changed.names = criterion.names.map { _ in [ExactText(Self.other)] }
            changed.productCodes = criterion.productCodes.map { _ in [ExactText(Self.other)] }
            #expect(changed != criterion)
            let replaced = [
                Self.record(1, "Enable", .allowedImages(.enabled)),
                Self.record(2, "Replace", .imageCriteria([criterion])),
                Self.record(3, "Replace", .imageCriteria([changed])),
            ]
            #expect(try Self.rules(replaced).contains("allowed-amis-criteria-weakened"), "\(number)")
        }
    }

    @Test("A required tag is the one that the policy names; an exempt service, too")
    func tags() throws {
        let rule = "ami-created-without-required-tags"
        var byKey = Policy()
        byKey.requiredTags = [.init(resource: .image, key: ExactText(Self.one), requirement: .present)]
        var byValue = Policy()
        byValue.requiredTags = [
            .init(resource: .image, key: "Role", requirement: .value(ExactText(Self.one)))
        ]
        var exempting = Policy()
        exempting.requiredTags = [.init(resource: .image, key: "Other", requirement: .present)]
        exempting.exemptServices = ["\(Self.one).amazonaws.com"]
        var both = Policy()
        both.requiredTags = [Self.one, Self.other].map {
            .init(resource: .image, key: ExactText($0), requirement: .present)
        }
        for (text, isRight) in [(Self.one, true), (Self.other, false)] {
            let creation = ImageCreation(
                image: World.image(1),
                imageTags: [ExactText(text): "x", "Role": ExactText(text)]
            )
            let actor = Actor(arn: "arn", invokedBy: text + ".amazonaws.com")
            let records = [Self.record(1, "CreateImage", .createImage(creation), actor: actor)]
            for policy in [byKey, byValue, exempting] {
                #expect(try Self.rules(records, policy).contains(rule) == !isRight)
            }
            let missing = try Self.findings(records, both).filter { $0.identity.rule == rule }
            let lacking = missing.compactMap { $0.identity.subject.discriminator.map { ExactText($0) } }
            #expect(lacking == [ExactText(isRight ? Self.other : Self.one)])
        }
    }

    @Test("Two Regions, calls, principals, keys and grantees are two findings, and two counts")
    func subjects() throws {
        var records: [Record] = []
        for text in [Self.one, Self.other] {
            let number = records.count
            records += [
                Self.record(number + 1, "Disable", .allowedImages(.disabled), region: text),
                Self.record(number + 2, text, .unreadable("\(text)")),
                Self.share(number + 3, ResourceID("ami-" + text), .organization(text)),
            ]
        }
        let findings = try Self.findings(records)
        for rule in [
            "allowed-amis-disabled", "watched-call-unreadable", "ami-shared-with-untrusted-organization",
        ] {
            let own = findings.filter { $0.identity.rule == rule }
            #expect(own.count == 2 && own.allSatisfy { $0.occurrences == 1 }, "\(rule)")
        }
        #expect(Set(findings.map(\.identity.findingID)).count == findings.count)

        let refused = [Self.one, Self.other].enumerated().flatMap { index, principal in
            (1...3).map { number in
                Self.record(
                    10 * index + number,
                    "ModifyImageAttribute",
                    .modifyLaunchPermission(
                        .init(image: World.image(number), added: [.everyone], removed: [])
                    ),
                    error: "Client.UnauthorizedOperation",
                    actor: Actor(arn: principal)
                )
            }
        }
        // Three of each, and five of one are the limit.
        #expect(try Self.findings(refused).allSatisfy { $0.severity == .low })
    }

    @Test("Members are those of the organization that the policy names")
    func members() throws {
        var policy = Policy()
        policy.organization.id = ExactText(Self.one)
        for (text, isMember) in [(Self.one, true), (Self.other, false)] {
            let told = Self.inventory(1) {
                ($0.organization, $0.members) = (ExactText(text), [World.stranger])
            }
            let records = [told, Self.share(2, World.image(1), .account(World.stranger))]
            let found = try Self.rules(records, policy)
            #expect(found.contains("ami-shared-with-untrusted-account") == !isMember)
        }
        let arn = "arn:aws:organizations::111122223333:organization/o-"
        #expect(OrganizationsARN(arn + Self.one)?.organization == "o-\(Self.one)")
        #expect(OrganizationsARN(arn + Self.one)?.organization != "o-\(Self.other)")
        // An accent on a slash is part of the id, and no reason to read another ARN.
        #expect(OrganizationsARN("arn:aws:organizations::1:organization/\u{301}o-a") == nil)
        #expect(OrganizationsARN(arn + "\u{301}")?.organization == "o-\u{301}")
    }

    @Test("Instances of two images are no instances alike")
    func groups() {
        var policy = Policy()
        policy.images.denied = ["ami-\(Self.one)", "ami-\(Self.other)"]
        var engine = Engine(policy: policy)
        var alerts: [Alert] = []
        let images = [Self.one, Self.other].map { ResourceID("ami-" + $0) }
        _ = engine.process(Self.launch(1, images), into: &alerts)
        let denied = alerts.filter { $0.finding.identity.rule == "launch-from-denied-ami" }
        #expect(denied.count == 2 && denied.allSatisfy { $0.instances.isEmpty })
    }

    @Test("Values that are compared, sorted and kept in tables")
    func values() {
        let (one, other) = (Self.one, Self.other)
        #expect(AccountRegion(World.owner, one) != AccountRegion(World.owner, other))
        #expect(
            (AccountRegion(World.owner, one) < AccountRegion(World.owner, other)) == one.bytesPrecede(other)
        )
        let subjects = [one, other].map {
            Subject.approvalTag(AccountRegion(World.owner, "us-east-1"), World.image(1), key: ExactText($0))
        }
        #expect(subjects[0] != subjects[1] && (subjects[0] < subjects[1]) == one.bytesPrecede(other))
        #expect(FactStatement("x", one) != FactStatement("x", other))
        #expect(Resource(type: .image, id: one) != Resource(type: .image, id: other))
        #expect(FactValue.text(ExactText(one)) != .text(ExactText(other)))
        #expect(FactValue.productCodes([ExactText(one)]) != .productCodes([ExactText(other)]))
        var answer = Answer.unknown(one)
        answer.and(.unknown(other))
        #expect(answer.missing.count == 2)
        let trees = [one, other].map { JSONTree(Array("{\"\($0)\":[\"\($0)\"]}".utf8)) }
        #expect(trees[0] != trees[1] && trees[0]?[other] == nil && trees[0]?[one] != nil)
    }
}
