import CloudTrail

/// Which subjects a fact can touch: those whose judgement reads the fact's key at or after the fact's time.
///
/// This is the one place that knows what depends on what. It may name too many subjects, never too few.
struct Reach {
    let state: State
    private let inForce: PolicyInForce
    private(set) var subjects = SubjectList()
    /// The image whose tags were added last: most facts of a record are about one image.
    private var tagged: ResourceID?

    init(state: State, policy: PolicyInForce) {
        self.state = state
        inForce = policy
    }

    /// Adds the subjects that a fact at a key touches, whether the fact has just come or just gone.
    mutating func add(_ key: FactKey, _ fact: Fact) {
        switch key {
        case .allowedImages(let place):
            subjects.insert(.guardrails(place))
            subjects.insert(.activity(place))
            addLaunches(state.launches[place], from: fact.time, until: state.timeline(key))
        case .imageCriteria(let place):
            subjects.insert(.guardrails(place))
            addLaunches(state.launches[place], from: fact.time, until: state.timeline(key))
        case .blockPublicAccess(let place), .madePublic(let place): subjects.insert(.guardrails(place))
        case .managedBy: break
        case .activity(let place, _): addActivity(place, fact)
        case .unreadable(let place, let name): subjects.insert(.unreadable(place, name: name))
        case .instance(let place, let id): subjects.insert(.launch(place, id))
        case .refusedShare(let place, let image, let grantee):
            subjects.insert(.refusedShare(place, image, grantee))
        case .refusals: addRefusals(fact)
        case .image(let id, let attribute): addImage(id, attribute, fact)
        case .members: addShares()
        case .membership(let account): addShares(with: account)
        }
    }

    /// Adds the launches from a time on; of what is read as of their time only those before the timeline's next fact.
    private mutating func addLaunches(
        _ launches: LaunchIndex?,
        from time: EventTime,
        until timeline: Timeline? = nil
    ) {
        launches?.forEach(from: time, until: timeline?.nextTime(after: time)) { launch in
            if let subject = launch.subject { subjects.insert(subject) }
        }
    }

    /// Only the first call of all, and the first under a state, count; a later one touches nothing.
    private mutating func addActivity(_ place: Place, _ fact: Fact) {
        if let calls = state.activity[place], let first = calls.first, first.time < fact.time {
            guard let setting = state.timeline(.allowedImages(place)).latest(asOf: fact.time),
                setting.value == .allowedImages(.disabled),
                calls.first(from: setting.time.seconds).map({ $0.time >= fact.time }) ?? true
            else { return }
        }
        subjects.insert(.activity(place))
    }

    private mutating func addRefusals(_ told: Fact) {
        let attempts = DeniedAttempts(by: told.evidence, Scene(FactView(state), policy: inForce))
        attempts?.forEachCounting(told) { evidence, image, grantees in
            for grantee in grantees { subjects.insert(.refusedShare(evidence.place, image, grantee)) }
        }
    }

    private mutating func addImage(_ id: ResourceID, _ attribute: ImageAttribute, _ fact: Fact) {
        let image = state.image(id) ?? ImageFacts()
        switch attribute {
        case .owner:
            addLaunches(image.launches, from: .distantPast)
            addShares(of: id, image, also: fact)
            addTags(of: id, image)
            addCopies(of: image)
        case .ownerAlias:
            addLaunches(image.launches, from: .distantPast)
            addShares(of: id, image)
            addApprovalTags(of: id)
        case .name:
            addLaunches(image.launches, from: .distantPast)
            addApprovalTags(of: id)
        case .creationDate: addLaunches(image.launches, from: .distantPast)
        case .origin: break
        case .productCodes, .deprecation:
            addLaunches(image.launches, from: fact.time, until: image.timeline(attribute))
        case .tag, .allTags:
            addLaunches(image.launches, from: fact.time)
            addTags(of: id, image)
            addApprovalTags(of: id, told: Teller(fact))
            addCopies(of: image)
        case .lifecycle:
            if fact.value.isCreation { addLaunches(image.launches, from: .distantPast) }
            addShares(of: id, image, also: fact)
            addTags(of: id, image)
            addRequiredTags(of: id, told: Teller(fact))
        case .permission(.account(let account)):
            addShare(of: id, image, .account(account), also: fact)
            addShare(of: id, image, .account(account), granted: fact)
        case .permission(let group):
            addShares(of: id, image)
            addShare(of: id, image, group, granted: fact)
        case .allPermissions: addShares(of: id, image, also: fact)
        }
    }

    // MARK: Shares

