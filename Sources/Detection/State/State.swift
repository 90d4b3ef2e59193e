public import CloudTrail

/// Everything that the records so far have told, and what was published about it.
///
/// All changes go through `insert`, `remove` and the setters below, which keep the indexes and, while a journal is
/// kept, note how to take the change back.
public struct State: Sendable {
    private var storage = StateStorage()

    /// Nothing known.
    init(keepsJournal: Bool) { storage.journal = keepsJournal ? Journal() : nil }

    // What is stored, read and changed in place: rules get a copy of the state, which costs one reference.

    private var timelines: [FactKey: [Fact]] {
        _read { yield storage.timelines }
        _modify {
            makeUnique()
            yield &storage.timelines
        }
    }
    private(set) var images: [ResourceID: ImageFacts] {
        _read { yield storage.images }
        _modify {
            makeUnique()
            yield &storage.images
        }
    }
    private(set) var findings: FindingTable {
        _read { yield storage.findings }
        _modify {
            makeUnique()
            yield &storage.findings
        }
    }
    private(set) var clocks: [AccountID: EventTime] {
        _read { yield storage.clocks }
        _modify {
            makeUnique()
            yield &storage.clocks
        }
    }
    /// The largest event time of any watched record in any account.
    public private(set) var streamTime: EventTime {
        get { storage.streamTime }
        set {
            makeUnique()
            storage.streamTime = newValue
        }
    }
    var seen: SeenRecords {
        _read { yield storage.seen }
        _modify {
            makeUnique()
            yield &storage.seen
        }
    }
    private(set) var launches: [Place: LaunchIndex] {
        _read { yield storage.launches }
        _modify {
            makeUnique()
            yield &storage.launches
        }
    }
    private(set) var activity: [Place: ActivityLog] {
        _read { yield storage.activity }
        _modify {
            makeUnique()
            yield &storage.activity
        }
    }
    private(set) var sharedWith: [AccountID: Set<ResourceID>] {
        _read { yield storage.sharedWith }
        _modify {
            makeUnique()
            yield &storage.sharedWith
        }
    }
    /// The refused attempts to share something with an account.
    private(set) var refusedTo: [AccountID: Set<FactKey>] {
        _read { yield storage.refusedTo }
        _modify {
            makeUnique()
            yield &storage.refusedTo
        }
    }
    /// The images that an inventory shows to be public.
    private(set) var shownPublic: Set<ResourceID> {
        _read { yield storage.shownPublic }
        _modify {
            makeUnique()
            yield &storage.shownPublic
        }
    }
    /// Who told the long timelines of images.
    private var tellers: [FactKey: Tellers] {
        _read { yield storage.tellers }
        _modify {
            makeUnique()
            yield &storage.tellers
        }
    }
    /// The changes since the last commit; nil when none are kept.
    private(set) var journal: Journal? {
        _read { yield storage.journal }
        _modify {
            makeUnique()
            yield &storage.journal
        }
    }

    private mutating func makeUnique() {
        if !isKnownUniquelyReferenced(&storage) { storage = StateStorage(copying: storage) }
    }

    /// Which memory it is in: another one after a change that had to copy all of it.
    var memory: ObjectIdentifier { ObjectIdentifier(storage) }

    // MARK: Reading

    /// The timeline of a key; empty when nothing is known.
    public func timeline(_ key: FactKey) -> Timeline {
        switch (key.entity, key.attribute.keeping, key.qualifier) {
        case (.image(let id), _, _): images[id]?.timeline(key.ofImage) ?? Timeline()
        case (.accountRegion(let place), .firstOfSecond, .second(let second)):
            Timeline(sorted: activity[place]?.call(at: second).map { [$0] } ?? [])
        default: timelines[key].map { Timeline(sorted: $0[...]) } ?? Timeline()
        }
    }

    /// All that is known about an image.
    public func image(_ id: ResourceID) -> ImageFacts? { images[id] }

    /// The keys that something is known about, those of images left out.
    var accountKeys: [FactKey] {
        timelines.keys
            + activity.flatMap { place, log in log.all.map { .activity(place, second: $0.time.seconds) } }
    }

    /// The keys that something is known about.
    var factKeys: [FactKey] {
        accountKeys + images.flatMap { id, image in image.attributes.map { .image(id, $0) } }
    }

    /// The first successful watched call at or after a time.
    func firstActivity(in place: Place, from time: EventTime) -> Fact? {
        activity[place]?.first(from: time.seconds)
    }

    /// The largest event time applied in an account.
    public func clock(of account: AccountID) -> EventTime { clocks[account] ?? .distantPast }

    /// The largest event time applied in any of some accounts.
    public func latestTime(where isConcerned: (AccountID) -> Bool) -> EventTime {
        clocks.reduce(.distantPast) { isConcerned($1.key) ? max($0, $1.value) : $0 }
    }

