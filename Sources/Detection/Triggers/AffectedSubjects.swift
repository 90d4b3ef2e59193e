import CloudTrail

/// The subjects that facts reach, each once, with what `Reach` needs to find them.
struct AffectedSubjects {
    let state: State
    let inForce: PolicyInForce
    private let triggers: TriggerTable
    private var subjects = SubjectList()
    /// The image that was looked at last: most facts of a record are about one.
    private var doneImage: ResourceID?
    /// By number which reaches are done for it.
    private var doneReaches: UInt64 = 0
    /// What follows from it.
    private var imageLinks: FactLinks = []

    /// The organizations that facts have led to; and those that facts have about where an account is.
    private var organizations = (of: KnownOrganization(), ofAccounts: KnownOrganization())

    /// What is known about the image that was looked up last.
    private var lookedUp: (image: ResourceID, facts: ImageFacts)?

    init(state: State, policy: PolicyInForce, _ triggers: TriggerTable) {
        self.state = state
        self.triggers = triggers
        inForce = policy
    }

    /// In the order in which they are evaluated.
    mutating func sorted() -> SubjectList {
        subjects.sort()
        return subjects
    }

    mutating func insert(_ subject: Subject) { subjects.insert(subject) }

    /// Adds the subjects that a fact at a key reaches, whether the fact has just come or just gone.
    mutating func add(_ touched: [KeyedFact], _ index: Int) {
        let key = touched[index].key
        guard let reaches = triggers.reaches(of: key.attribute) else { return }
        // What most facts reach is found without asking their reach.
        for kind in reaches.kinds {
            if let subject = Subject(kind, of: key) { insert(subject) }
        }
        let conditions = reaches.conditions
        if conditions.isEmpty { return }
        let fact = touched[index].fact
        let links = links(of: key, fact)
        for number in conditions.indices where conditions[number].needs.isSubset(of: links) {
            if conditions[number].isOfImage, key.shelf == .image, isDone(conditions[number].number) {
                continue
            }
            reaches.others[number].add(key, fact, &self)
        }
    }

    private mutating func links(of key: FactKey, _ fact: Fact) -> FactLinks {
        switch (key.shelf, key.entity) {
        case (.image, .image(let image)):
            lookAt(image)
            return imageLinks
        case (.activity, .accountRegion(let scope)):
            return state.isKnown(scope, before: fact.time) ? [] : .history
        default: return .all
        }
    }

    private mutating func lookAt(_ image: ResourceID) {
        if doneImage == image { return }
        (doneImage, doneReaches, imageLinks) = (image, 0, [])
        let known = self.image(image)
        if !known.launches.isEmpty { imageLinks.insert(.launches) }
        if !known.copies.isEmpty { imageLinks.formUnion([.copies, .descendants]) }
        if state.indexes.madeFrom[image] != nil { imageLinks.insert(.descendants) }
        if known.hasGrantees { imageLinks.insert(.grantees) }
    }

    private mutating func isDone(_ number: Int) -> Bool {
        // Of more reaches than there are bits the last are done each time.
        let bit: UInt64 = 1 << number
        defer { doneReaches |= bit }
        return doneReaches & bit != 0
    }

    /// Adds every subject of which something may be said, or was: what reconciling evaluates.
    mutating func addAll() {
        addBroughtByAccounts()
        for (id, known) in state.images.all { addBrought(by: id, known) }
        for subject in state.findings.subjects { insert(subject) }
    }

    /// Adds the subjects that are there because of what is known of accounts: all but those of `addBrought(by:_:)`.
    mutating func addBroughtByAccounts() {
        for key in state.timelineKeys { addBrought(by: key, state.timeline(key).facts) }
        // What any call as such brings, the first of its account and Region does.
        for (scope, log) in state.activity {
            if let first = log.first { addBrought(by: .activity(scope, second: first.time.seconds), [first]) }
        }
    }

