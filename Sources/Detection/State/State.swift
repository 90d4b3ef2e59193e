public import CloudTrail

/// Everything that the records so far have told, and what was published about it.
///
/// All changes go through `insert`, `remove` and the setters below, which keep the indexes and, while a journal is
/// kept, note how to take the change back.
public struct State: Sendable {
    private var storage = StateStorage()

    /// Nothing known.
    init(keepsJournal: Bool) { storage.journal = keepsJournal ? Journal() : nil }

    /// What is stored, for a change of this state alone: rules get a copy of it, which costs one reference.
    private var own: StateStorage {
        mutating get {
            if !isKnownUniquelyReferenced(&storage) { storage = StateStorage(copying: storage) }
            return storage
        }
    }

    /// Which memory it is in: another one after a change that had to copy all of it.
    var memory: ObjectIdentifier { ObjectIdentifier(storage) }

    // MARK: Reading

    var images: [ResourceID: ImageFacts] { _read { yield storage.images } }
    var findings: FindingTable { _read { yield storage.findings } }
    var clocks: [AccountID: EventTime] { _read { yield storage.clocks } }
    var seen: SeenRecords { _read { yield storage.seen } }
    var launches: [AccountRegion: LaunchIndex] { _read { yield storage.launches } }
    var activity: [AccountRegion: ActivityLog] { _read { yield storage.activity } }
    /// The images that were made from an image or an instance, as their origins and parents tell.
    var madeFrom: [ResourceID: Set<ResourceID>] { _read { yield storage.madeFrom } }
    var sharedWith: [AccountID: Set<ResourceID>] { _read { yield storage.sharedWith } }
    var keysOfResource: [Entity: Set<FactKey>] { _read { yield storage.keysOfResource } }
    var keysOfGrantee: [AccountID: Set<FactKey>] { _read { yield storage.keysOfGrantee } }
    var sharesNaming: [AccountID: [FactKey: Int]] { _read { yield storage.sharesNaming } }
    var shownPublic: Set<ResourceID> { _read { yield storage.shownPublic } }
    var journal: Journal? { _read { yield storage.journal } }
    /// The largest event time of any watched record in any account.
    public var streamTime: EventTime { storage.streamTime }

    /// The timeline of a key; empty when nothing is known.
    public func timeline(_ key: FactKey) -> Timeline {
        switch key.shelf {
        case .timelines: return storage.timelines[key].map { Timeline(sorted: $0[...]) } ?? Timeline()
        case .image: return key.image.flatMap { images[$0]?.timeline(key.ofImage) } ?? Timeline()
        case .activity:
            guard let scope = key.entity.scope, case .second(let second) = key.qualifier else {
                return Timeline()
            }
            return Timeline(sorted: activity[scope]?.call(at: second).map { [$0] } ?? [])
        }
    }

    /// All that is known about an image.
    public func image(_ id: ResourceID) -> ImageFacts? { images[id] }

    /// The images that were made from an image, or took its tags along.
    func descendants(of id: ResourceID) -> Set<ResourceID> {
        let (made, copies) = (madeFrom[id] ?? [], images[id]?.copies ?? [])
        return copies.isEmpty ? made : made.union(copies)
    }

    /// The keys that something is known about, those of images left out.
    var accountKeys: [FactKey] {
        storage.timelines.keys
            + activity.flatMap { scope, log in log.all.map { .activity(scope, second: $0.time.seconds) } }
    }

    /// The keys that something is known about.
    var factKeys: [FactKey] {
        accountKeys + images.flatMap { id, image in image.attributes.map { .image(id, $0) } }
    }

