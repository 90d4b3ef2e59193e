public import CloudTrail

/// Everything that the records so far have told, and what was published about it.
///
/// All changes go through `insert`, `remove` and the setters below, which keep the indexes and, while a journal is
/// kept, note how to take the change back.
public struct State: Sendable {
    private(set) var storage: StateStorage

    /// Nothing known.
    init(keepsJournal: Bool, imagesOpenAtMost count: Int) {
        storage = StateStorage(imagesOpenAtMost: count)
        storage.journal = keepsJournal ? Journal() : nil
    }

    /// What is stored, for a change of this state alone: rules get a copy of it, which costs one reference.
    var own: StateStorage {
        mutating get {
            if !isKnownUniquelyReferenced(&storage) { storage = StateStorage(copying: storage) }
            return storage
        }
    }

    /// Which memory it is in: another one after a change that had to copy all of it.
    var memory: ObjectIdentifier { ObjectIdentifier(storage) }

    // MARK: Reading

    var images: ImageTable { _read { yield storage.images } }
    var findings: FindingTable { _read { yield storage.findings } }
    var clocks: [AccountID: EventTime] { _read { yield storage.clocks } }
    var seen: SeenRecords { _read { yield storage.seen } }
    var indexes: FactIndexes { _read { yield storage.indexes } }
    var activity: [AccountRegion: ActivityLog] { _read { yield storage.activity } }
    var journal: Journal? { _read { yield storage.journal } }
    /// The largest event time of any watched record in any account.
    public var streamTime: EventTime { storage.streamTime }

    /// The timeline of a key; empty when nothing is known.
    public func timeline(_ key: FactKey) -> Timeline {
        switch key.shelf {
        case .timelines: break
        case .instance:
            if let facts = storage.instances.facts(of: key) { return Timeline(sorted: facts[...]) }
        case .image: return key.image.map { images.timeline($0, key.ofImage) } ?? Timeline()
        case .activity:
            guard let scope = key.entity.scope, case .second(let second) = key.qualifier else {
                return Timeline()
            }
            return Timeline(sorted: activity[scope]?.call(at: second).map { [$0] } ?? [])
        }
        return storage.timelines[key].map { Timeline(sorted: $0[...]) } ?? Timeline()
    }

    /// All that is known about an image.
    public func image(_ id: ResourceID) -> ImageFacts? { images[id] }

    /// The images that were made from an image, or took its tags along.
    func descendants(of id: ResourceID) -> Set<ResourceID> {
        let (made, copies) = (indexes.madeFrom[id] ?? [], images[id]?.copies ?? [])
        return copies.isEmpty ? made : made.union(copies)
    }

    /// The keys of timelines of their own: all but those of images, of calls as such, and of instances that their rows
    /// hold all of.
    var timelineKeys: some Collection<FactKey> { storage.timelines.keys }

    /// The keys of timelines of their own, and of all instances.
    var keys: some Sequence<FactKey> {
        [AnySequence(storage.timelines.keys), AnySequence(storage.instances.keys)].joined()
    }

    /// The keys that something is known about, those of images left out.
    var accountKeys: some Sequence<FactKey> {
        let calls = activity.lazy.flatMap { scope, log in
            log.all.map { FactKey.activity(scope, second: $0.time.seconds) }
        }
        return [AnySequence(keys), AnySequence(calls)].joined()
    }

    /// The keys that something is known about.
    var factKeys: some Sequence<FactKey> {
        let ofImages = images.all.lazy.flatMap { id, image in image.attributes.map { FactKey.image(id, $0) } }
        return [AnySequence(accountKeys), AnySequence(ofImages)].joined()
    }

    /// The first successful watched call at or after a time.
    func firstActivity(in scope: AccountRegion, from time: EventTime) -> Fact? {
        activity[scope]?.first(from: time.seconds)
    }

    /// The first successful watched call in any Region of an account; another one than that of a place and second.
    func firstActivity(
        of account: AccountID,
        besides call: (scope: AccountRegion, second: Int64)? = nil
    )
        -> Fact?
    {
        var first: Fact?
        for scope in indexes.activeRegions[account] ?? [] {
            let other = activity[scope]?.first(besides: call?.scope == scope ? call?.second : nil)
            first = [first, other].compactMap(\.self).min()
        }
        return first
    }

    /// Whether an account was known when something happened in one of its Regions: by an earlier call there, or one in another
    /// Region that came no later.
    func isKnown(_ scope: AccountRegion, before time: EventTime) -> Bool {
        // Its own Region nearly always answers.
        if activity[scope]?.hasCall(before: time) ?? false { return true }
        let end = time.advanced(bySeconds: 1)
        return (indexes.activeRegions[scope.account] ?? []).contains {
            $0 != scope && activity[$0]?.hasCall(before: end) ?? false
        }
    }

