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
    }

    private struct Account: Sendable {
        var days: [Day: Set<Ended>] = [:]
        /// The first day on which something is due, or an earlier one.
        var first = Day.distantFuture

        mutating func insert(_ ended: Ended, on day: Day) {
            first = min(first, day)
            days[day, default: []].insert(ended)
        }
    }

    private var accounts: [AccountID: Account] = [:]
    /// What was taken, even where nothing else is ever taken back: that is little.
    private var undo = UndoLog<(account: AccountID, day: Day, ended: Ended)>(isKept: true)

    mutating func note(_ ended: Ended, of account: AccountID, at time: EventTime) {
        guard time != .distantPast, time != .distantFuture else { return }
        accounts[account, default: Account()].insert(ended, on: Day(of: time))
    }

    /// What is due in an account whose clock shows a time.
    mutating func takeDue(of account: AccountID, at clock: EventTime) -> [Ended] {
        let today = Day(of: clock)
        guard let first = accounts[account]?.first, first < today, var known = accounts[account] else {
            return []
        }
        var due: [Ended] = []
        // In an order of which the same history gives the same.
        for day in known.days.keys.sorted() where day < today {
            let ended = (known.days[day] ?? []).map { (key: $0.fingerprint, ended: $0) }
            for (_, ended) in ended.sorted(by: { $0.key < $1.key }) {
                due.append(ended)
                undo.note((account, day, ended))
            }
        }
        known.days = known.days.filter { $0.key >= today }
        known.first = known.days.keys.min() ?? .distantFuture
        accounts[account] = known
        return due
    }

    mutating func commit() { undo.clear() }

    mutating func rollback() {
        for (account, day, ended) in undo.takeBack() {
            accounts[account, default: Account()].insert(ended, on: day)
        }
    }
}
