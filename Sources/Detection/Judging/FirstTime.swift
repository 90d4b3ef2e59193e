import CloudTrail

/// The time back to which an account's calls have to be known before anything in it is said to happen for the first time.
struct FirstTime {
    /// How long that is.
    let seconds: Int64

    init(_ policy: Policy) { seconds = Int64(policy.thresholds.firstTimeDays) * 86_400 }

    /// The last second that lies too far back to be asked for.
    func limit(before time: EventTime) -> EventTime { time.advanced(bySeconds: -seconds) }

    /// Whether the account was known long enough when something happened in it.
    func isKnown(_ account: AccountID, at time: EventTime, in facts: FactView) -> Bool {
        facts.isKnown(account, by: limit(before: time))
    }

    /// The times of what is judged otherwise because the call with which an account's history begins has come or gone: those by
    /// which no other call of the account is old enough.
    static func decided(
        by call: Fact,
        _ key: FactKey,
        in affected: AffectedSubjects
    ) -> (account: AccountID, from: EventTime, until: EventTime?)? {
        guard let scope = key.entity.scope else { return nil }
        let account = scope.account
        let other = affected.state.firstActivity(of: account, besides: (scope, call.time.seconds))?.time
        let seconds = FirstTime(affected.inForce.policy).seconds
        return (account, call.time.advanced(bySeconds: seconds), other?.advanced(bySeconds: seconds))
    }
}

extension Reach {
    /// The principals whose shares are the first or not because of when the account's history begins.
    static let firstShares = Reach("first shares by the account's beginning", needs: .history) {
        key,
        call,
        affected in
        guard let span = FirstTime.decided(by: call, key, in: affected) else { return }
        for shares in affected.state.indexes.sharers[span.account] ?? [] {
            let facts = affected.state.timeline(shares)
            guard let next = facts.nextTime(after: span.from.advanced(bySeconds: -1)),
                span.until.map({ next < $0 }) ?? true, let subject = Subject(.sharer, of: shares)
            else { continue }
            affected.insert(subject)
        }
    }
}