    /// The largest event time applied in an account.
    public func clock(of account: AccountID) -> EventTime { clocks[account] ?? .distantPast }

    /// The largest event time applied in any of some accounts.
    public func latestTime(where isConcerned: (AccountID) -> Bool) -> EventTime {
        clocks.reduce(.distantPast) { isConcerned($1.key) ? max($0, $1.value) : $0 }
    }

    // MARK: Facts

    /// Puts a fact on its timeline, and lists it with the one that it replaces; nothing when it says nothing new.
    mutating func insert(_ fact: Fact, at key: FactKey, touched: inout [KeyedFact]) {
        switch place(fact, at: key) {
        case .unchanged: return
        case .inserted: break
        case .replaced(let old):
            noteRemoved(old, at: key)
            touched.append(KeyedFact(key, old))
        }
        let told = KeyedFact(key, fact)
        if journal != nil { noteInserted([told]) }
        touched.append(told)
    }

    /// Puts a fact on its timeline; whoever calls this notes what has come and gone.
    mutating func place(_ fact: Fact, at key: FactKey) -> FactInsertion {
        let insertion = put(fact, key, keepsFirstOnly: key.attribute.keeping == .first)
        if case .unchanged = insertion { return insertion }
        if case .replaced(let old) = insertion { index(key, old, isThere: false) }
        index(key, fact, isThere: true)
        return insertion
    }

    /// Puts a fact behind the others on its timeline, if it is later than all of them, as most are when they come.
    ///
    /// Returns how many facts stand there then, and nil when it has to be inserted. Whoever calls this notes what has come.
    mutating func appendLater(_ fact: Fact, at key: FactKey) -> Int? {
        guard let count = putLast(fact, key, keepsFirstOnly: key.attribute.keeping == .first) else {
            return nil
        }
        index(key, fact, isThere: true, count: count)
        return count
    }

    /// Notes that the policy of a number approves an image, until something else is known about it.
    mutating func noteApproved(_ image: ResourceID, by policy: UInt32) {
        own.images.noteApproved(image, by: policy)
    }

    /// Notes facts that have come, so that they can be taken back.
    mutating func noteInserted(_ facts: ArraySlice<KeyedFact>) {
        if !facts.isEmpty { own.journal?.note(.inserted(Array(facts))) }
    }

    /// Notes a fact that has gone, so that it can be put back.
    mutating func noteRemoved(_ fact: Fact, at key: FactKey) { own.journal?.note(.removed(key, fact)) }

    /// Takes a fact off its timeline; false when it is not there.
    @discardableResult
    mutating func remove(_ fact: Fact, at key: FactKey) -> Bool {
        guard take(fact, off: key) else { return false }
        index(key, fact, isThere: false)
        noteRemoved(fact, at: key)
        // The indexes name its row, so that it goes last.
        if key.shelf == .instance, timeline(key).isEmpty { own.instances.free(key) }
        return true
    }

    private mutating func putLast(_ fact: Fact, _ key: FactKey, keepsFirstOnly: Bool) -> Int? {
        if key.shelf == .timelines {
            return own.timelines[key, default: []].appendLater(fact, keepsFirstOnly: keepsFirstOnly)
        }
        if key.shelf == .instance { return putLast(fact, instance: key) }
        switch key.entity {
        case .image(let id):
            return own.images.change(id) {
                $0.appendLater(fact, key.ofImage, keepsFirstOnly: keepsFirstOnly)
            }
        case .accountRegion(let scope):
            let count = own.activity[scope, default: ActivityLog()].appendLater(fact)
            if count == 1 { own.indexes.noteActive(scope, isThere: true) }
            return count
        case .resource, .account, .organization: return nil
        }
    }

    private mutating func putLast(_ fact: Fact, instance key: FactKey) -> Int? {
        let known = timeline(key).facts
        guard known.last.map({ $0.time < fact.time }) ?? true else { return nil }
        if known.isEmpty ? own.instances.take([fact], at: key) : own.instances.end(key, by: fact) {
            return known.count + 1
        }
        keepElsewhere(key)
        own.timelines[key, default: []].append(fact)
        return known.count + 1
    }

    /// Keeps an instance's facts with other timelines from now on.
    private mutating func keepElsewhere(_ key: FactKey) {
        if let facts = own.instances.giveAway(key) {
            own.timelines[key] = facts
        } else if own.instances.number(of: key) == nil {
            own.instances.noteElsewhere(key)
        }
    }

