import CloudTrail
import TestSupport

@testable import Detection

/// A generated history: calls of all kinds, close together in time, so that ties and late facts are the rule.
struct History {
    /// The kinds of records.
    enum Kind {
        case create, share, reset, cancel, disable, enable, deregister, restore, deprecate, tag, launch,
            terminate
        case membership
        case setting, criteria, blockPublicAccess, unreadable, nothing
        case images, instances, permissions, settings, members
    }

    /// What a history is mostly about: with everything mixed the rare meetings would be too rare.
    private static let themes: [[Kind]] = [
        [
            .create, .create, .share, .share, .share, .share, .reset, .cancel, .disable, .enable, .deregister,
            .deprecate, .tag, .tag, .tag, .launch, .launch, .terminate, .setting, .setting, .criteria,
            .blockPublicAccess, .unreadable, .nothing, .images, .instances, .permissions, .settings, .members,
        ],
        [
            .share, .share, .share, .share, .share, .share, .reset, .cancel, .disable, .enable, .deregister,
            .restore, .membership, .images, .permissions, .permissions, .members, .members,
            .blockPublicAccess, .create,
        ],
        [.images, .images, .members, .membership, .share, .deregister, .restore],
        [.share, .share, .share, .members, .membership, .membership],
        [
            .create, .create, .tag, .tag, .tag, .tag, .images, .disable, .enable, .deregister, .restore,
            .launch,
        ],
        [.create, .launch, .launch, .terminate, .instances, .instances, .images, .tag, .tag, .deprecate],
        // Images of instances of images.
        [
            .create, .create, .create, .create, .launch, .launch, .launch, .launch, .terminate, .tag, .tag,
            .share, .images, .instances, .deregister,
        ],
        [.setting, .criteria, .launch, .launch, .images, .deprecate, .create, .settings, .instances],
        [.setting, .setting, .setting, .settings, .criteria, .criteria, .criteria, .nothing, .nothing],
        [.blockPublicAccess, .blockPublicAccess, .share, .nothing, .unreadable, .unreadable, .settings],
    ]

    private var random: SplitMix64
    private let theme: [Kind]
    private let images: Int
    private let seconds: Int64
    private var number: UInt64 = 0
    private(set) var records: [Record] = []
    /// Whether each image is one account's, and what documents say of images is left out.
    private let isOrderly: Bool

    /// A history of so many records; some of them copies of each other that differ.
    ///
    /// With a theme of its own it is orderly.
    static func records(_ count: Int, _ random: SplitMix64, about theme: [Kind]? = nil) -> [Record] {
        var history = History(random: random, theme)
        while history.records.count < count {
            let record = history.record()
            history.records.append(record)
            if history.random.chance(10) { history.records.append(history.reducedCopy(of: record)) }
        }
        return history.records
    }

    private init(random: SplitMix64, _ theme: [Kind]?) {
        var random = random
        isOrderly = theme != nil
        let any = random.pick(Self.themes)
        self.theme = theme ?? any
        images = random.pick([1, 2, 4])
        seconds = random.pick([4, 24])
        self.random = random
    }

    private mutating func record() -> Record {
        number += 1
        let account = random.chance(70) ? World.owner : random.pick([World.member, World.stranger])
        var record = Record(
            // Ids in random order: they must decide nothing but ties.
            id: .uuid(random.next(), number),
            account: account,
            region: random.chance(85) ? World.regions[0] : World.regions[1],
            time: EventTime(seconds: World.base + Int64.random(in: 0..<seconds, using: &random) * 50),
            name: "",
            source: "ec2.amazonaws.com",
            actor: random.pick(World.actors),
            call: .nothing
        )
        (record.name, record.call) = call(&record)
        if case .inventory = record.call {
            record.id = .text("inventory/\(number)")
            record.actor = .unknown
            if random.chance(20), !isOrderly { record.region = "" }
        }
        return record
    }

    private mutating func reducedCopy(of record: Record) -> Record {
        var copy = record
        switch Int.random(in: 0..<6, using: &random) {
        case 0: copy.actor = .unknown
        case 1: copy.error = nil
        case 2: copy.error = "Client.UnauthorizedOperation"
        case 3: copy.call = .unreadable("parameters are missing")
        case 4: copy.time = record.time.advanced(bySeconds: 3)
        default: copy.call = .nothing
        }
        return copy
    }

