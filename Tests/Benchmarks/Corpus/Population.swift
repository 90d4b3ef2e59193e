import CloudTrail
import Detection
import TestSupport

/// Records of many images and instances, made directly: for states of a size that no trail of a benchmark reaches.
struct Population {
    private var random: SplitMix64
    private let actors: [Actor]
    private let regions = Words.regions
    private var number: UInt64 = 0
    /// Records so far move the clock by so many milliseconds.
    private var milliseconds: Int64 = 0
    private let millisecondsEach: Int64

    init(seed: UInt64, millisecondsEach: Int64) {
        var random = SplitMix64(seed: seed)
        actors = (0..<1000).map { index in
            let account = Trail.firstAccount + UInt64(index % 100)
            return Actor(
                arn: "arn:aws:sts::\(account):assumed-role/image-builder/session-\(index)",
                type: "AssumedRole",
                accountID: AccountID(padding: account),
                sourceIP: "198.51.100.\(random.below(254) + 1)",
                userAgent: Words.agents[index % Words.agents.count],
                issuerARN: "arn:aws:iam::\(account):role/image-builder"
            )
        }
        self.random = random
        self.millisecondsEach = millisecondsEach
    }

    /// The id of an image by its number; they are spread like real ones.
    static func image(_ number: Int) -> ResourceID {
        .image(UInt64(number) &* 0x9E37_79B9_7F4A_7C15, UInt8(number & 0xF))
    }

    static func instance(_ number: Int) -> ResourceID {
        .instance(UInt64(number) &* 0xD1B5_4A32_D192_ED03, UInt8(number & 0xF))
    }

    /// An image's account and Region.
    static func place(_ number: Int) -> (account: AccountID, region: String) {
        (
            AccountID(padding: Trail.firstAccount + UInt64(number % 100)) ?? .none,
            Words.regions[number / 100 % 4]
        )
    }

    mutating func record(_ name: String, _ call: Call, at number: Int) -> Record {
        milliseconds += millisecondsEach
        let place = Self.place(number)
        return Record(
            id: .uuid(random.next(), random.next()),
            account: place.account,
            region: place.region,
            time: EventTime(seconds: 1_772_323_200 + milliseconds / 1000),
            name: name,
            source: WatchedCall.source,
            actor: actors[number % 100 + random.below(10) * 100],
            call: call
        )
    }

    /// Its owner, date of creation, tags and lifecycle: four facts.
    mutating func creation(_ number: Int) -> Record {
        let creation = ImageCreation(
            image: Self.image(number),
            imageTags: ["CostCenter": "4711", "Role": "golden"]
        )
        return record("CreateImage", .createImage(creation), at: number)
    }

    /// An instance of an image.
    mutating func launch(_ number: Int, of image: Int) -> Record {
        let launch = InstanceLaunch(
            instances: [.init(id: Self.instance(number), image: Self.image(image))],
            requestedImage: Self.image(image)
        )
        return record("RunInstances", .runInstances(launch), at: number)
    }

    /// What happens while so many images are there, in the proportions that matter to the engine: launches most.
    ///
    /// Launches are of any image. Changes are of images made lately, which few instances run: what is to be
    /// judged again must not depend on how many images there are.
    mutating func event(_ number: Int, images: Int) -> Record {
        let lately = 1_000_000_000 + max(0, number - 20 - random.below(1000))
        switch random.below(20) {
        case 0..<11: return launch(number, of: random.below(images))
        case 11..<15:
            let instance = Self.instance(max(0, number - random.below(1000)))
            return record("TerminateInstances", .terminateInstances([instance]), at: number)
        case 15, 16:
            let change = TagChange(
                resources: [ExactText(Self.image(lately).description)],
                tags: ["Stage": ExactText("\(number)")],
                deletes: false
            )
            return record("CreateTags", .changeTags(change), at: lately)
        case 17:
            let change = LaunchPermissionChange(
                image: Self.image(lately),
                added: [.account(Self.place(number).account)],
                removed: []
            )
            return record("ModifyImageAttribute", .modifyLaunchPermission(change), at: lately)
        case 18: return record("DeregisterImage", .deregisterImage(Self.image(lately)), at: lately)
        default: return creation(1_000_000_000 + number)
        }
    }
}
