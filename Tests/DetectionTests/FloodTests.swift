import CloudTrail
import TestSupport
import Testing

@testable import Detection

/// One principal, or one account, does the same thing thousands of times.
@Suite
struct FloodTests {
    enum Flood: CaseIterable {
        case deniedShares
        case deniedSharesOfOneImage
        case sharesByMany
        case publicShares
        case unreadableCalls
        case permissionToggles
        case allowedImagesToggles
        case tagToggles
        case ancestorTagToggles
        case disabling
        case policyToggles
    }

    enum Order: CaseIterable {
        case inTime, reversed, shuffled
    }

    private static let policy: Policy = {
        var policy = Policy()
        policy.organization.accounts = [World.owner, World.member]
        policy.publishers = [Pattern("arn:aws:iam::111122223333:role/image-*")]
        var golden = Policy.ApprovedImage()
        golden.tags = ["Role": "golden"]
        policy.images.approved = [golden]
        policy.requiredTags = [.init(resource: .image, key: "Role", requirement: .present, graceMinutes: 5)]
        policy.baseline.imageCriteria = [ImageCriterion(providers: ["amazon"])]
        return policy
    }()

    private static let image = World.image(1)
    private static let ancestor = World.image(2)

    private static func record(
        _ number: Int,
        _ name: String,
        _ call: Call,
        by user: String = "ann",
        error: String? = nil
    )
        -> Record
    {
        Record(
            id: .uuid(UInt64(number % 7) << 32, UInt64(number)),
            account: World.owner,
            region: "us-east-1",
            time: EventTime(seconds: World.base + Int64(number) * 3),
            name: name,
            source: "ec2.amazonaws.com",
            error: error,
            actor: Actor(arn: "arn:aws:iam::111122223333:user/\(user)", type: "IAMUser"),
            call: call
        )
    }

    private static func share(_ image: ResourceID, with grantee: Grantee, isOn: Bool = true) -> Call {
        .modifyLaunchPermission(
            LaunchPermissionChange(image: image, added: isOn ? [grantee] : [], removed: isOn ? [] : [grantee])
        )
    }

    private static func call(_ flood: Flood, _ number: Int) -> Record {
        let isOn = number % 2 == 0
        let other = ResourceID(
            "ami-\(String(number + 0x1000_0000, radix: 16))0123456a".prefix(21).description
        )
        return switch flood {
        case .deniedShares:
            record(
                number,
                "ModifyImageAttribute",
                share(other, with: .account(World.stranger)),
                error: "Client.UnauthorizedOperation"
            )
        case .deniedSharesOfOneImage:
            record(
                number,
                "ModifyImageAttribute",
                share(image, with: .everyone),
                error: "Client.OperationNotPermitted"
            )
        case .sharesByMany:
            record(
                number,
                "ModifyImageAttribute",
                share(image, with: .account(World.stranger)),
                by: "u\(number)"
            )
        case .publicShares: record(number, "ModifyImageAttribute", share(other, with: .everyone))
        case .unreadableCalls: record(number, "ModifyImageAttribute", .unreadable("no parameters"))
        case .permissionToggles:
            record(number, "ModifyImageAttribute", share(image, with: .everyone, isOn: isOn))
        case .allowedImagesToggles:
            record(
                number,
                isOn ? "DisableAllowedImagesSettings" : "EnableAllowedImagesSettings",
                .allowedImages(isOn ? .disabled : .enabled)
            )
        case .tagToggles, .ancestorTagToggles:
            record(
                number,
                isOn ? "CreateTags" : "DeleteTags",
                .changeTags(
                    TagChange(
                        resources: [ExactText((flood == .tagToggles ? image : ancestor).description)],
                        tags: ["Role": isOn ? "golden" : nil],
                        deletes: !isOn
                    )
                )
            )
        case .policyToggles: toggle(number, isOn: isOn)
        case .disabling:
            record(
                number,
                isOn ? "DisableImage" : "EnableImage",
                isOn ? .disableImage(image) : .enableImage(image)
            )
        }
    }

    /// A declarative policy is taken off the root and attached to it again.
    private static func toggle(_ number: Int, isOn: Bool) -> Record {
        var fields = Fields()
        (fields["policy"], fields["target"], fields["attached"]) = (
            .text("p-strict0001"), .text("r-ab12"), .flag(isOn)
        )
        return record(number, isOn ? "AttachPolicy" : "DetachPolicy", .other(fields))
    }

