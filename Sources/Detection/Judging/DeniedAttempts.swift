import CloudTrail

/// What one principal tried to share and was refused, in order.
///
/// Calls count that would have been a violation had they succeeded, in the 24 hours that end with one of them. They are
/// counted to a limit only, and looked at as far back as `lookback`: however many there are, one more changes what is
/// said of the next few and of no others.
struct DeniedAttempts {
    private let key: FactKey
    private let facts: ArraySlice<Fact>
    private let account: AccountID
    private let scene: Scene

    static let windowSeconds: Int64 = 86_400
    private static let leastLimit = 10
    private static let leastLookback = 256

    /// Nil when the record does not name the principal.
    init?(by evidence: Evidence, _ scene: Scene) {
        guard let principal = evidence.actor.principalARN else { return nil }
        account = evidence.account
        key = .refusals(account, principal: ExactText(principal))
        facts = scene.facts.unnoted(key)
        self.scene = scene
    }

    /// So far attempts are counted; whatever is more is "or more".
    var limit: Int { max(Self.leastLimit, 2 * scene.policy.thresholds.repeatedDenials) }

    private var lookback: Int { max(Self.leastLookback, limit) }

    /// How many there were up to one of them, itself included.
    func count(upTo fact: Fact, atMost limit: Int) -> Int {
        let place = FactPlace(fact)
        var end = facts.place(of: place)
        if end < facts.endIndex, FactPlace(facts[end]) == place { end += 1 }
        let start = fact.time.advanced(bySeconds: -Self.windowSeconds)
        var count = 0
        var seen = 0
        for other in facts[..<end].suffix(lookback).reversed() {
            guard other.time > start, count < limit else { break }
            if isViolation(other) { count += 1 }
            seen += 1
        }
        let isCut = count >= limit || seen == lookback
        scene.facts.note(
            FactReading(key, .between(after: start, from: isCut ? facts[end - seen] : nil, through: fact))
        )
        return count
    }

    /// The attempts in whose count one takes part, itself included; it may have just gone.
    func forEachCounting(_ fact: Fact, _ body: (Evidence, ResourceID, [Grantee]) -> Void) {
        let end = fact.time.advanced(bySeconds: Self.windowSeconds)
        var count = 0
        for other in facts[facts.place(of: FactPlace(fact))...].prefix(lookback + 1) {
            guard other.time < end, count < limit else { return }
            guard case .refused(let image, let grantees) = other.value else { continue }
            body(other.evidence, image, grantees)
            if isViolation(other) { count += 1 }
        }
    }

    private func isViolation(_ fact: Fact) -> Bool {
        guard case .refused(_, let grantees) = fact.value else { return false }
        let trust = ShareTrust(owner: account, time: fact.time, scene: scene)
        return grantees.contains { trust.objection(to: $0)?.verdict == .violation }
    }
}

extension DeniedAttempts {
    /// What makes attempts be counted again.
    static let triggers: [Trigger] = [.on(.refusals, .countedAttempts)]
}

extension Reach {
    /// The refused shares in whose count an attempt takes part.
    static let countedAttempts = Reach("counted attempts") { _, told, affected in
        let scene = Scene(FactView(affected.state), policy: affected.inForce)
        DeniedAttempts(by: told.evidence, scene)?.forEachCounting(told) { evidence, image, grantees in
            for grantee in grantees { affected.insert(.refusedShare(evidence.place, image, grantee)) }
        }
    }
}
