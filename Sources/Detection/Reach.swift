import CloudTrail

/// Which subjects a fact can touch: those whose judgement reads the fact's key at or after the fact's time.
///
/// This is the one place that knows what depends on what. It may name too many subjects, never too few.
struct Reach {
    let state: State
    let policy: Policy
    private(set) var subjects: Set<Subject> = []

    init(state: State, policy: Policy) {
        self.state = state
        self.policy = policy
    }

    /// Adds the subjects that a fact at a key touches.
    mutating func add(_ key: FactKey, _ fact: Fact) {
        switch key {
        case .allowedImages(let place):
            subjects.insert(.guardrails(place))
            subjects.insert(.activity(place))
            addLaunches(state.launches[place], from: fact.time)
        case .imageCriteria(let place):
            subjects.insert(.guardrails(place))
            addLaunches(state.launches[place], from: fact.time)
        case .blockPublicAccess(let place), .madePublic(let place): subjects.insert(.guardrails(place))
        case .managedBy: break
        case .activity(let place, _): addActivity(place, fact)
        case .unreadable(let place, let name): subjects.insert(.unreadable(place, name: name))
        case .instance(let place, let id): subjects.insert(.launch(place, id))
        case .refusedShare(let place, let image, let grantee):
            subjects.insert(.refusedShare(place, image, grantee))
        case .refusals: addRefusals(key, from: fact.time)
        case .image(let id, let attribute): addImage(id, attribute, fact)
        case .members: addShares()
        }
    }

    private mutating func addLaunches(_ launches: LaunchIndex?, from time: EventTime) {
        for launch in launches?.from(time) ?? [] { subjects.insert(.launch(launch.place, launch.instance)) }
    }

    /// Only the first call under a state counts, so a later one touches nothing.
    private mutating func addActivity(_ place: Place, _ fact: Fact) {
        let since = state.timeline(.allowedImages(place)).latest(asOf: fact.time)
        if case .allowedImages(let value) = since?.value, value != .disabled { return }
        guard let first = state.firstActivity(in: place, from: since?.time ?? .distantPast),
            first.time >= fact.time
        else { return }
        subjects.insert(.activity(place))
    }

    private mutating func addRefusals(_ key: FactKey, from time: EventTime) {
        for fact in state.timeline(key).facts where fact.time >= time {
            guard case .refused(let image, let grantees) = fact.value else { continue }
            let place = Place(fact.evidence.account, fact.evidence.region)
            for grantee in grantees { subjects.insert(.refusedShare(place, image, grantee)) }
        }
    }

    private mutating func addImage(_ id: ResourceID, _ attribute: ImageAttribute, _ fact: Fact) {
        guard let image = state.image(id) else { return }
        switch attribute {
        case .owner, .ownerAlias, .name, .creationDate:
            addLaunches(image.launches, from: .distantPast)
            if attribute == .owner {
                addShares(of: id, image)
                addTags(of: id, image)
            } else if attribute == .name {
                addTags(of: id, image)
            }
        case .origin: break
        case .productCodes, .deprecation: addLaunches(image.launches, from: fact.time)
        case .tag, .allTags:
            addLaunches(image.launches, from: fact.time)
            addTags(of: id, image)
            addCopies(of: image)
        case .lifecycle:
            addShares(of: id, image)
            addTags(of: id, image)
        case .permission(.account(let account)):
            addShare(of: id, image, .account(account))
        case .permission, .allPermissions: addShares(of: id, image)
        }
    }

    // MARK: Shares

    private mutating func addShares() {
        for (account, images) in state.sharedWith {
            for id in images {
                if let image = state.image(id) { addShare(of: id, image, .account(account)) }
            }
        }
        for key in state.accountKeys {
            if case .refusedShare(let place, let image, let grantee) = key {
                subjects.insert(.refusedShare(place, image, grantee))
            }
        }
    }

    private mutating func addShares(of id: ResourceID, _ image: ImageFacts) {
        for grantee in image.grantees { addShare(of: id, image, grantee) }
    }

    private mutating func addShare(of id: ResourceID, _ image: ImageFacts, _ grantee: Grantee) {
        for fact in image.timeline(.permission(grantee)).facts where fact.value == .granted {
            let told = Place(fact.evidence.account, fact.evidence.region)
            subjects.insert(.share(told, id, grantee))
            if fact.evidence.isInventory {
                subjects.insert(.share(image.place(told: told), id, grantee))
            }
        }
    }

    // MARK: Tags

    private mutating func addTags(of id: ResourceID, _ image: ImageFacts) {
        for fact in image.timeline(.lifecycle).facts {
            guard case .created = fact.value else { continue }
            let place = Place(fact.evidence.account, fact.evidence.region)
            for required in policy.requiredTags {
                subjects.insert(.requiredTag(place, id, key: required.key, required.resource))
            }
        }
        for key in policy.approvalTagKeys {
            for attribute in [ImageAttribute.tag(key), .allTags] {
                for fact in image.timeline(attribute).facts where !fact.evidence.isInventory {
                    subjects.insert(
                        .approvalTag(Place(fact.evidence.account, fact.evidence.region), id, key: key)
                    )
                }
            }
        }
    }

    /// Copies that took the tags along, and copies of those.
    private mutating func addCopies(of image: ImageFacts) {
        var waiting = Array(image.copies)
        var visited: Set<ResourceID> = []
        while let id = waiting.popLast() {
            guard visited.insert(id).inserted, let copy = state.image(id) else { continue }
            addTags(of: id, copy)
            addLaunches(copy.launches, from: .distantPast)
            waiting.append(contentsOf: copy.copies)
        }
    }

    // MARK: Everything

    /// Adds every subject that any fact touches: what reconciling judges.
    mutating func addAll() {
        for key in state.accountKeys {
            switch key {
            case .allowedImages(let place), .imageCriteria(let place), .blockPublicAccess(let place),
                .madePublic(let place), .managedBy(let place):
                subjects.insert(.guardrails(place))
                subjects.insert(.activity(place))
            case .activity(let place, _): subjects.insert(.activity(place))
            case .unreadable(let place, let name): subjects.insert(.unreadable(place, name: name))
            case .instance(let place, let id): subjects.insert(.launch(place, id))
            case .refusedShare(let place, let image, let grantee):
                subjects.insert(.refusedShare(place, image, grantee))
            case .refusals, .image, .members: break
            }
        }
        for (id, image) in state.images {
            addShares(of: id, image)
            addTags(of: id, image)
        }
        for identity in state.findings.keys { subjects.insert(identity.subject) }
    }
}

extension Policy {
    /// The keys of tags by which images are approved.
    var approvalTagKeys: Set<String> {
        Set((approvedImages ?? []).flatMap { ($0.tags ?? [:]).keys })
    }
}

extension ImageFacts {
    /// The account and Region to which something belongs that was told by a document which may not name them.
    func place(told: Place) -> Place {
        Place(
            told.account == .none ? owner?.account ?? .none : told.account,
            told.region.isEmpty ? region ?? "" : told.region
        )
    }
}