    private mutating func call(_ record: inout Record) -> (String, Call) {
        let number = Int.random(in: 1...images, using: &random)
        let image = World.image(number)
        let kind = random.pick(theme)
        if isOrderly, kind != .cancel, kind != .launch {
            record.account = number < 3 ? World.owner : World.member
            record.region = World.regions[0]
        }
        switch kind {
        case .create: return creation(image)
        case .share:
            if random.chance(25) { record.error = random.pick(Self.errors) }
            return ("ModifyImageAttribute", share(image))
        case .reset: return ("ResetImageAttribute", .resetLaunchPermission(image))
        case .cancel: return ("CancelImageLaunchPermission", .cancelLaunchPermission(image))
        case .disable: return ("DisableImage", .disableImage(image))
        case .enable: return ("EnableImage", .enableImage(image))
        case .deregister: return ("DeregisterImage", .deregisterImage(image))
        case .restore: return ("RestoreImageFromRecycleBin", .restoreImage(image))
        case .membership: return membership(&record)
        case .deprecate:
            let date = EventTime(seconds: World.base + 200)
            return ("EnableImageDeprecation", .deprecateImage(image, at: date))
        case .tag: return tags(image)
        case .launch: return launch(image)
        case .terminate:
            return (
                "TerminateInstances",
                .terminateInstances([World.instance(Int.random(in: 1...images, using: &random))])
            )
        case .setting:
            let state = random.pick(AllowedImagesState.allCases)
            let name = state == .disabled ? "DisableAllowedImagesSettings" : "EnableAllowedImagesSettings"
            return (name, .allowedImages(state))
        case .criteria:
            return ("ReplaceImageCriteriaInAllowedImagesSettings", .imageCriteria(random.pick(Self.criteria)))
        case .blockPublicAccess:
            let state = random.pick(BlockPublicAccessState.allCases)
            let name = state == .unblocked ? "DisableImageBlockPublicAccess" : "EnableImageBlockPublicAccess"
            return (name, .blockPublicAccess(state))
        case .unreadable: return ("ModifyImageAttribute", .unreadable("launchPermission is missing"))
        case .nothing: return ("ModifyImageAttribute", .nothing)
        case .images, .instances, .permissions, .settings, .members: return inventory(kind, image, record)
        }
    }

    private static let errors = [
        "Client.UnauthorizedOperation", "Client.OperationNotPermitted", "Client.DryRunOperation",
        "Client.InvalidAMIID.NotFound", "Server.InternalError", "RequestLimitExceeded",
    ]

    static let criteria: [[ImageCriterion]] = [
        [], [ImageCriterion(providers: ["amazon"])], [ImageCriterion(providers: ["amazon", "679593333241"])],
        [ImageCriterion(providers: ["amazon"], names: ["al2023-*"])],
        [ImageCriterion(providers: ["none"])], [ImageCriterion(names: ["web-*"])],
        [ImageCriterion(providers: ["amazon"], maximumDaysSinceCreated: 30)],
        [ImageCriterion(maximumDaysSinceDeprecated: 0)],
        [ImageCriterion(providers: ["amazon"]), ImageCriterion(providers: ["111122223333"])],
    ]