    /// Adds the subjects that are there because of what is known of an image: its own, and the launches of its instances.
    mutating func addBrought(by image: ResourceID, _ known: ImageFacts) {
        lookedUp = (image, known)
        for attribute in known.attributes where triggers.reaches(of: attribute.attribute) != nil {
            addBrought(by: .image(image, attribute), known.timeline(attribute).facts)
        }
        guard let reaches = triggers.reaches(of: .instance), !reaches.bringing.isEmpty else { return }
        known.launches.forEach(from: .distantPast, until: nil) { launch in
            guard let key = state.key(of: launch) else { return }
            for kind in reaches.kinds { if let subject = Subject(kind, of: key) { insert(subject) } }
            if reaches.bringing.count > reaches.kinds.count { addBrought(by: key, state.timeline(key).facts) }
        }
    }

    private mutating func addBrought(by key: FactKey, _ facts: ArraySlice<Fact>) {
        guard let reaches = triggers.reaches(of: key.attribute)?.bringing, !reaches.isEmpty else { return }
        for fact in facts { for reach in reaches { reach.add(key, fact, &self) } }
    }

    /// Adds what any fact about a fact's organization changes, as far as it was not added before; where accounts are is left out
    /// for a fact that tells that of one.
    mutating func takeOrganization(
        of key: FactKey,
        _ fact: Fact,
        _ kind: Subject.Kind,
        isOfAccount: Bool
    ) {
        let parts = OrganizationFacts.parts(named: key, fact)
        let keys =
            isOfAccount
            ? state.extend(&organizations.ofAccounts, around: parts, inForce)
            : state.extend(&organizations.of, around: parts, inForce)
        for key in keys where !isOfAccount || OrganizationFacts.account(placedBy: key) == nil {
            guard let changed = OrganizationFacts.changed(key) else { continue }
            for scope in (state.indexes.ofOrganizations[key]?.tellers ?? [:]).keys {
                insert(Subject(kind, scope, nil, .text(changed)))
            }
        }
    }

    /// What is known about an image; nothing when nobody told anything.
    mutating func image(_ id: ResourceID) -> ImageFacts {
        if let known = lookedUp, known.image == id { return known.facts }
        let facts = state.image(id) ?? ImageFacts()
        lookedUp = (id, facts)
        return facts
    }
}

// MARK: - What a fact's own key names

extension Reach {
    /// The subject that the fact's key names.
    static func subject(_ kind: Subject.Kind) -> Reach {
        Reach("subject of kind \(kind.tag)", brings: true, kind: kind) { key, _, affected in
            if let subject = Subject(kind, of: key) { affected.insert(subject) }
        }
    }

    /// The account and Region in which the fact is.
    static func accountRegion(_ kind: Subject.Kind) -> Reach {
        Reach("account and Region, kind \(kind.tag)", brings: true) { key, _, affected in
            if let scope = key.entity.scope { affected.insert(Subject(kind, scope)) }
        }
    }
}

// MARK: - What other keys name

extension Reach {
    /// The subjects that keys of an attribute name, about the same resource as the fact.
    static func sameResource(_ attribute: Attribute, _ kind: Subject.Kind) -> Reach {
        Reach("keys of \(attribute.tag) about the resource, kind \(kind.tag)") { key, _, affected in
            affected.insert(kind, affected.state.indexes.keysOfResource[key.entity] ?? [], attribute)
        }
    }

    /// The subjects that keys of an attribute name, about the same resource as a permission that stands for many
    /// accounts: it may cover theirs.
    static func widerGrant(_ attribute: Attribute, _ kind: Subject.Kind) -> Reach {
        let others = sameResource(attribute, kind)
        return Reach("under a wider grant, \(others.name)") { key, fact, affected in
            if case .grantee(let grantee) = key.qualifier, grantee.isGroup {
                others.add(key, fact, &affected)
            }
        }
    }

    /// The subjects that keys of an attribute name, with the grantee that the fact is about.
    static func grantee(_ attribute: Attribute, _ kind: Subject.Kind) -> Reach {
        Reach("keys of \(attribute.tag) with the grantee, kind \(kind.tag)") { key, _, affected in
            guard case .account(let account) = key.entity else { return }
            affected.insert(kind, (affected.state.indexes.keysNaming[account] ?? [:]).keys, attribute)
        }
    }

