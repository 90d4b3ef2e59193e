import CloudTrail

@testable import Detection

extension Engine {
    /// One whose state is written, with a horizon of a day.
    static func journaling(_ policy: Policy) -> Engine {
        var settings = Settings()
        settings.imagesAtHand = 2
        settings.horizonSeconds = 86_400
        settings.keepsJournal = true
        return Engine(policy: policy, settings: settings)
    }

    /// Another one that reads all that this one has written.
    func restored(by policy: Policy) throws -> Engine {
        var restored = Self.journaling(policy)
        for entry in allEntries() { try restored.restore(key: entry.key, value: entry.value) }
        return restored
    }

    /// One that has forgotten a refusal, which came late, before the finding that it led to; and all that it said.
    static func forgettingARefusal() -> (engine: Engine, said: [Alert]) {
        func record(_ number: UInt64, at seconds: Int64, isRefused: Bool) -> Record {
            let share = LaunchPermissionChange(image: World.image(1), added: [.everyone], removed: [])
            return Record(
                id: .uuid(1, number),
                account: World.owner,
                region: "us-east-1",
                time: EventTime(seconds: World.base + seconds),
                name: "ModifyImageAttribute",
                source: "ec2.amazonaws.com",
                error: isRefused ? "Client.UnauthorizedOperation" : nil,
                actor: World.actors[1],
                call: isRefused ? .modifyLaunchPermission(share) : .nothing
            )
        }
        var engine = journaling(Policy())
        var alerts: [Alert] = []
        let day: Int64 = 86_400
        for record in [
            record(1, at: 0, isRefused: false), record(2, at: -day / 2, isRefused: true),
            record(3, at: 35 * day - day / 4, isRefused: false),
        ] {
            _ = engine.process(record, into: &alerts)
            engine.commit()
        }
        return (engine, alerts)
    }
}

extension Alert {
    /// The last alert of each finding, by its id; instances of a call each by itself.
    static func last(of alerts: [Alert]) -> [String: Alert] {
        var last: [String: Alert] = [:]
        for alert in alerts.flatMap({ $0.instances.isEmpty ? [$0] : $0.instances })
        where alert.revision > last[alert.findingID]?.revision ?? 0 {
            last[alert.findingID] = alert
        }
        return last
    }
}
