import CloudTrail

/// What has ended, by the day of its account's clock on which it is forgotten.
///
/// Being on the list is a hint: what is due is looked at again before it goes.
struct Expiries: Sendable {
    enum Ended: Hashable, Sendable {
        /// Facts of a key: a terminated instance, a permission taken back, refusals, unreadable calls.
        case facts(FactKey)
        /// A deregistered image.
        case image(ResourceID)
        /// A finding that was published.
        case finding(FindingIdentity)
    }

    private struct Account: Sendable {
        var days: [Int64: Set<Ended>] = [:]
        /// The first day on which something is due, or an earlier one.
        var first = Int64.max

        mutating func insert(_ ended: Ended, on day: Int64) {
            first = min(first, day)
            days[day, default: []].insert(ended)
        }
    }

    private var accounts: [AccountID: Account] = [:]
    /// Taken since the last commit.
    private var taken: [(AccountID, Int64, Ended)] = []

    mutating func note(_ ended: Ended, of account: AccountID, at time: EventTime) {
        guard time != .distantPast, time != .distantFuture else { return }
        accounts[account, default: Account()].insert(ended, on: Self.day(time))
    }

    /// What is due in an account whose clock shows a time.
    mutating func takeDue(of account: AccountID, at clock: EventTime) -> [Ended] {
        let today = Self.day(clock)
        guard var known = accounts[account], known.first < today else { return [] }
        var due: [Ended] = []
        for (day, ended) in known.days where day < today {
            due += ended
            taken += ended.map { (account, day, $0) }
        }
        known.days = known.days.filter { $0.key >= today }
        known.first = known.days.keys.min() ?? .max
        accounts[account] = known
        return due
    }

    mutating func commit() { taken.removeAll(keepingCapacity: true) }

    mutating func rollback() {
        for (account, day, ended) in taken { accounts[account, default: Account()].insert(ended, on: day) }
        commit()
    }

    private static func day(_ time: EventTime) -> Int64 { time.seconds / 86_400 }
}
