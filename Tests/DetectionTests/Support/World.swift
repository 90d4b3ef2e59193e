import CloudTrail
import TestSupport

@testable import Detection

/// The accounts, images and principals that generated histories are about.
///
/// Synthetic ids only.
enum World {
    static let base: Int64 = 1_772_000_000
    static let owner = account("111122223333")
    static let member = account("222233334444")
    static let stranger = account("999988887777")
    static let vendor = account("679593333241")
    static let trusted = account("444455556666")
    static let regions = ["us-east-1", "eu-west-1"]
    static let ownOrganization = "arn:aws:organizations::111122223333:organization/o-exampleorgid"
    static let ownUnit = "arn:aws:organizations::111122223333:ou/o-exampleorgid/ou-ab12-cdef3456"
    static let foreignOrganization = "arn:aws:organizations::999988887777:organization/o-foreignorg"
    static let foreignUnit = "arn:aws:organizations::999988887777:ou/o-foreignorg/ou-zz99-zzzz9999"
    static let publisher = "arn:aws:iam::111122223333:role/image-factory"
    static let developer = "arn:aws:iam::111122223333:user/ann"

    static func account(_ digits: String) -> AccountID { AccountID(digits) ?? .none }

    static func image(_ number: Int) -> ResourceID { ResourceID("ami-0000000000000000\(number)") }

    static func instance(_ number: Int) -> ResourceID { ResourceID("i-0000000000000000\(number)") }

    static let grantees: [Grantee] = [
        .account(owner), .account(member), .account(stranger), .account(vendor), .account(trusted), .everyone,
        .organization(ownOrganization), .organizationalUnit(ownUnit), .organization(foreignOrganization),
        .organizationalUnit(foreignUnit),
    ]

    static let actors: [Actor] = [
        Actor(arn: "\(publisher)/session", type: "AssumedRole", accountID: owner, issuerARN: publisher),
        Actor(arn: developer, type: "IAMUser", accountID: owner, sourceIP: "192.0.2.7"),
        Actor(
            arn: "arn:aws:sts::111122223333:assumed-role/backup/x",
            type: "AssumedRole",
            accountID: owner,
            invokedBy: "backup.amazonaws.com",
            issuerARN: "arn:aws:iam::111122223333:role/backup"
        ),
        .unknown,
    ]

    /// Approves images by the tag `Role` with the value `golden`.
    static let goldenPolicy: Policy = {
        var golden = Policy.ApprovedImage()
        golden.tags = ["Role": "golden"]
        var policy = Policy()
        policy.images.approved = [golden]
        return policy
    }()

    /// A record of EC2, so many seconds after `base`.
    static func record(
        _ id: EventID,
        by account: AccountID = owner,
        at second: Int64,
        _ name: String,
        _ call: Call,
        region: String = regions[0],
        actor: Actor = actors[0]
    ) -> Record {
        Record(
            id: id,
            account: account,
            region: region,
            time: EventTime(seconds: base + second),
            name: name,
            source: "ec2.amazonaws.com",
            actor: actor,
            call: call
        )
    }

    static func policy(_ random: inout SplitMix64) -> Policy {
        var policy = Policy()
        if random.chance(80) { policy.organization.id = "o-exampleorgid" }
        if random.chance(60) { policy.organization.accounts = [owner, member] }
        if random.chance(50) { policy.trust.accounts = [trusted] }
        if random.chance(30) { policy.trust.organizations = ["o-foreignorg"] }
        if random.chance(30) { policy.trust.organizationalUnits = ["ou-ab12-cdef3456"] }
        if random.chance(50) { policy.trust.services = ["backup.amazonaws.com"] }
        if random.chance(50) { policy.knownVendors = [vendor] }
        if random.chance(80) {
            var byTag = Policy.ApprovedImage()
            byTag.tags = ["Role": "golden"]
            if random.chance(40) { byTag.names = [Pattern("web-*")] }
            var byOwner = Policy.ApprovedImage()
            byOwner.owners = ["amazon", "\(vendor)"]
            byOwner.names = [Pattern("al2023-*")]
            var byID = Policy.ApprovedImage()
            byID.ids = ["\(image(3))"]
            policy.images.approved = random.chance(50) ? [byTag, byOwner] : [byTag, byID]
        }
        if random.chance(60) { policy.publishers = [Pattern("arn:aws:iam::111122223333:role/image-*")] }
        if random.chance(30) { policy.images.denied = ["\(image(2))"] }
        if random.chance(80) {
            policy.requiredTags = [
                .init(
                    resource: .image,
                    key: "CostCenter",
                    requirement: .pattern(Pattern("?*")),
                    graceMinutes: random.pick([0, 2, 15])
                ),
                .init(resource: .image, key: "Role", requirement: .value("golden")),
                .init(resource: .image, key: "Role", requirement: .present, graceMinutes: 5),
                .init(resource: .snapshot, key: "Stage", requirement: .value("prod")),
            ]
        }
        if random.chance(30) { policy.exemptServices = ["backup.amazonaws.com"] }
        if random.chance(30) { policy.productionAccounts = [owner] }
        if random.chance(40) {
            policy.baseline.imageCriteria = [ImageCriterion(providers: ["amazon"])]
            policy.baseline.allowedImagesState = .enabled
            policy.baseline.blockPublicAccess = .blockNewSharing
        }
        policy.thresholds.repeatedDenials = 2
        policy.thresholds.shareBurstImages = 2
        if random.chance(30) {
            var setting = Policy.RuleSetting()
            setting.severity = .informational
            policy.rules["launch-from-unapproved-ami"] = setting
        }
        if random.chance(40) {
            var suppression = Policy.Suppression(
                rule: random.pick([
                    "ami-shared-publicly", "ami-shared-with-untrusted-account", "allowed-amis-disabled",
                    "launch-from-unapproved-ami",
                ]),
                reason: "a reason",
                owner: "somebody",
                ends: EventTime(seconds: base + Int64.random(in: 0..<1200, using: &random))
            )
            if random.chance(50) {
                suppression.resource = Pattern(random.chance(50) ? "\(image(1))" : "ami-*1")
            }
            policy.suppressions = [suppression]
        }
        return policy
    }
}