    private mutating func addShares() {
        for (account, images) in state.sharedWith {
            for id in images {
                if let image = state.image(id) { addShare(of: id, image, .account(account)) }
            }
        }
        for id in state.shownPublic {
            if let image = state.image(id) { addShare(of: id, image, .everyone) }
        }
        for key in state.accountKeys {
            if case .refusedShare(let place, let image, let grantee) = key {
                subjects.insert(.refusedShare(place, image, grantee))
            }
        }
    }

    /// What is judged by whether an account is a member: shares with it, and what documents show of its public images.
    private mutating func addShares(with account: AccountID) {
        for id in state.sharedWith[account] ?? [] {
            if let image = state.image(id) { addShare(of: id, image, .account(account)) }
        }
        for id in state.shownPublic {
            if let image = state.image(id), image.owner?.account == account {
                addShare(of: id, image, .everyone)
            }
        }
        for key in state.refusedTo[account] ?? [] {
            guard case .refusedShare(let place, let image, let grantee) = key else { continue }
            subjects.insert(.refusedShare(place, image, grantee))
            for fact in state.timeline(key).facts { addRefusals(fact) }
        }
    }

    private mutating func addShares(of id: ResourceID, _ image: ImageFacts, also fact: Fact? = nil) {
        for grantee in image.grantees { addShare(of: id, image, grantee, also: fact) }
    }

    private mutating func addShare(
        of id: ResourceID,
        _ image: ImageFacts,
        _ grantee: Grantee,
        also other: Fact? = nil
    ) {
        let state = state
        state.forEachTeller(of: id, .permission(grantee)) { teller in
            addShare(of: id, image, grantee, told: teller, also: other)
        }
    }

    private mutating func addShare(
        of id: ResourceID,
        _ image: ImageFacts,
        _ grantee: Grantee,
        granted fact: Fact
    ) {
        guard fact.value == .granted, let teller = Teller(fact) else { return }
        addShare(of: id, image, grantee, told: teller, also: nil)
    }

    /// Adds a share at the places where its finding is or was: `other` may be the fact that told the owner or the
    /// Region, and has just gone.
    private mutating func addShare(
        of id: ResourceID,
        _ image: ImageFacts,
        _ grantee: Grantee,
        told teller: Teller,
        also other: Fact?
    ) {
        for place in image.places(of: teller, also: other) { subjects.insert(.share(place, id, grantee)) }
    }

    // MARK: Tags

    private mutating func addTags(of id: ResourceID, _ image: ImageFacts) {
        guard tagged != id else { return }
        tagged = id
        let state = state
        state.forEachTeller(of: id, .lifecycle) { addRequiredTags(of: id, told: $0) }
        addApprovalTags(of: id)
    }

    private mutating func addApprovalTags(of id: ResourceID) {
        let state = state
        for attribute in inForce.approvalTags {
            state.forEachTeller(of: id, attribute) { addApprovalTags(of: id, told: $0) }
        }
    }

    private mutating func addRequiredTags(of id: ResourceID, told teller: Teller?) {
        guard let teller else { return }
        for required in inForce.policy.requiredTags {
            subjects.insert(.requiredTag(teller.place, id, key: required.key, required.resource))
        }
    }

    private mutating func addApprovalTags(of id: ResourceID, told teller: Teller?) {
        guard let teller, !teller.isInventory else { return }
        for key in inForce.approvalTagKeys { subjects.insert(.approvalTag(teller.place, id, key: key)) }
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
            case .refusals, .image, .members, .membership: break
            }
        }
        for (id, image) in state.images {
            addShares(of: id, image)
            addTags(of: id, image)
        }
        for subject in state.findings.subjects { subjects.insert(subject) }
    }
}

extension ImageFacts {
    /// The account and Region to which a launch permission belongs: a record's own; of an inventory the image's
    /// owner's, and its Region where the document names none.
    func place(of permission: Fact) -> Place {
        place(told: permission.evidence.place, isInventory: permission.evidence.isInventory)
    }

    private func place(told: Place, isInventory: Bool) -> Place {
        guard isInventory else { return told }
        return Place(owner?.account ?? told.account, told.region.isEmpty ? region ?? "" : told.region)
    }

    /// Every place that `place(of:)` may give, or has given before a fact came or went.
    func places(of teller: Teller, also other: Fact?) -> Set<Place> {
        let told = teller.place
        guard teller.isInventory else { return [told] }
        var accounts: Set<AccountID> = [told.account, place(told: told, isInventory: true).account]
        for fact in timeline(.owner).facts + (other.map { [$0] } ?? []) {
            if let owner = fact.value.owner { accounts.insert(owner) }
        }
        guard told.region.isEmpty else { return Set(accounts.map { Place($0, told.region) }) }
        var regions = self.regions.union([""])
        if let other { regions.insert(ExactText(other.evidence.region)) }
        return Set(accounts.flatMap { account in regions.map { Place(account, $0.string) } })
    }
}
