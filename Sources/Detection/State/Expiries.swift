import CloudTrail

/// What has ended, by the day of its account's clock on which it is forgotten.
///
/// Being on the list is a hint: what is due is looked at again before it goes.
struct Expiries: Transactional, Sendable {
    enum Ended: Fingerprinted, Sendable {
        /// Facts of a key: a terminated instance, a permission taken back, refusals, unreadable calls.
        case facts(FactKey)
        /// A deregistered image.
        case image(ResourceID)
        /// A finding that was published.
        case finding(FindingIdentity)

        func feed(to fingerprint: inout TextFingerprint) {
            switch self {
            case .facts(let key): key.feed(to: &fingerprint)
            case .image(let image): image.feed(to: &fingerprint)
            case .finding(let identity): identity.feed(to: &fingerprint)
            }
        }

        var fingerprint: UInt64 {
            var fingerprint = TextFingerprint()
            feed(to: &fingerprint)
            return fingerprint.value
        }

        fileprivate var kind: Kind {
            switch self {
            case .facts: .facts
            case .image: .image
            case .finding: .finding
            }
        }
    }

    /// Of what an account has a list of its own.
    enum Kind: Int, CaseIterable, Sendable {
        case facts, image, finding
        /// What is not forgotten before its day, however much there is.
        case kept
    }

    /// One thing on a list.
    struct Entry: Sendable {
        let ended: Ended
        let kind: Kind
        /// The day on which it is forgotten.
        let day: Day
    }

    private struct List: Sendable {
        private var days: [Day: Set<Ended>] = [:]
        /// The first of these days.
        private var first = Day.distantFuture
        /// What is being taken, the next one last: in an order of which the same history gives the same.
        private var taking: (day: Day, ended: [Ended]) = (.distantFuture, [])
        private(set) var count = 0

        /// False when it is on the list already.
        mutating func insert(_ ended: Ended, on day: Day) -> Bool {
            first = min(first, day)
            let isNew = days[day, default: []].insert(ended).inserted
            if isNew { count += 1 }
            return isNew
        }

        /// Takes something off that is not being taken.
        mutating func remove(_ ended: Ended, on day: Day) {
            guard days[day]?.remove(ended) != nil else { return }
            count -= 1
            if days[day]?.isEmpty ?? false {
                days[day] = nil
                first = days.keys.min() ?? .distantFuture
            }
        }

        /// Puts back what was taken last, so that it is taken next.
        mutating func putBack(_ ended: Ended, on day: Day) {
            if taking.day != day {
                stopTaking()
                taking.day = day
            }
            taking.ended.append(ended)
            count += 1
        }

        private mutating func stopTaking() {
            guard !taking.ended.isEmpty else { return }
            days[taking.day, default: []].formUnion(taking.ended)
            first = min(first, taking.day)
            taking.ended = []
        }

        /// Whether anything is forgotten before a day.
        func isDue(before day: Day) -> Bool {
            first < day || (!taking.ended.isEmpty && taking.day < day)
        }

        /// Takes the next that is forgotten before a day.
        mutating func next(before day: Day) -> (ended: Ended, day: Day)? {
            if first < taking.day { stopTaking() }
            if taking.ended.isEmpty {
                guard first < day, let ended = days.removeValue(forKey: first) else { return nil }
                let inOrder = ended.map { (key: $0.fingerprint, ended: $0) }.sorted { $0.key > $1.key }
                taking = (first, inOrder.map(\.ended))
                first = days.keys.min() ?? .distantFuture
            }
            guard taking.day < day, let next = taking.ended.popLast() else { return nil }
            count -= 1
            return (next, taking.day)
        }
    }

    /// By account, a list of each kind.
    private var accounts: [AccountID: [List]] = [:]
    /// What was taken, or put back early, even where nothing else is ever taken back: that is little.
    private var undo = UndoLog<(account: AccountID, entry: Entry, isTaken: Bool)>(isKept: true)

    mutating func note(_ ended: Ended, of account: AccountID, at time: EventTime) {
        guard time != .distantPast, time != .distantFuture else { return }
        _ = insert(Entry(ended: ended, kind: ended.kind, day: Day(of: time)), of: account)
    }

    /// Puts what was taken early back: it is taken on its day, and may be looked at early once more from a later day on.
    mutating func keep(_ entry: Entry, of account: AccountID, until next: Day) {
        for (kind, day) in [(Kind.kept, entry.day), (entry.kind, next)] {
            let entry = Entry(ended: entry.ended, kind: kind, day: day)
            if insert(entry, of: account) { undo.note((account, entry, isTaken: false)) }
        }
    }

    private mutating func insert(_ entry: Entry, of account: AccountID) -> Bool {
        accounts[account, default: Array(repeating: List(), count: Kind.allCases.count)][entry.kind.rawValue]
            .insert(entry.ended, on: entry.day)
    }

    /// How many things of a kind an account has on its list, each once for each day on which it ended.
    func count(_ kind: Kind, of account: AccountID) -> Int { accounts[account]?[kind.rawValue].count ?? 0 }

    /// Whether an account whose clock shows a time has anything that is due, or more than so many of a kind.
    func mayTake(of account: AccountID, at clock: EventTime, beyond most: Int) -> Bool {
        guard let lists = accounts[account] else { return false }
        let today = Day(of: clock)
        return lists.contains { $0.count > most || $0.isDue(before: today) }
    }

    /// What is due in an account whose clock shows a time: so much at once at most.
    mutating func takeDue(of account: AccountID, at clock: EventTime, atMost most: Int) -> [Entry] {
        Kind.allCases.flatMap { take($0, of: account, before: Day(of: clock), atMost: most) }
    }

    /// The first of a kind that an account has on its list, of those that are due before a day: so many at once at most.
    mutating func take(_ kind: Kind, of account: AccountID, before day: Day, atMost most: Int) -> [Entry] {
        var taken: [Entry] = []
        while taken.count < most,
            let (ended, day) = accounts[account]?[kind.rawValue].next(before: day)
        {
            taken.append(Entry(ended: ended, kind: kind, day: day))
            undo.note((account, taken[taken.count - 1], isTaken: true))
        }
        return taken
    }

    mutating func commit() { undo.clear() }

    mutating func rollback() {
        for (account, entry, isTaken) in undo.takeBack() {
            if isTaken {
                accounts[account]?[entry.kind.rawValue].putBack(entry.ended, on: entry.day)
            } else {
                accounts[account]?[entry.kind.rawValue].remove(entry.ended, on: entry.day)
            }
        }
    }
}
