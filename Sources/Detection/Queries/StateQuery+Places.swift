import CloudTrail

extension StateQuery {
    // MARK: Guardrails

    /// The guardrails of every account and Region that is known, or of those that are asked for.
    func guardrails(_ account: AccountID?, _ region: ExactText?) -> [StateReport] {
        scopes.filter { scope in
            (account ?? scope.account) == scope.account
                && region.map { $0 == ExactText(scope.region) } ?? true
        }.sorted().map(guardrails)
    }

    /// The accounts and Regions of which anything is known.
    var scopes: Set<AccountRegion> {
        var scopes = Set(state.activity.keys).union(state.indexes.launches.keys)
        for key in state.timelineKeys {
            if case .accountRegion(let scope) = key.entity { scopes.insert(scope) }
        }
        return scopes.filter { !$0.region.isEmpty }
    }

    func guardrails(of scope: AccountRegion) -> StateReport {
        func timeline(_ attribute: Attribute) -> Timeline {
            state.timeline(FactKey(attribute, .accountRegion(scope)))
        }
        var trails: [ExactText: Fact] = [:]
        for fact in timeline(.trails).prefix(asOf: asOf.end) {
            if let name = fact.value.fields?.text("trail") { trails[name] = fact }
        }
        var activity: [Fact] = []
        if let log = state.activity[scope], let last = log.last(upTo: asOf.end) {
            activity = [log.first(besides: nil) ?? last, last]
        }
        return StateReport(
            kind: .guardrails,
            id: scope.description,
            groups: [
                StateReport.Group(
                    "settings",
                    [
                        item("Allowed AMIs", timeline(.allowedImages)) {
                            if case .allowedImages(let state) = $0 { state.rawValue } else { nil }
                        },
                        item("image criteria", timeline(.imageCriteria)) {
                            if case .criteria(let criteria) = $0 { criteria.summary } else { nil }
                        },
                        item("Allowed AMIs managed by", timeline(.managedBy)) {
                            if case .text(let manager) = $0 { manager?.string } else { nil }
                        },
                        item("block public access for images", timeline(.blockPublicAccess)) {
                            if case .blockPublicAccess(let state) = $0 { state.rawValue } else { nil }
                        },
                        item("block public access for snapshots", timeline(.snapshotBlockPublicAccess)) {
                            $0.fields?.text("state")?.string
                        },
                    ]
                ),
                StateReport.Group(
                    "trails",
                    trails.sorted { $0.key < $1.key }.map { name, fact in
                        .init(name.string, words(fact, leavingOut: "trail"), since: fact.time, fact.evidence)
                    },
                    incomplete: "events tell of trails that were changed only"
                ),
                StateReport.Group(
                    "activity",
                    zip(["first watched call", "last watched call"], activity).map { name, fact in
                        .init(name, fact.evidence.name, since: fact.time, fact.evidence)
                    },
                    incomplete: activity.isEmpty ? "no watched call is known" : nil
                ),
            ]
        )
    }

    // MARK: Instances

    /// An instance in every account and Region in which one of this id is known: one, as a rule.
    func instance(_ id: ResourceID) -> [StateReport] {
        let entities = Set(state.keys.filter { $0.entity.id == id && $0.image == nil }.map(\.entity))
        return entities.compactMap { entity in
            guard let scope = entity.scope else { return nil }
            return instance(id, in: scope, entity)
        }.sorted { $0.groups[0].items[0].value ?? "" < $1.groups[0].items[0].value ?? "" }
    }

    private func instance(_ id: ResourceID, in scope: AccountRegion, _ entity: Entity) -> StateReport {
        let subject = Subject.launch(scope, id)
        var items: [StateReport.Item] = [.init("account and Region", scope.description)]
        if let launch = LaunchRecord(subject, in: facts) {
            items.append(
                launch.image.map { .init("image", $0.description, launch.evidence) }
                    ?? .init("image", unknown: "no record names it")
            )
            let isLaunch = !launch.evidence.isInventory
            items.append(
                isLaunch
                    ? .init("launched", launch.time.description, since: launch.time, launch.evidence)
                    : .init("launched", unknown: "before \(launch.time), when it was first seen")
            )
            let hasEnded = launch.end.map { $0.time <= asOf.end } ?? false
            switch (launch.time > asOf.end, launch.end) {
            case (true, _) where isLaunch:
                items.append(.init("status", "not there yet", until: launch.time, launch.evidence))
            case (true, _): items.append(.init("status", unknown: "first seen at \(launch.time)"))
            case (_, let end?) where hasEnded:
                items.append(.init("status", "terminated", since: end.time, end))
            case (_, let end):
                items.append(
                    .init("status", "running", since: launch.time, until: end?.time, launch.evidence)
                )
            }
        } else {
            items += ["image", "launched", "status"].map { .init($0, unknown: "its launch is not known") }
        }
        let keys = (state.indexes.keysOfResource[entity] ?? []).union(
            state.timelineKeys.filter { $0.entity == entity && $0.attribute != .instance }
        )
        return StateReport(
            kind: .instance,
            id: id.description,
            groups: [
                StateReport.Group("attributes", items),
                StateReport.Group("calls", calls(keys.flatMap { state.timeline($0).facts })),
            ]
        )
    }

    // MARK: Calls

    /// Facts of which one rule alone knows the meaning, as the calls that told them.
    func calls(_ told: [Fact]) -> [StateReport.Item] {
        told.filter { asOf.overlaps(from: $0.time, until: nil) }.sorted().map { fact in
            .init(fact.evidence.name, words(fact), since: fact.time, fact.evidence)
        }
    }

    /// What a fact says, for people.
    func words(_ fact: Fact, leavingOut name: ExactText? = nil) -> String {
        guard let fields = fact.value.fields else { return "\(fact.value)" }
        return fields.all.filter { $0.name != name }.map { field in
            switch field.value {
            case .text(let text): "\(field.name)=\(text)"
            case .number(let number): "\(field.name)=\(number)"
            case .flag(let flag): "\(field.name)=\(flag ? "yes" : "no")"
            case .texts(let texts): "\(field.name)=\(texts.map(\.string).joined(separator: ","))"
            }
        }.joined(separator: " ")
    }
}