    mutating func put(_ fact: Fact, _ key: FactKey, keepsFirstOnly: Bool) -> FactInsertion {
        switch (key.shelf, key.entity) {
        case (.instance, _):
            if putLast(fact, instance: key) != nil { return .inserted }
            if timeline(key).facts.contains(fact) { return .unchanged }
            keepElsewhere(key)
            return own.timelines[key, default: []].insert(fact)
        case (.image, .image(let id)):
            return own.images.insert(fact, id, key.ofImage, keepsFirstOnly: keepsFirstOnly)
        case (.activity, .accountRegion(let scope)):
            if activity[scope] == nil { own.indexes.noteActive(scope, isThere: true) }
            return own.activity[scope, default: ActivityLog()].insert(fact)
        default:
            guard keepsFirstOnly else { return own.timelines[key, default: []].insert(fact) }
            return own.timelines[key, default: []].insertFirst(fact)
        }
    }

    /// Takes a fact off its timeline, and forgets the timeline when it has become empty.
    mutating func take(_ fact: Fact, off key: FactKey) -> Bool {
        switch (key.shelf, key.entity) {
        case (.image, .image(let id)):
            return own.images.change(id) { $0.remove(fact, key.ofImage) }
        case (.activity, .accountRegion(let scope)):
            guard own.activity[scope]?.remove(fact) == true else { return false }
            if activity[scope]?.isEmpty == true {
                own.activity[scope] = nil
                own.indexes.noteActive(scope, isThere: false)
            }
        case (.instance, _):
            if storage.instances.number(of: key) == nil { return false }
            keepElsewhere(key)
            fallthrough
        default:
            guard own.timelines[key]?.remove(fact) == true else { return false }
            if storage.timelines[key]?.isEmpty == true { own.timelines[key] = nil }
        }
        return true
    }

    // MARK: Snapshots

    /// Makes room for so many more images and timelines, most of which are instances'.
    mutating func makeRoom(images: Int, timelines: Int) {
        own.images.reserve(images)
        own.instances.reserve(timelines)
    }

    /// Takes an instance's facts, of which none is known.
    mutating func take(instance key: FactKey, _ facts: [Fact]) {
        if !own.instances.take(facts, at: key) {
            own.instances.noteElsewhere(key)
            own.timelines[key] = facts
        }
        for fact in facts { index(key, fact, isThere: true, count: facts.count) }
    }

    /// Takes the facts about attributes that an image has once: few, one attribute after the other, and where each ends.
    mutating func take(_ facts: [Fact], ends: InlineArray<10, UInt32>, ofImage id: ResourceID) {
        let isFirst = own.images.change(id) { $0.take(facts, ends: ends) }
        var start = 0
        for slot in 0..<ends.count where start < Int(ends[slot]) {
            let attribute = ImageAttribute.singles[slot]
            let range = start..<Int(ends[slot])
            if isFirst { index(facts[range], attribute, id) } else { place(facts[range], attribute, id) }
            start = range.upperBound
        }
    }

    /// Takes the facts about one of many attributes of an image: few.
    mutating func take(_ facts: [Fact], about attribute: ImageAttribute, ofImage id: ResourceID) {
        if own.images.change(id, { $0.take(facts, about: attribute) }) {
            index(facts[...], attribute, id)
        } else {
            place(facts[...], attribute, id)
        }
    }

    private mutating func index(_ facts: ArraySlice<Fact>, _ attribute: ImageAttribute, _ id: ResourceID) {
        if attribute.attribute.isPlain { return }
        for fact in facts { index(.image(id, attribute), fact, isThere: true, count: 1) }
    }

    private mutating func place(_ facts: ArraySlice<Fact>, _ attribute: ImageAttribute, _ id: ResourceID) {
        for fact in facts { _ = place(fact, at: .image(id, attribute)) }
    }

    // MARK: Findings and clocks

    /// Notes what was published about a finding; nil forgets it.
    mutating func setFinding(_ finding: FindingState?, _ identity: FindingIdentity) {
        let old = own.findings.update(finding, identity)
        own.journal?.note(.finding(identity, old: old))
    }

    /// Moves an account's clock, which shows a time, and stream time forward to an event's time.
    mutating func advanceClock(of account: AccountID, from clock: EventTime, to time: EventTime) {
        if time > clock {
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

    /// Remembers the copies of a record, so that its repeats are known, in the place of those that are known.
    mutating func remember(_ copies: SeenRecords.Remembered, _ key: SeenRecords.Key) {
        guard seen.hasRoom(for: key) || seen.remembered(key) != nil else { return }
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
        for key in accountKeys.filter({ $0.account.map(isDropped) ?? false }) {
            for fact in timeline(key).facts { remove(fact, at: key) }
        }
        for (identity, _) in Array(findings.all) where isDropped(identity.subject.scope.account) {
            _ = own.findings.update(nil, identity)
        }
        for account in clocks.keys where isDropped(account) { own.clocks[account] = nil }
        own.seen.forget(accountsWhere: isDropped)
        commit()
    }
}