    private mutating func creation(_ image: ResourceID) -> (String, Call) {
        var creation = ImageCreation(
            image: image,
            name: random.chance(70) ? random.pick(["web-1", "db-1"]) : nil
        )
        if random.chance(40) { creation.imageTags["Role"] = random.pick(["golden", "silver"]) }
        if random.chance(40) { creation.imageTags["CostCenter"] = random.pick(["", "4711"]) }
        if random.chance(40) { creation.snapshotTags["Stage"] = random.pick(["prod", "test"]) }
        let source = World.image(Int.random(in: 1...4, using: &random))
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<2:
            creation.origin = .snapshots([])
            return ("RegisterImage", .createImage(creation))
        case 2:
            creation.origin = .restored(bucket: "b", key: random.pick(["\(source).bin", "other.bin"]))
            return ("CreateRestoreImageTask", .createImage(creation))
        case 3..<6:
            creation.origin = .copy(source, region: nil)
            creation.copiesImageTags = random.chance(70)
            return ("CopyImage", .createImage(creation))
        default:
            creation.origin = .instance(World.instance(Int.random(in: 1...4, using: &random)))
            return ("CreateImage", .createImage(creation))
        }
    }

    private mutating func share(_ image: ResourceID) -> Call {
        var (added, removed): (Set<Grantee>, Set<Grantee>) = ([], [])
        for _ in 0..<(random.chance(30) ? 2 : 1) {
            if random.chance(60) {
                added.insert(random.pick(World.grantees))
            } else {
                removed.insert(random.pick(World.grantees))
            }
        }
        return .modifyLaunchPermission(
            LaunchPermissionChange(
                image: image,
                added: added.sorted { $0.description < $1.description },
                removed: removed.sorted { $0.description < $1.description },
                unread: random.chance(10) ? "a grantee of an unknown shape" : nil,
                unreadRemoval: random.chance(10) ? "a grantee of an unknown shape" : nil
            )
        )
    }

    private mutating func tags(_ image: ResourceID) -> (String, Call) {
        let key = random.pick(["Role", "Role", "CostCenter"])
        if random.chance(60) {
            let value = key == "Role" ? random.pick(["golden", "silver"]) : random.pick(["", "4711"])
            return (
                "CreateTags",
                .changeTags(
                    TagChange(
                        resources: [ExactText(image.description)],
                        tags: [ExactText(key): ExactText(value)],
                        deletes: false
                    )
                )
            )
        }
        let value: String? = random.chance(30) ? "golden" : nil
        let tags: [ExactText: ExactText?] =
            random.chance(20) ? [:] : [ExactText(key): value.map { ExactText($0) }]
        return (
            "DeleteTags",
            .changeTags(TagChange(resources: [ExactText(image.description)], tags: tags, deletes: true))
        )
    }

    private mutating func membership(_ record: inout Record) -> (String, Call) {
        record.source = "organizations.amazonaws.com"
        let isMember = random.chance(50)
        let organization: ExactText? = random.pick(["o-exampleorgid", "o-foreignorg", nil, nil])
        guard random.chance(80) else {
            return ("LeaveOrganization", .membership(MembershipChange(account: nil, isMember: false)))
        }
        let account = random.pick([World.member, World.member, World.stranger, World.vendor, World.owner])
        return (
            isMember ? "AccountJoinedOrganization" : "AccountDepartedOrganization",
            .membership(
                MembershipChange(account: account, organization: organization, isMember: isMember)
            )
        )
    }

    private mutating func launch(_ image: ResourceID) -> (String, Call) {
        var instances: [InstanceLaunch.Instance] = []
        for number in 1...images where random.chance(60) {
            instances.append(.init(id: World.instance(number), image: random.chance(95) ? image : nil))
        }
        return ("RunInstances", .runInstances(InstanceLaunch(instances: instances, requestedImage: image)))
    }

    private mutating func inventory(_ kind: Kind, _ image: ResourceID, _ record: Record) -> (String, Call) {
        var inventory = Inventory(isDated: random.chance(70))
        switch kind {
        case .images:
            inventory.images = [seen(image, record)]
            return ("DescribeImages", .inventory(inventory))
        case .instances:
            inventory.instances = [
                .init(
                    id: World.instance(Int.random(in: 1...images, using: &random)),
                    image: random.chance(90) ? image : nil,
                    isTerminated: random.chance(20)
                )
            ]
            return ("DescribeInstances", .inventory(inventory))
        case .permissions:
            let grantees = World.grantees.filter { _ in random.chance(30) }
            inventory.launchPermissions = [.init(image: image, grantees: grantees)]
            return ("DescribeImageAttribute", .inventory(inventory))
        case .members:
            inventory.organization = random.pick(["o-exampleorgid", "o-foreignorg"])
            inventory.members = [World.owner, World.member, World.stranger].filter { _ in random.chance(60) }
            return ("ListAccounts", .inventory(inventory))
        default:
            if random.chance(30) {
                inventory.blockPublicAccess = random.pick(BlockPublicAccessState.allCases)
                return ("GetImageBlockPublicAccessState", .inventory(inventory))
            }
            inventory.allowedImages = random.pick(AllowedImagesState.allCases)
            inventory.imageCriteria = random.pick(Self.criteria)
            return ("GetAllowedImagesSettings", .inventory(inventory))
        }
    }

    private mutating func seen(_ image: ResourceID, _ record: Record) -> Inventory.Image {
        var seen = Inventory.Image(id: image)
        seen.owner = random.pick([World.owner, World.vendor, World.member, nil])
        seen.tellsOwnerAlias = random.chance(80)
        if seen.owner == World.vendor { seen.ownerAlias = random.pick(["amazon", nil]) }
        seen.name = random.pick(["al2023-x", "web-2", nil])
        seen.created = random.chance(50) ? record.time.advanced(bySeconds: -86_400 * 40) : nil
        if random.chance(30) { seen.deprecated = EventTime(seconds: World.base + 200) }
        seen.isNeverDeprecated = seen.deprecated == nil && random.chance(50)
        seen.isPublic = random.pick([true, false, nil])
        seen.isDisabled = random.pick([true, false, nil])
        if random.chance(10) { seen.sourceImage = World.image(Int.random(in: 1...4, using: &random)) }
        if random.chance(10) { seen.sourceInstance = World.instance(Int.random(in: 1...4, using: &random)) }
        if seen.owner == record.account { seen.tags = random.pick([[:], ["Role": "golden"], nil]) }
        return seen
    }
}