    // MARK: Facts

    /// Puts a fact on its timeline, and lists it with the one that it replaces; nothing when it says nothing new.
    @discardableResult
    mutating func insert(_ fact: Fact, at key: FactKey, touched: inout [(FactKey, Fact)]) -> FactInsertion {
        let insertion =
            switch (key.entity, key.attribute.keeping) {
            case (.image(let id), let keeping):
                images[id, default: ImageFacts()].insert(fact, key.ofImage, keepsFirstOnly: keeping == .first)
            case (.accountRegion(let place), .firstOfSecond):
                activity[place, default: ActivityLog()].insert(fact)
            case (_, .first): timelines[key, default: []].insertFirst(fact)
            default: timelines[key, default: []].insert(fact)
            }
        switch insertion {
        case .unchanged: return insertion
        case .inserted: journal?.note(.inserted(key, fact))
        case .replaced(let old):
            touched.append((key, old))
            index(key, old, isThere: false)
            journal?.note(.removed(key, old))
            journal?.note(.inserted(key, fact))
        }
        index(key, fact, isThere: true)
        touched.append((key, fact))
        return insertion
    }

    /// Takes a fact off its timeline; false when it is not there.
    @discardableResult
    mutating func remove(_ fact: Fact, at key: FactKey) -> Bool {
        guard take(fact, off: key) else { return false }
        index(key, fact, isThere: false)
        journal?.note(.removed(key, fact))
        return true
    }

    /// Takes a fact off its timeline, and forgets the timeline when it has become empty.
    private mutating func take(_ fact: Fact, off key: FactKey) -> Bool {
        switch (key.entity, key.attribute.keeping) {
        case (.image(let id), _):
            guard images[id]?.remove(fact, key.ofImage) == true else { return false }
            if images[id]?.isEmpty == true { images[id] = nil }
        case (.accountRegion(let place), .firstOfSecond):
            guard activity[place]?.remove(fact) == true else { return false }
            if activity[place]?.isEmpty == true { activity[place] = nil }
        default:
            guard timelines[key]?.remove(fact) == true else { return false }
            if timelines[key]?.isEmpty == true { timelines[key] = nil }
        }
        return true
    }

    private mutating func index(_ key: FactKey, _ fact: Fact, isThere: Bool) {
        if key.attribute.hasTellers, let image = key.image {
            noteTeller(key, images[image]?.timeline(key.ofImage).facts ?? [], fact, isThere: isThere)
        }
        switch (key.attribute, key.entity, key.qualifier) {
        case (.instance, .resource(let place, _), _):
            if fact.value.isLaunch { indexLaunch(key, fact, in: place, isThere: isThere) }
        case (.permission, .image(let image), .grantee(let grantee)): indexShare(of: image, with: grantee)
        case (.allTags, .image(let copy), _):
            if case .allTags(_, let source?) = fact.value { indexCopy(copy, of: source, isThere: isThere) }
        case (.refusedShare, _, .grantee(.account(let grantee))):
            if timelines[key] != nil {
                refusedTo[grantee, default: []].insert(key)
            } else {
                refusedTo[grantee]?.remove(key)
            }
        default: break
        }
    }

    private mutating func indexLaunch(_ key: FactKey, _ fact: Fact, in place: Place, isThere: Bool) {
        let launch = LaunchIndex.Launch(time: fact.time, key: key)
        let image = fact.value.launchedImage
        guard isThere else { return dropLaunch(launch, in: place, of: image) }
        launches[place, default: LaunchIndex()].insert(launch)
        if let image { images[image, default: ImageFacts()].launches.insert(launch) }
    }

    private mutating func indexShare(of image: ResourceID, with grantee: Grantee) {
        guard case .account(let account) = grantee else { return index(grantee, of: image) }
        if images[image]?.timeline(.permission(grantee)).isEmpty == false {
            sharedWith[account, default: []].insert(image)
        } else {
            sharedWith[account]?.remove(image)
        }
    }

    private mutating func indexCopy(_ copy: ResourceID, of source: ResourceID, isThere: Bool) {
        if isThere {
            images[source, default: ImageFacts()].copies.insert(copy)
        } else {
            images[source]?.copies.remove(copy)
            if images[source]?.isEmpty == true { images[source] = nil }
        }
    }

    private mutating func noteTeller(
        _ key: FactKey,
        _ facts: ArraySlice<Fact>,
        _ fact: Fact,
        isThere: Bool
    ) {
        guard facts.count > Tellers.facts else {
            if !tellers.isEmpty { tellers[key] = nil }
            return
        }
        if tellers[key] == nil {
            tellers[key] = Tellers(of: facts)
        } else {
            tellers[key]?.note(fact, isThere: isThere)
        }
    }

