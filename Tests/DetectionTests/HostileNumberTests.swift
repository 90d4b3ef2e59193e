import CloudTrail
import Testing

@testable import Detection

/// Numbers and times that no AWS account has, and that a record can carry all the same.
@Suite
struct HostileNumberTests {
    private static let image = World.image(1)
    private static let numbers = [Int.min, Int.min + 1, -1, 0, 1, Int.max / 86_400, Int.max - 1, Int.max]

    private static func record(_ number: Int, at time: EventTime, _ name: String, _ call: Call) -> Record {
        Record(
            id: EventID("event-\(number)"),
            account: World.owner,
            region: "us-east-1",
            time: time,
            name: name,
            source: "ec2.amazonaws.com",
            actor: World.actors[1],
            call: call
        )
    }

    /// An image dated by an inventory, criteria with any age, and a launch between them, at any time.
    private static func records(_ days: Int, _ created: EventTime, _ launched: EventTime) -> [Record] {
        var seen = Inventory.Image(id: image)
        (seen.owner, seen.created, seen.deprecated) = (World.stranger, created, created)
        var inventory = Inventory(isDated: true)
        inventory.images = [seen]
        let criterion = ImageCriterion(maximumDaysSinceCreated: days, maximumDaysSinceDeprecated: days)
        let launch = InstanceLaunch(
            instances: [.init(id: World.instance(1), image: image)],
            requestedImage: image
        )
        var told = record(1, at: launched.advanced(bySeconds: -2), "DescribeImages", .inventory(inventory))
        told.id = .text("inventory/1")
        return [
            told,
            record(2, at: launched.advanced(bySeconds: -1), "Enable", .allowedImages(.enabled)),
            record(3, at: launched.advanced(bySeconds: -1), "Replace", .imageCriteria([criterion])),
            record(4, at: launched, "RunInstances", .runInstances(launch)),
        ]
    }

    /// What the criteria admit is decided whatever the number of days: a time that goes beyond all times is the last.
    @Test(arguments: numbers)
    func anyNumberOfDaysIsDecided(_ days: Int) throws {
        let created = EventTime(seconds: World.base)
        let launched = created.advanced(bySeconds: 10 * 86_400)
        var lines: Set<[String]> = []
        for records in [
            Self.records(days, created, launched), Self.records(days, created, launched).reversed(),
        ] {
            var settings = Engine.Settings()
            settings.keepsJournal = true
            var engine = Engine(policy: Policy(), settings: settings)
            var alerts: [Alert] = []
            for record in records { _ = engine.process(record, into: &alerts) }
            let launches = engine.findings().filter {
                $0.finding.identity.rule == "launch-not-allowed-by-criteria"
            }
            #expect(launches.map(\.finding.verdict) == (days >= 10 ? [] : [.violation]))
            lines.insert(engine.findingLines)
            // As another worker meets it: by way of the changelog, which holds what a record can say.
            guard ImageCriterion.days.contains(days) else { continue }
            var restored = Engine(policy: Policy(), settings: settings)
            for entry in engine.allEntries() { try restored.restore(key: entry.key, value: entry.value) }
            restored.reconcile(into: &alerts)
            lines.insert(restored.findingLines)
        }
        #expect(lines.count == 1)
    }

    /// Times at the end of what a number can hold are ordinary times.
    @Test
    func anyTimeIsOrdinary() {
        let times: [EventTime] = [
            .distantPast, EventTime(seconds: .min + 1), EventTime(seconds: -1), EventTime(seconds: 0),
            EventTime(seconds: .max - 1), .distantFuture,
        ]
        for horizon in [nil, Int64(86_400)] {
            for created in times {
                for launched in times {
                    var settings = Engine.Settings()
                    settings.horizonSeconds = horizon
                    var policy = Policy()
                    policy.requiredTags = [
                        .init(resource: .image, key: "Role", requirement: .present, graceMinutes: 525_600)
                    ]
                    var engine = Engine(policy: policy, settings: settings)
                    var alerts: [Alert] = []
                    let creation = Call.createImage(ImageCreation(image: World.image(2), name: "web"))
                    for record in Self.records(.max, created, launched)
                        + [Self.record(5, at: created, "CreateImage", creation)]
                    {
                        #expect(engine.process(record, into: &alerts) == .applied)
                    }
                    engine.reconcile(into: &alerts)
                }
            }
        }
    }
}
