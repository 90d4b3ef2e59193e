import CloudTrail

/// What one principal tried to share and was refused, in order.
///
/// Calls count that would have been a violation had they succeeded, in the 24 hours that end with one of them. However
/// many there are, one more changes what is said of the next few and of no others.
struct DeniedAttempts {
    private let key: FactKey
    private let account: AccountID
    private let context: RuleContext

    static let windowSeconds: Int64 = 86_400
    private static let leastLimit = 10
    private static let leastLookback = 256

    /// Nil when the record does not name the principal.
    init?(by evidence: Evidence, _ context: RuleContext) {
        guard let principal = evidence.actor.principalARN else { return nil }
        account = evidence.account
        key = .refusals(account, principal: ExactText(principal))
        self.context = context
    }

    /// So far attempts are counted; whatever is more is "or more".
    var limit: Int { max(Self.leastLimit, 2 * context.policy.thresholds.repeatedDenials) }

    private var window: Window<EventID> {
        Window(seconds: Self.windowSeconds, lookback: max(Self.leastLookback, limit)) {
            isViolation($0) ? $0.evidence.id : nil
        }
    }

    /// How many there were up to one of them, itself included.
    func count(upTo fact: Fact, atMost limit: Int) -> Int {
        window.count(of: key, upTo: fact, atMost: limit, in: context.facts)
    }

    /// The attempts in whose count one takes part, itself included; it may have just gone.
    func counting(_ fact: Fact) -> [Fact] {
        window.facts(counting: fact, of: key, atMost: limit, in: context.facts)
    }

    private func isViolation(_ fact: Fact) -> Bool {
        guard case .share(_, let grantees) = fact.value else { return false }
        let trust = ShareTrust(owner: account, time: fact.time, context: context)
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
        let context = RuleContext(FactView(affected.state), policy: affected.inForce)
        for attempt in DeniedAttempts(by: told.evidence, context)?.counting(told) ?? [] {
            guard case .share(let image, let grantees) = attempt.value else { continue }
            for grantee in grantees { affected.insert(.refusedShare(attempt.evidence.scope, image, grantee)) }
        }
    }
}