    /// Who told the facts of an image's timeline, each at least once.
    func forEachTeller(of image: ResourceID, _ attribute: ImageAttribute, _ body: (Teller) -> Void) {
        guard let facts = images[image]?.timeline(attribute).facts else { return }
        if facts.count > Tellers.facts, let tellers = tellers[.image(image, attribute)] {
            tellers.all.forEach(body)
        } else {
            for fact in facts { if let teller = Teller(fact) { body(teller) } }
        }
    }

    private mutating func index(_ group: Grantee, of image: ResourceID) {
        let facts = images[image]?.timeline(.permission(group)).facts ?? []
        if facts.isEmpty {
            images[image]?.groups.remove(group)
        } else {
            images[image]?.groups.insert(group)
        }
        guard group == .everyone else { return }
        var isShown = false
        forEachTeller(of: image, .permission(group)) { isShown = isShown || $0.isInventory }
        if isShown {
            shownPublic.insert(image)
        } else {
            shownPublic.remove(image)
        }
    }

    /// Two documents of one second may show one instance; it is listed as long as one of them is there.
    private mutating func dropLaunch(
        _ launch: LaunchIndex.Launch,
        in place: Place,
        of image: ResourceID?
    ) {
        let rest = timeline(launch.key).facts.filter { $0.time == launch.time }
        if !rest.contains(where: { $0.value.isLaunch }) { launches[place]?.remove(launch) }
        guard let image, !rest.contains(where: { $0.value.launchedImage == image }) else { return }
        images[image]?.launches.remove(launch)
        if images[image]?.isEmpty == true { images[image] = nil }
    }

    // MARK: Findings and clocks

    /// Notes what was published about a finding; nil forgets it.
    mutating func setFinding(_ finding: FindingState?, _ identity: FindingIdentity) {
        let old = findings.update(finding, identity)
        journal?.note(.finding(identity, old: old))
    }

    /// Moves an account's clock and stream time forward to an event's time.
    mutating func advanceClocks(account: AccountID, to time: EventTime) {
        if time > clock(of: account) {
            let old = clocks.updateValue(time, forKey: account)
            journal?.note(.clock(account, old: old))
        }
        advanceStreamTime(to: time)
    }

    /// Moves stream time forward.
    mutating func advanceStreamTime(to time: EventTime) {
        guard time > streamTime else { return }
        let old = streamTime
        journal?.note(.streamTime(old: old))
        streamTime = time
    }

    /// Remembers the copies of a record, so that its repeats are known.
    mutating func remember(_ copies: RecordCopies, _ key: SeenRecords.Key) {
        let old = seen.remember(copies, key)
        journal?.note(.seen(key, old: old))
    }

    /// Forgets the records of days before a time; there is no way back, and none is needed.
    mutating func forgetSeen(before time: EventTime) {
        if seen.isOld(before: time) { seen.drop(before: time) }
    }

    /// Forgets accounts and what was published about them, with no way back.
    ///
    /// The catalogue stays.
    mutating func drop(accountsWhere isDropped: (AccountID) -> Bool) {
        commit()
        for key in accountKeys where key.account.map(isDropped) ?? false {
            for fact in timeline(key).facts { remove(fact, at: key) }
        }
        for (identity, _) in Array(findings.all) where isDropped(identity.subject.place.account) {
            _ = findings.update(nil, identity)
        }
        for account in clocks.keys where isDropped(account) { clocks[account] = nil }
        seen.forget(accountsWhere: isDropped)
        commit()
    }

    // MARK: Transactions

    /// Puts a fact on its timeline that stood there before, also where only the first of equal ones is kept.
    private mutating func put(_ fact: Fact, back key: FactKey) {
        switch (key.entity, key.attribute.keeping) {
        case (.image(let id), _):
            _ = images[id, default: ImageFacts()].insert(fact, key.ofImage, keepsFirstOnly: false)
        case (.accountRegion(let place), .firstOfSecond):
            _ = activity[place, default: ActivityLog()].insert(fact)
        default: _ = timelines[key, default: []].insert(fact)
        }
        index(key, fact, isThere: true)
    }

    /// Forgets how to take the changes back, for they are committed.
    mutating func commit() { journal?.clear() }

    /// Until the journal is put back, changes are made for good.
    mutating func setJournalAside() -> Journal? {
        defer { journal = nil }
        return journal
    }

    mutating func putJournalBack(_ journal: Journal?) { self.journal = journal }

    /// Takes every change since the last commit back.
    mutating func rollback() {
        guard let undo = journal else { return }
        journal = nil
        for change in undo.changes.reversed() {
            switch change {
            case .inserted(let key, let fact): remove(fact, at: key)
            case .removed(let key, let fact): put(fact, back: key)
            case .finding(let identity, let old): _ = findings.update(old, identity)
            case .clock(let account, let old): clocks[account] = old
            case .streamTime(let old): streamTime = old
            case .seen(let key, let old): seen.restore(old, key)
            }
        }
        journal = Journal()
    }
}
