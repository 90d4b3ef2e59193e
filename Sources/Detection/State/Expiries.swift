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

    private var days: [AccountID: [Int64: Set<Ended>]] = [:]
    /// Taken since the last commit.
    private var taken: [(AccountID, Int64, Ended)] = []

    mutating func note(_ ended: Ended, of account: AccountID, at time: EventTime) {
        guard time != .distantPast, time != .distantFuture else { return }
        days[account, default: [:]][Self.day(time), default: []].insert(ended)
    }

    /// What is due in an account whose clock shows a time.
    mutating func takeDue(of account: AccountID, at clock: EventTime) -> [Ended] {
        guard let days = days[account], days.keys.contains(where: { $0 < Self.day(clock) }) else { return [] }
        var due: [Ended] = []
        for (day, ended) in days where day < Self.day(clock) {
            due += ended
            taken += ended.map { (account, day, $0) }
            self.days[account]?[day] = nil
        }
        return due
    }

    mutating func commit() { taken.removeAll(keepingCapacity: true) }

    mutating func rollback() {
        for (account, day, ended) in taken { days[account, default: [:]][day, default: []].insert(ended) }
        commit()
    }

    private static func day(_ time: EventTime) -> Int64 { time.seconds / 86_400 }
}
