import CloudTrail
import TestSupport

@testable import Detection

// What the histories of other tests have not.

extension NetHistory {
    /// Images may be approved by their tags and their owner's alias at once.
    static func policy(_ random: inout SplitMix64) -> Policy {
        var policy = World.policy(&random)
        policy.thresholds.auditModeDays = 1
        policy.thresholds.firstTimeDays = 1
        policy.thresholds.silentHours = 1
        if random.chance(50) { policy.images.maximumAgeDays = random.pick([1, 39]) }
        if random.chance(40), policy.images.approved?.isEmpty == false {
            policy.images.approved?[0].owners = ["amazon", "\(World.owner)"]
        }
        return policy
    }

    static func record(
        _ account: AccountID,
        _ name: String,
        _ call: Call,
        error: String? = nil,
        _ random: inout SplitMix64
    ) -> Record {
        Record(
            id: .uuid(random.next(), random.next()),
            account: account,
            region: World.regions[0],
            time: EventTime(seconds: World.base + Int64.random(in: 0..<1200, using: &random)),
            name: name,
            source: "ec2.amazonaws.com",
            error: error,
            actor: World.actors[1],
            call: call
        )
    }

    /// Launches under criteria from another account's image, of which everything is told on its own.
    static func launches(_ random: inout SplitMix64) -> [Record] {
        let image = World.image(5)
        var records: [Record] = []
        for number in 5...7 {
            let instance = InstanceLaunch.Instance(id: World.instance(number), image: image)
            let launch = InstanceLaunch(instances: [instance], requestedImage: image)
            records.append(record(World.owner, "RunInstances", .runInstances(launch), &random))
        }
        records.append(
            record(World.owner, "EnableAllowedImagesSettings", .allowedImages(.enabled), &random)
        )
        let name = "ReplaceImageCriteriaInAllowedImagesSettings"
        for _ in 0..<2 {
            records.append(record(World.owner, name, .imageCriteria(random.pick(criteria)), &random))
        }
        let creation = ImageCreation(image: image, name: random.pick(["web-1", "db-1"]))
        records.append(record(World.member, "RegisterImage", .createImage(creation), &random))
        let date = EventTime(seconds: World.base + 200)
        records.append(
            record(World.member, "EnableImageDeprecation", .deprecateImage(image, at: date), &random)
        )
        var inventory = Inventory(isDated: true)
        inventory.images = [Inventory.Image(id: image)]
        inventory.images[0].productCodes = random.pick([[], ["code"]])
        var shown = record(World.member, "DescribeImages", .inventory(inventory), &random)
        (shown.id, shown.actor) = (.text("inventory/launches"), .unknown)
        return records + [shown]
    }

    /// A copy that takes tags along which are told of its source; and what a document says of the source.
    static func copies(_ random: inout SplitMix64) -> [Record] {
        let (source, image) = (World.image(8), World.image(9))
        let account = random.pick([World.owner, World.member])
        let creation = ImageCreation(image: source, name: "web-1")
        let copy = ImageCreation(
            image: image,
            name: "web-1",
            origin: .copy(source, region: nil),
            copiesImageTags: true
        )
        var records = [
            record(account, "RegisterImage", .createImage(creation), &random),
            record(account, "CopyImage", .createImage(copy), &random),
        ]
        for (key, value) in [("Role", "golden"), ("CostCenter", "4711"), ("Role", "silver")] {
            let change = TagChange(
                resources: [ExactText(source.description)],
                tags: [ExactText(key): ExactText(value)],
                deletes: false
            )
            records.append(record(account, "CreateTags", .changeTags(change), &random))
        }
        var inventory = Inventory(isDated: true)
        inventory.images = [Inventory.Image(id: source)]
        inventory.images[0].owner = account
        inventory.images[0].ownerAlias = random.pick(["amazon", "self"])
        var shown = record(account, "DescribeImages", .inventory(inventory), &random)
        (shown.id, shown.actor) = (.text("inventory/copies"), .unknown)
        return records + [shown]
    }

    /// An image, an instance of it, an image of that, another account's copy of that, and so on.
    static func chain(_ random: inout SplitMix64) -> [Record] {
        func launch(_ number: Int, from image: Int) -> Call {
            let instance = InstanceLaunch.Instance(id: World.instance(number), image: World.image(image))
            return .runInstances(InstanceLaunch(instances: [instance], requestedImage: nil))
        }
        func creation(_ image: Int, _ origin: ImageCreation.Origin?) -> Call {
            .createImage(ImageCreation(image: World.image(image), name: "web-1", origin: origin))
        }
        let calls: [(AccountID, String, Call)] = [
            (World.stranger, "RegisterImage", creation(5, .snapshots([]))),
            (World.owner, "RunInstances", launch(8, from: 5)),
            (World.owner, "CreateImage", creation(6, .instance(World.instance(8)))),
            (World.member, "CopyImage", creation(7, .copy(World.image(6), region: nil))),
            (World.member, "RunInstances", launch(9, from: 7)),
            (World.member, "CreateImage", creation(8, .instance(World.instance(9)))),
            (World.owner, "RunInstances", launch(4, from: 8)),
            (World.member, "RunInstances", launch(3, from: 6)),
        ]
        return calls.map { record($0, $1, $2, &random) }
    }

    /// Images made public one after another in one place.
    static func publicShares(_ random: inout SplitMix64) -> [Record] {
        (1...4).map { number in
            let change = LaunchPermissionChange(image: World.image(number), added: [.everyone], removed: [])
            return record(World.owner, "ModifyImageAttribute", .modifyLaunchPermission(change), &random)
        }
    }

    static func refusals(_ random: inout SplitMix64) -> [Record] {
        let image = World.image(1)
        return (0..<30).map { _ in
            let grantee = random.pick([World.stranger, World.vendor, World.member])
            let change = LaunchPermissionChange(image: image, added: [.account(grantee)], removed: [])
            return record(
                World.owner,
                "ModifyImageAttribute",
                .modifyLaunchPermission(change),
                error: "Client.UnauthorizedOperation",
                &random
            )
        }
    }

    /// Adds what documents and criteria may hold besides.
    static func completed(_ record: Record, _ random: inout SplitMix64) -> Record {
        var record = record
        switch record.call {
        case .inventory(var inventory):
            for index in inventory.images.indices where random.chance(40) {
                inventory.images[index].productCodes = random.pick([[], ["code"]])
            }
            if inventory.allowedImages != nil { inventory.managedBy = random.pick(["account", "policy"]) }
            if random.chance(30), inventory.imageCriteria != nil {
                inventory.imageCriteria = random.pick(criteria)
            }
            record.call = .inventory(inventory)
        case .imageCriteria where random.chance(30): record.call = .imageCriteria(random.pick(criteria))
        default: break
        }
        return record
    }

    private static let criteria: [[ImageCriterion]] = [
        [ImageCriterion(productCodes: ["code"])], [ImageCriterion(maximumDaysSinceDeprecated: 0)],
        [ImageCriterion(maximumDaysSinceCreated: 10)], [ImageCriterion(names: ["web-*"])],
    ]
}