    /// The first successful watched call at or after a time.
    func firstActivity(in scope: AccountRegion, from time: EventTime) -> Fact? {
        activity[scope]?.first(from: time.seconds)
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
    mutating func insert(_ fact: Fact, at key: FactKey, touched: inout [KeyedFact]) -> FactInsertion {
        let insertion = put(fact, key, keepsFirstOnly: key.attribute.keeping == .first)
        switch insertion {
        case .unchanged: return insertion
        case .inserted: break
        case .replaced(let old):
            touched.append(KeyedFact(key, old))
            index(key, old, isThere: false)
            own.journal?.note(.removed(key, old))
        }
        index(key, fact, isThere: true)
        let told = KeyedFact(key, fact)
        noteInserted([told])
        touched.append(told)
        return insertion
    }

    /// Puts a fact behind the others on its timeline, if it is later than all of them, as most are when they come.
    ///
    /// Returns how many facts stand there then, and nil when it has to be inserted. Whoever calls this notes what has come.
    mutating func appendLater(_ fact: Fact, at key: FactKey) -> Int? {
        let isFirstOnly = key.attribute.keeping == .first
        let count: Int? =
            switch (key.shelf, key.entity) {
            case (.image, .image(let id)):
                own.images[id, default: ImageFacts()]
                    .appendLater(fact, key.ofImage, keepsFirstOnly: isFirstOnly)
            case (.activity, .accountRegion(let scope)):
                own.activity[scope, default: ActivityLog(in: scope)].appendLater(fact)
            default: own.timelines[key, default: []].appendLater(fact, keepsFirstOnly: isFirstOnly)
            }
        if let count { index(key, fact, isThere: true, count: count) }
        return count
    }

    /// Notes facts that have come, so that they can be taken back.
    mutating func noteInserted(_ facts: [KeyedFact]) { own.journal?.note(.inserted(facts)) }

    /// Takes a fact off its timeline; false when it is not there.
    @discardableResult
    mutating func remove(_ fact: Fact, at key: FactKey) -> Bool {
        guard take(fact, off: key) else { return false }
        index(key, fact, isThere: false)
        own.journal?.note(.removed(key, fact))
        return true
    }

    private mutating func put(_ fact: Fact, _ key: FactKey, keepsFirstOnly: Bool) -> FactInsertion {
        switch (key.shelf, key.entity) {
        case (.image, .image(let id)):
            own.images[id, default: ImageFacts()].insert(fact, key.ofImage, keepsFirstOnly: keepsFirstOnly)
        case (.activity, .accountRegion(let scope)):
            own.activity[scope, default: ActivityLog(in: scope)].insert(fact)
        default:
            if keepsFirstOnly {
                own.timelines[key, default: []].insertFirst(fact)
            } else {
                own.timelines[key, default: []].insert(fact)
            }
        }
    }

    /// Takes a fact off its timeline, and forgets the timeline when it has become empty.
    private mutating func take(_ fact: Fact, off key: FactKey) -> Bool {
        switch (key.shelf, key.entity) {
        case (.image, .image(let id)):
            guard own.images[id]?.remove(fact, key.ofImage) == true else { return false }
            if images[id]?.isEmpty == true { own.images[id] = nil }
        case (.activity, .accountRegion(let scope)):
            guard own.activity[scope]?.remove(fact) == true else { return false }
            if activity[scope]?.isEmpty == true { own.activity[scope] = nil }
        default:
            guard own.timelines[key]?.remove(fact) == true else { return false }
            if storage.timelines[key]?.isEmpty == true { own.timelines[key] = nil }
        }
        return true
    }

    /// With the number of facts on the timeline, where that is known.
    private mutating func index(_ key: FactKey, _ fact: Fact, isThere: Bool, count: Int = .max) {
        let attribute = key.attribute
        if attribute.hasTellers, count > Tellers.facts, let image = key.image {
            noteTeller(key, images[image]?.timeline(key.ofImage).facts ?? [], fact, isThere: isThere)
        }
        switch attribute {
        case .instance:
            guard fact.value.isLaunch, let scope = key.entity.scope else { return }
            indexLaunch(key, fact, in: scope, isThere: isThere)
        case .permission:
            guard let image = key.image, case .grantee(let grantee) = key.qualifier else { return }
            indexShare(of: image, with: grantee)
        case .allTags:
            guard let copy = key.image, case .allTags(_, let source?) = fact.value else { return }
            indexCopy(copy, of: source, isThere: isThere)
        case .origin, .parentImage:
            guard let image = key.image, let source = ImageSource(fact.value)?.id else { return }
            indexSource(source, of: image, isThere: isThere)
        default:
            if case .share(_, let grantees) = fact.value { indexNames(in: grantees, key, isThere: isThere) }
            if case .resource = key.entity { indexResource(key) }
        }
    }

    private mutating func indexResource(_ key: FactKey) {
        let isKnown = storage.timelines[key] != nil
        own.keysOfResource.note(key, of: key.entity, isThere: isKnown)
        if case .grantee(.account(let account)) = key.qualifier {
            own.keysOfGrantee.note(key, of: account, isThere: isKnown)
        }
    }

    private mutating func indexNames(in grantees: [Grantee], _ key: FactKey, isThere: Bool) {
        for case .account(let account) in grantees {
            let count = sharesNaming[account]?[key] ?? 0
            if isThere || count > 1 {
                own.sharesNaming[account, default: [:]][key] = count + (isThere ? 1 : -1)
            } else {
                own.sharesNaming[account]?[key] = nil
                if sharesNaming[account]?.isEmpty == true { own.sharesNaming[account] = nil }
            }
        }
    }

    private mutating func indexLaunch(_ key: FactKey, _ fact: Fact, in scope: AccountRegion, isThere: Bool) {
        let launch = LaunchIndex.Launch(time: fact.time, key: key)
        let image = fact.value.launchedImage
        guard isThere else { return dropLaunch(launch, in: scope, of: image) }
        own.launches[scope, default: LaunchIndex()].insert(launch)
        if let image { own.images[image, default: ImageFacts()].launches.insert(launch) }
    }

    private mutating func indexShare(of image: ResourceID, with grantee: Grantee) {
        guard case .account(let account) = grantee else { return index(grantee, of: image) }
        if images[image]?.timeline(.permission(grantee)).isEmpty == false {
            own.sharedWith[account, default: []].insert(image)
        } else {
            own.sharedWith[account]?.remove(image)
        }
    }

    private mutating func indexCopy(_ copy: ResourceID, of source: ResourceID, isThere: Bool) {
        if isThere {
            own.images[source, default: ImageFacts()].copies.insert(copy)
        } else {
            own.images[source]?.copies.remove(copy)
            if images[source]?.isEmpty == true { own.images[source] = nil }
        }
    }

    private mutating func indexSource(_ source: ResourceID, of image: ResourceID, isThere: Bool) {
        if isThere {
            own.madeFrom[source, default: []].insert(image)
            return
        }
        for attribute in [ImageAttribute.origin, .parentImage] {
            let facts = timeline(.image(image, attribute)).facts
            if facts.contains(where: { ImageSource($0.value)?.id == source }) { return }
        }
        own.madeFrom[source]?.remove(image)
        if madeFrom[source]?.isEmpty == true { own.madeFrom[source] = nil }
    }

    private mutating func noteTeller(
        _ key: FactKey,
        _ facts: ArraySlice<Fact>,
        _ fact: Fact,
        isThere: Bool
    ) {
        guard facts.count > Tellers.facts else {
            if !storage.tellers.isEmpty { own.tellers[key] = nil }
            return
        }
        if storage.tellers[key] == nil {
            own.tellers[key] = Tellers(of: facts)
        } else {
            own.tellers[key]?.note(fact, isThere: isThere)
        }
    }

    /// Who told the facts of an image's timeline, each at least once.
    func forEachTeller(of image: ResourceID, _ attribute: ImageAttribute, _ body: (Teller) -> Void) {
        guard let facts = images[image]?.timeline(attribute).facts else { return }
        if facts.count > Tellers.facts, let tellers = storage.tellers[.image(image, attribute)] {
            tellers.all.forEach(body)
        } else {
            for fact in facts { if let teller = Teller(fact) { body(teller) } }
        }
    }

    private mutating func index(_ group: Grantee, of image: ResourceID) {
        let facts = images[image]?.timeline(.permission(group)).facts ?? []
        if facts.isEmpty {
            own.images[image]?.groups.remove(group)
        } else {
            own.images[image]?.groups.insert(group)
        }
        guard group == .everyone else { return }
        var isShown = false
        forEachTeller(of: image, .permission(group)) { isShown = isShown || $0.isInventory }
        if isShown {
            own.shownPublic.insert(image)
        } else {
            own.shownPublic.remove(image)
        }
    }

    /// Two documents of one second may show one instance; it is listed as long as one of them is there.
    private mutating func dropLaunch(
        _ launch: LaunchIndex.Launch,
        in scope: AccountRegion,
        of image: ResourceID?
    ) {
        let rest = timeline(launch.key).facts.filter { $0.time == launch.time }
        if !rest.contains(where: { $0.value.isLaunch }) { own.launches[scope]?.remove(launch) }
        guard let image, !rest.contains(where: { $0.value.launchedImage == image }) else { return }
        own.images[image]?.launches.remove(launch)
        if images[image]?.isEmpty == true { own.images[image] = nil }
    }

    // MARK: Findings and clocks

    /// Notes what was published about a finding; nil forgets it.
    mutating func setFinding(_ finding: FindingState?, _ identity: FindingIdentity) {
        let old = own.findings.update(finding, identity)
        own.journal?.note(.finding(identity, old: old))
    }

    /// Moves an account's clock and stream time forward to an event's time.
    mutating func advanceClocks(account: AccountID, to time: EventTime) {
        if time > clock(of: account) {
            let old = own.clocks.updateValue(time, forKey: account)
            own.journal?.note(.clock(account, old: old))
        }
        advanceStreamTime(to: time)
    }

    /// Moves stream time forward.
    mutating func advanceStreamTime(to time: EventTime) {
        guard time > streamTime else { return }
        let old = streamTime
        own.journal?.note(.streamTime(old: old))
        own.streamTime = time
    }

    /// Remembers a record, so that its repeats are known; of one that is known, returns the copies.
    mutating func rememberFirst(_ record: Record, _ key: SeenRecords.Key) -> RecordCopies? {
        if let copies = own.seen.rememberFirst(record, key) { return copies }
        own.journal?.note(.seen(key, old: nil))
        return nil
    }

    /// Remembers the copies of a record in the place of those that are known.
    mutating func remember(_ copies: RecordCopies, _ key: SeenRecords.Key) {
        let old = own.seen.remember(copies, key)
        own.journal?.note(.seen(key, old: old))
    }

    /// Forgets the records of days before a time; there is no way back, and none is needed.
    mutating func forgetSeen(before time: EventTime) {
        if seen.isOld(before: time) { own.seen.drop(before: time) }
    }

    /// Forgets accounts and what was published about them, with no way back.
    ///
    /// The catalogue stays.
    mutating func drop(accountsWhere isDropped: (AccountID) -> Bool) {
        commit()
        for key in accountKeys where key.account.map(isDropped) ?? false {
            for fact in timeline(key).facts { remove(fact, at: key) }
        }
        for (identity, _) in Array(findings.all) where isDropped(identity.subject.scope.account) {
            _ = own.findings.update(nil, identity)
        }
        for account in clocks.keys where isDropped(account) { own.clocks[account] = nil }
        own.seen.forget(accountsWhere: isDropped)
        commit()
    }

    // MARK: Transactions

    /// Puts a fact on its timeline that stood there before, also where only the first of equal ones is kept.
    private mutating func put(_ fact: Fact, back key: FactKey) {
        _ = put(fact, key, keepsFirstOnly: false)
        index(key, fact, isThere: true)
    }

    /// Forgets how to take the changes back, for they are committed.
    mutating func commit() { own.journal?.clear() }

    /// Until the journal is put back, changes are made for good.
    mutating func setJournalAside() -> Journal? {
        defer { own.journal = nil }
        return journal
    }

    mutating func putJournalBack(_ journal: Journal?) { own.journal = journal }

    /// Takes every change since the last commit back.
    mutating func rollback() {
        guard let undo = journal else { return }
        own.journal = nil
        for change in undo.changes.reversed() {
            switch change {
            case .inserted(let facts): for told in facts.reversed() { remove(told.fact, at: told.key) }
            case .removed(let key, let fact): put(fact, back: key)
            case .finding(let identity, let old): _ = own.findings.update(old, identity)
            case .clock(let account, let old): own.clocks[account] = old
            case .streamTime(let old): own.streamTime = old
            case .seen(let key, let old): own.seen.restore(old, key)
            }
        }
        own.journal = Journal()
    }
}

extension Dictionary where Value == Set<FactKey> {
    /// Lists a key under a name, or takes it off.
    fileprivate mutating func note(_ key: FactKey, of name: Key, isThere: Bool) {
        if isThere {
            self[name, default: []].insert(key)
        } else if let index = index(forKey: name) {
            values[index].remove(key)
            if values[index].isEmpty { remove(at: index) }
        }
    }
}
