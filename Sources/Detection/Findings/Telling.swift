/// What of a finding is worth an alert.
///
/// A finding's state keeps what was last told; as long as nothing is worth telling, it is left alone.
enum News {
    /// Nothing that anybody must hear.
    case none
    /// An alert.
    case told
    /// Two alerts: it was opened and resolved since the last one, and nobody hears of an end without its beginning.
    case openedAndResolved
}

extension Finding {
    /// What is worth telling of it.
    ///
    /// A change of status, severity or verdict always; the first change after an `open`, whatever it is; then only that
    /// the occurrences have become 10, 100, 1,000 and so on. The exact count stands in the finding.
    func news(since known: FindingState?) -> News { news(since: known, fingerprint) }

    /// The same, with the finding's fingerprint at hand.
    func news(since known: FindingState?, _ fingerprint: UInt64) -> News {
        guard let known, known.status != .retracted || known.isUnsaid else { return asNew }
        if known.fingerprint == fingerprint { return .none }
        if known.isUnsaid { return asNew }
        if status == .resolved, known.status == .resolved, lastSeen > known.lastSeen {
            return .openedAndResolved
        }
        let isOther =
            status != known.status || known.severity.map { $0 != severity } ?? false
            || known.verdict.map { $0 != verdict } ?? false
        let isFirstChange = status == .open && !known.hasToldChange
        let isMany = Self.digits(occurrences) > Self.digits(known.occurrences)
        return isOther || isFirstChange || isMany ? .told : .none
    }

    private var asNew: News { status == .resolved ? .openedAndResolved : .told }

    private static func digits(_ number: Int) -> Int { String(number).utf8.count }
}