    /// The subjects that keys of an attribute name, whose facts name the image that the fact is about.
    static func namingImage(_ attribute: Attribute, _ kind: Subject.Kind) -> Reach {
        Reach("keys of \(attribute.tag) naming the image, kind \(kind.tag)", isOfImage: true) {
            key,
            _,
            affected in
            guard let image = key.image else { return }
            affected.insert(kind, (affected.state.indexes.keysNamingImage[image] ?? [:]).keys, attribute)
        }
    }

    /// The subjects that all keys of an attribute name.
    static func all(_ attribute: Attribute, _ kind: Subject.Kind) -> Reach {
        Reach("all keys of \(attribute.tag), kind \(kind.tag)") { _, _, affected in
            affected.insert(kind, affected.state.timelineKeys, attribute)
        }
    }
}

extension AffectedSubjects {
    fileprivate mutating func insert(
        _ kind: Subject.Kind,
        _ keys: some Sequence<FactKey>,
        _ attribute: Attribute
    ) {
        for key in keys where key.attribute == attribute {
            if let subject = Subject(kind, of: key) { insert(subject) }
        }
    }
}

// MARK: - Launches

extension Reach {
    /// As of which time launches read a fact.
    enum Reading: String {
        /// It holds for all times.
        case always
        /// From its own time on, and together with later ones.
        case fromItsTime
        /// From its own time on, until the next one of its key.
        case untilTheNext
    }

    /// Launches of an image, or in an account and Region.
    static func launches(_ reading: Reading) -> Reach {
        Reach("launches, \(reading.rawValue)", isOfImage: reading == .always, needs: .launches) {
            key,
            fact,
            affected in
            let state = affected.state
            let launches =
                key.image.map { affected.image($0).launches }
                ?? key.entity.scope.flatMap { state.indexes.launches[$0] }
            let end = reading == .untilTheNext ? state.timeline(key).nextTime(after: fact.time) : nil
            affected.addLaunches(launches, from: reading == .always ? .distantPast : fact.time, until: end)
        }
    }

    /// All launches of an image, once something says that it came into being.
    static let launchesOnceCreated = Reach("launches once created", needs: .launches) {
        key,
        fact,
        affected in
        guard fact.value.isCreation, let image = key.image else { return }
        affected.addLaunches(affected.image(image).launches, from: .distantPast)
    }

    /// What a fact reaches of the images that were made from an image, and from those.
    static func ofDescendants(_ reach: Reach) -> Reach {
        Reach("of descendants: \(reach.name)", isOfImage: reach.isOfImage, needs: .descendants) {
            key,
            fact,
            affected in
            guard let image = key.image else { return }
            affected.forEach(of: image, next: { $0.state.descendants(of: $1) }) {
                reach.add(.image($0, key.ofImage), fact, &$1)
            }
        }
    }

    /// What a fact reaches of an image's copies that took its tags along, and of copies of those.
    static func ofCopies(_ reach: Reach) -> Reach {
        Reach("of copies: \(reach.name)", isOfImage: reach.isOfImage, needs: .copies) {
            key,
            fact,
            affected in
            guard let image = key.image else { return }
            affected.forEach(of: image, next: { $0.image($1).copies }) {
                reach.add(.image($0, key.ofImage), fact, &$1)
            }
        }
    }
}

extension AffectedSubjects {
    /// Adds the launches of an index at or after a time, and before another one.
    mutating func addLaunches(_ launches: LaunchIndex?, from time: EventTime, until end: EventTime? = nil) {
        launches?.forEach(from: time, until: end) { launch in
            if let subject = state.subject(of: launch) { insert(subject) }
        }
    }

    /// The images that follow an image, and those that follow them, each once.
    fileprivate mutating func forEach(
        of image: ResourceID,
        next: (inout AffectedSubjects, ResourceID) -> Set<ResourceID>,
        _ body: (ResourceID, inout AffectedSubjects) -> Void
    ) {
        var waiting = Array(next(&self, image))
        if waiting.isEmpty { return }
        var visited: Set<ResourceID> = []
        while let id = waiting.popLast() {
            guard visited.insert(id).inserted, state.image(id) != nil else { continue }
            body(id, &self)
            waiting.append(contentsOf: next(&self, id))
        }
    }
}
