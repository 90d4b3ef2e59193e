import Detection

/// Subjects that are not published, or not evaluated, at once.
///
/// An undetermined verdict waits a moment: the missing fact may be on its way through the catalogue. A subject with
/// very many facts waits for more of them.
struct DelayedVerdicts {
    /// Undetermined verdicts, in the order in which they came.
    private var undetermined: [(due: ContinuousClock.Instant, subjects: [Subject])] = []
    /// Those that the next transaction publishes.
    private var publishing: [Subject] = []
    /// Since when subjects wait for more facts; nil when none do.
    private var deferredSince: ContinuousClock.Instant?

    /// How long a subject with very many facts waits for more, when there is no pause.
    private static let longestDeferral = Duration.seconds(1)

    var isEmpty: Bool { undetermined.isEmpty }

    /// Those that wait, or are about to be published.
    var subjects: [Subject] { undetermined.flatMap(\.subjects) + publishing }

    mutating func delay(_ subjects: [Subject], until due: ContinuousClock.Instant) {
        if !subjects.isEmpty { undetermined.append((due, subjects)) }
    }

    /// The next subjects whose verdicts have waited long enough; nil when there are none, or when the next
    /// transaction has `limit` of them.
    mutating func takeDue(_ now: ContinuousClock.Instant, upTo limit: Int) -> [Subject]? {
        guard let first = undetermined.first, first.due <= now, publishing.count < limit else { return nil }
        publishing += first.subjects
        undetermined.removeFirst()
        return first.subjects
    }

    /// Whether the engine's deferred subjects are to be evaluated now: in a pause, or when they have waited long.
    mutating func endsDeferral(_ engine: Engine, isIdle: Bool, now: ContinuousClock.Instant) -> Bool {
        guard engine.hasDeferred else {
            deferredSince = nil
            return false
        }
        let since = deferredSince ?? now
        let isOver = !engine.hasBacklog && (isIdle || now - since >= Self.longestDeferral)
        deferredSince = isOver ? nil : since
        return isOver
    }

    mutating func commit() { publishing.removeAll() }

    /// The transaction is aborted: what it published is due again.
    mutating func rollback(now: ContinuousClock.Instant) {
        if !publishing.isEmpty { undetermined.insert((now, publishing), at: 0) }
        publishing.removeAll()
    }

    /// Everything is evaluated anew.
    mutating func removeAll() { undetermined.removeAll() }
}