    /// What a declarative policy says, and where the account is.
    private static var organization: [Record] {
        var fields = Fields()
        (fields["policy"], fields["type"]) = (.text("p-strict0001"), .text("DECLARATIVE_POLICY_EC2"))
        fields["made"] = .flag(true)
        fields["settings"] = .texts([
            "allowed_images_settings.state @@assign", "=enabled",
            "allowed_images_settings.image_criteria.criteria_1.allowed_image_providers @@assign", "=amazon",
        ])
        let move = MembershipChange(
            account: World.owner,
            isMember: true,
            parent: "r-ab12",
            formerParent: "r-ab12"
        )
        return [record(10, "CreatePolicy", .other(fields)), record(11, "MoveAccount", .membership(move))]
    }

    private static func records(_ flood: Flood, _ count: Int, _ order: Order) -> [Record] {
        var random = SplitMix64(seed: 77)
        let first = record(
            1,
            "EnableImageBlockPublicAccess",
            .blockPublicAccess(.blockNewSharing)
        )
        let origin = flood == .ancestorTagToggles ? ImageCreation.Origin.copy(ancestor, region: nil) : nil
        let creation = record(
            2,
            "CopyImage",
            .createImage(ImageCreation(image: image, name: "web", origin: origin))
        )
        let launches = (3..<23).map { number in
            let launch = InstanceLaunch(
                instances: [.init(id: ResourceID("i-000000000000000\(number + 10)"), image: image)],
                requestedImage: image
            )
            return record(number * count / 23, "RunInstances", .runInstances(launch), by: "launcher\(number)")
        }
        let base = record(0, "RegisterImage", .createImage(ImageCreation(image: ancestor, name: "base")))
        let calls =
            [base, first, creation] + (flood == .policyToggles ? organization : []) + launches
            + (0..<count).map { call(flood, $0 + 1000) }
        return switch order {
        case .inTime: calls.sorted { $0.time < $1.time }
        case .reversed: calls.sorted { $0.time > $1.time }
        case .shuffled: calls.shuffled(using: &random)
        }
    }

    private static func run(_ records: [Record], _ settings: Engine.Settings = .init()) -> (Engine, [Alert]) {
        var engine = Engine(policy: policy, settings: settings)
        var alerts: [Alert] = []
        for record in records { _ = engine.process(record, into: &alerts) }
        engine.evaluateDeferred(into: &alerts)
        return (engine, alerts)
    }

    /// What is found is what an engine finds that judges everything at once, in every order; and of one thing only the
    /// first changes are each told at once.
    @Test(arguments: Flood.allCases)
    func theSameIsFoundInEveryOrder(_ flood: Flood) {
        var settings = Engine.Settings()
        settings.factsAtOnce = .max
        let expected = Self.run(Self.records(flood, 300, .inTime), settings).0.findingLines
        #expect(!expected.isEmpty)
        for order in Order.allCases {
            let (engine, alerts) = Self.run(Self.records(flood, 300, order))
            var ledger = Ledger()
            ledger.take(alerts, "\(order)")
            #expect(engine.findingLines == expected, "\(order)")
            #expect(ledger.told == engine.told, "\(order)")
            #expect(!engine.hasDeferred && !engine.hasBacklog)
            // The first use of an account is another one with each record before it, and is looked up.
            let walked = alerts.filter { $0.finding.identity.subject.kind != .activity }
            let counts = Dictionary(grouping: walked, by: \.findingID).mapValues(\.count)
            // 64 at once, then an eighth more each time; each may tell a beginning and an end.
            #expect(counts.values.max() ?? 0 <= 2 * (64 + 20), "\(order)")
            // Of whatever there are many, each is told once; but each of the twenty instances is stale while its image
            // is disabled, and so told as one thing that changes.
            let changing = flood == .disabling ? 20 * 2 * (64 + 20) : 0
            let rules = Dictionary(grouping: alerts, by: \.finding.identity.rule).mapValues(\.count)
            #expect(alerts.count <= expected.count + 250 + changing, "\(order): \(rules)")
            #expect(
                alerts.count - (rules["launch-from-stale-ami"] ?? 0) <= expected.count + 250,
                "\(order): \(rules)"
            )
        }
    }

    /// Four times as much takes about four times as long, where judging all again for each took sixteen times.
    @Test(arguments: Flood.allCases)
    func theCostOfOneMoreIsTheSame(_ flood: Flood) {
        for order in Order.allCases {
            let (few, many) = (Self.records(flood, 600, order), Self.records(flood, 2400, order))
            func seconds(_ records: [Record]) -> Double {
                let begun = threadSeconds()
                _ = Self.run(records)
                return threadSeconds() - begun
            }
            // Whatever else the machine does may only make it more: the least of some tries counts.
            var ratios: [Double] = []
            repeat {
                ratios.append(seconds(many) / seconds(few))
            } while ratios[ratios.count - 1] >= 7 && ratios.count < 3
            #expect(ratios.contains { $0 < 7 }, "\(order): \(ratios)")
        }
    }
}
