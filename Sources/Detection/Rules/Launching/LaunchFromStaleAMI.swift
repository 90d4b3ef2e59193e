import CloudTrail

/// An instance whose image is too old, deprecated or disabled: at its launch, or since then.
struct LaunchFromStaleAMI: Rule {
    let metadata = RuleMetadata(
        id: "launch-from-stale-ami",
        title: "Instance runs an image that is too old",
        kind: .launch,
        severity: .low,
        events: EventNames.any(
            of: EventNames.launching,
            EventNames.owning,
            EventNames.retiring,
            [WatchedCall.disableImageDeprecation.name, WatchedCall.enableImageDeprecation.name]
        ),
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deprecate.html"],
        attack: ["T1578.002"],
        compliance: ["CIS AWS Compute Services 2.1.4", "Prowler ec2_instance_with_outdated_ami"]
    )

    let subjects = [Subject.Kind.launch]

    let triggers =
        LaunchRecord.triggers
        + Trigger.on([.creationDate, .deprecation, .lifecycle], .launches(.always))

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard let launch = context.launch, let image = launch.image else { return nil }
        let age = Age(of: image, in: context)
        if age.isForEverYoung { return nil }
        var judgement = Judgement()
        var last: [FactStatement] = []
        // What it was at the end is what is said of it, whenever it began.
        var steps: [(isStale: Bool, cause: Evidence)] = []
        var walk = age.walk
        for time in age.changes(from: launch.time) {
            if let end = launch.end, end.time < time { break }
            guard time <= context.now else {
                judgement.deadline = time
                break
            }
            let (stale, cause) = walk.advance(to: time)
            if !stale.isEmpty { last = stale }
            if stale.isEmpty != !(steps.last?.isStale ?? false) {
                steps.append((!stale.isEmpty, cause ?? launch.evidence))
            }
        }
        for (number, step) in steps.enumerated() {
            if !step.isStale {
                judgement.resolve(step.cause)
            } else if number > 0 {
                judgement.reopen()
            } else {
                judgement.occur(launch.evidence, reason(launch, image, last, age))
            }
        }
        if steps.isEmpty, age.isUnknown { judgement.occur(launch.evidence, undecided(launch, image)) }
        if let end = launch.end { judgement.resolve(end) }
        return judgement
    }

    private func reason(
        _ launch: LaunchRecord,
        _ image: ResourceID,
        _ facts: [FactStatement],
        _ age: Age
    ) -> Judgement.Reason {
        let words = facts.map { $0.what == Age.state ? $0.value : "\($0.what) \($0.value)" }
        return Judgement.Reason(
            severity: .low,
            facts: facts + [launch.statement],
            clause: facts.contains { $0.what == Age.created } ? "images.max_age_days" : nil,
            remediation: [launch.termination],
            message: "Instance \(launch.instance) runs image \(image), which is stale: "
                + "\(words.joined(separator: ", "))."
        )
    }

    private func undecided(_ launch: LaunchRecord, _ image: ResourceID) -> Judgement.Reason {
        Judgement.Reason(
            .undetermined,
            severity: .low,
            facts: [launch.statement],
            missing: ["creation date of \(image)"],
            clause: "images.max_age_days",
            message: "Whether image \(image) of instance \(launch.instance) is too old cannot be told."
        )
    }
}

/// When an image is stale.
private struct Age {
    static let created = "created"
    static let state = "state of the image"

    private let creation: Fact?
    /// The first second in which it is too old.
    private let limit: EventTime?
    private let deprecations: ArraySlice<Fact>
    private let lifecycle: ArraySlice<Fact>
    /// Whether nobody told how old it is, and the policy asks.
    let isUnknown: Bool

    init(of image: ResourceID, in context: RuleContext) {
        let known = context.facts.image(image)
        creation = known.latest(.creationDate)
        deprecations = known.all(of: .deprecation)
        lifecycle = known.all(of: .lifecycle)
        let days = context.policy.images.maximumAgeDays
        if let days, case .date(let date?) = creation?.value {
            limit = date.advanced(bySeconds: Int64(days) * 86_400 + 1)
        } else {
            limit = nil
        }
        isUnknown = days != nil && limit == nil
    }

    /// Whether nothing makes it stale, or may.
    var isForEverYoung: Bool {
        limit == nil && !isUnknown && deprecations.isEmpty && !lifecycle.contains { $0.value == .disabled }
    }

    /// A time, and all after it at which it may become stale or not, in order.
    func changes(from start: EventTime) -> [EventTime] {
        let dates = deprecations.compactMap { Self.date($0)?.advanced(bySeconds: 1) }
        let times = deprecations.map(\.time) + lifecycle.map(\.time) + dates + (limit.map { [$0] } ?? [])
        return Set(times.filter { $0 > start } + [start]).sorted()
    }

    /// From the beginning on, each fact once.
    var walk: Walk { Walk(age: self, deprecations: deprecations, lifecycle: lifecycle) }

    /// What is known of it at one time after another.
    struct Walk {
        fileprivate let age: Age
        fileprivate var deprecations: ArraySlice<Fact>
        fileprivate var lifecycle: ArraySlice<Fact>
        private var deprecation: Fact?
        private var disabling: Fact?
        private var availability = ImageAvailability()

        fileprivate init(age: Age, deprecations: ArraySlice<Fact>, lifecycle: ArraySlice<Fact>) {
            (self.age, self.deprecations, self.lifecycle) = (age, deprecations, lifecycle)
        }

        /// Why it is stale at a time, nothing when it is not; and the last record that told something of it then.
        mutating func advance(to time: EventTime) -> (stale: [FactStatement], cause: Evidence?) {
            var cause: Fact?
            func note(_ fact: Fact) { if fact.time == time { cause = cause.map { max($0, fact) } ?? fact } }
            while let fact = deprecations.first, fact.time <= time {
                deprecations.removeFirst()
                deprecation = fact
                note(fact)
            }
            while let fact = lifecycle.first, fact.time <= time {
                lifecycle.removeFirst()
                _ = availability.take(fact.value)
                if fact.value == .disabled { disabling = fact }
                note(fact)
            }
            var stale: [FactStatement] = []
            if let limit = age.limit, limit <= time, let creation = age.creation,
                case .date(let date?) = creation.value
            {
                stale.append(FactStatement(Age.created, date.description, creation))
            }
            if let fact = deprecation, let date = Age.date(fact), date < time {
                stale.append(FactStatement("deprecated", date.description, fact))
            }
            if availability.isDisabled, let fact = disabling {
                stale.append(FactStatement(Age.state, "disabled", fact))
            }
            return (stale, cause?.evidence)
        }
    }

    private static func date(_ fact: Fact) -> EventTime? {
        if case .date(let date) = fact.value { date } else { nil }
    }
}
