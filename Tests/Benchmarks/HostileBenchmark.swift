import CloudTrail
import Detection

/// What a record of other accounts costs beside one account that does everything a million times.
enum HostileBenchmark {
    static let options = Set(["things", "images", "rounds"])

    static func run(_ options: Options) throws {
        let things = try options.number("things", 1_000_000)
        let images = try options.number("images", 10_000)
        let policy = try TrailPolicy.read()
        let alone = EngineBenchmark.Populated(images: images, policy)
        let beside = EngineBenchmark.Populated(images: images, policy)
        let flood = Flood()
        let before = residentBytes()
        for kind in Flood.Kind.allCases {
            beside.take(flood.beginning)
            let watch = Stopwatch()
            beside.take(
                (0..<things).lazy.flatMap { number in [flood.begin(kind, number), flood.end(kind, number)] }
            )
            print(
                "  \(things) \(kind.rawValue): \((watch.elapsed / (2 * things)).processor.time) of processor time a record"
            )
        }
        let size = beside.engine.state.size
        print(
            "    left of it: \(size.images - images) images, \(size.timelines) timelines, \(size.findings) findings"
        )
        print("    \((residentBytes() - before) / 1_000_000) MB of memory more")
        try Pairing(
            rounds: try options.number("rounds", 7),
            baseline: ("\(images) images of 100 accounts alone", { alone.process(20_000) }),
            measured: (
                "the same beside an account with \(things) images, tags, principals and instances",
                { beside.process(20_000) }
            )
        )
        .reportCost(of: "a record of the 100 accounts", goal: .atMost(1.05))
    }

    /// One account's calls: a thing begins, and ends; a second each.
    private struct Flood {
        enum Kind: String, CaseIterable {
            case tags, principals, images, instances
        }

        private let account = AccountID(padding: 999_900_000_000) ?? .none
        private let actor = Actor(
            arn: "arn:aws:iam::999900000000:user/mallory",
            type: "IAMUser",
            accountID: AccountID(padding: 999_900_000_000)
        )
        private let image = Population.image(2_000_000_000)
        private let records = RecordCounter()

        var beginning: [Record] {
            [record("CreateImage", .createImage(ImageCreation(image: image, imageTags: [:])))]
        }

        func begin(_ kind: Kind, _ number: Int) -> Record { call(kind, number, isOn: true) }

        func end(_ kind: Kind, _ number: Int) -> Record { call(kind, number, isOn: false) }

        private func call(_ kind: Kind, _ number: Int, isOn: Bool) -> Record {
            let made = Population.image(2_000_000_001 + number)
            switch kind {
            case .tags:
                let change = TagChange(
                    resources: [ExactText(image.description)],
                    tags: ["key-\(number)": isOn ? "value" : nil],
                    deletes: !isOn
                )
                return record(isOn ? "CreateTags" : "DeleteTags", .changeTags(change))
            case .principals:
                let grantees = [
                    Grantee.account(AccountID(padding: 500_000_000_000 + UInt64(number)) ?? .none)
                ]
                let change = LaunchPermissionChange(
                    image: image,
                    added: isOn ? grantees : [],
                    removed: isOn ? [] : grantees
                )
                return record("ModifyImageAttribute", .modifyLaunchPermission(change))
            case .images:
                return isOn
                    ? record(
                        "RegisterImage",
                        .createImage(ImageCreation(image: made, imageTags: ["Name": "web"]))
                    )
                    : record("DeregisterImage", .deregisterImage(made))
            case .instances:
                let instance = Population.instance(2_000_000_000 + number)
                let launch = InstanceLaunch(
                    instances: [.init(id: instance, image: image)],
                    requestedImage: image
                )
                return isOn
                    ? record("RunInstances", .runInstances(launch))
                    : record("TerminateInstances", .terminateInstances([instance]))
            }
        }

        private func record(_ name: String, _ call: Call) -> Record {
            records.count += 1
            return Record(
                id: .uuid(0x9999_0000, records.count),
                account: account,
                region: Words.regions[0],
                time: EventTime(seconds: 1_772_323_200 + Int64(records.count)),
                name: name,
                source: WatchedCall.source,
                actor: actor,
                call: call
            )
        }
    }

    private final class RecordCounter {
        var count: UInt64 = 0
    }
}
