import CloudTrail
import Testing

@testable import Detection

/// What goes on for years takes no more memory than what goes on for weeks.
@Suite
struct RetentionTests {
    private static let day: Int64 = 86_400

    /// A day's work: an image is made and shared, an instance launched and terminated, another one terminated of which no
    /// launch was ever told, and the image of the day before deregistered.
    private static func records(ofDay day: Int) -> [Record] {
        func id(_ prefix: String, _ number: Int) -> ResourceID {
            let digits = String(number)
            return ResourceID(prefix + String(repeating: "0", count: 17 - digits.count) + digits)
        }
        let image = id("ami-", day)
        let launched = InstanceLaunch.Instance(id: id("i-", 2 * day), image: image)
        let share = LaunchPermissionChange(image: image, added: [.account(World.stranger)], removed: [])
        let calls: [(String, Call)] = [
            ("CreateImage", .createImage(ImageCreation(image: image))),
            ("ModifyImageAttribute", .modifyLaunchPermission(share)),
            (
                "RunInstances",
                .runInstances(InstanceLaunch(instances: [launched], requestedImage: nil))
            ),
            ("TerminateInstances", .terminateInstances([id("i-", 2 * day), id("i-", 2 * day + 1)])),
            ("DeregisterImage", .deregisterImage(id("ami-", day - 1))),
        ]
        return calls.enumerated().map { number, call in
            Record(
                id: .uuid(0x9200, UInt64(day * 10 + number)),
                account: World.owner,
                region: World.regions[0],
                time: EventTime(seconds: World.base + Int64(day) * Self.day + Int64(number)),
                name: call.0,
                source: "ec2.amazonaws.com",
                actor: World.actors[0],
                call: call.1
            )
        }
    }

    @Test("After three years as much is kept as after one and a half")
    func threeYears() {
        var golden = Policy.ApprovedImage()
        golden.tags = ["Role": "golden"]
        var policy = Policy()
        policy.images.approved = [golden]
        var engine = Engine.journaling(policy)
        var kept: [Int: Int] = [:]
        var told = 0
        for day in 1...1000 {
            var alerts: [Alert] = []
            for record in Self.records(ofDay: day) { _ = engine.process(record, into: &alerts) }
            told += alerts.count
            engine.commit()
            if day % 500 == 0 { kept[day] = engine.allEntries().count }
        }
        let (early, late) = (kept[500] ?? 0, kept[1000] ?? 0)
        #expect(told > 3000 && early > 400)
        #expect(late <= early + 10, "\(early) entries, then \(late)")
    }
}
