import CloudTrail

/// What one principal tried and was refused, in order, in whichever Regions of an account.
///
/// Attempts count in the 24 hours that end with one of them. However many there are, one more changes what is said of the
/// next few and of no others.
struct DeniedAttempts {
    private let key: FactKey
    private let context: RuleContext
    private let isCounted: (Fact) -> Bool

    static let windowSeconds: Int64 = 86_400
    private static let leastLimit = 10
    private static let leastLookback = 256

    /// Those that an attribute keeps; nil when the record does not name the principal.
    init?(
        by evidence: Evidence,
        _ context: RuleContext,
        in attribute: Attribute,
        isCounted: @escaping (Fact) -> Bool = { _ in true }
    ) {
        guard let key = Self.key(evidence, attribute) else { return nil }
        self.key = key
        self.context = context
        self.isCounted = isCounted
    }

    /// Shares that would have been a violation had they succeeded.
    init?(by evidence: Evidence, _ context: RuleContext) {
        self.init(by: evidence, context, in: .refusals) { fact in
            guard case .share(_, let grantees) = fact.value else { return false }
            let trust = ShareTrust(owner: evidence.account, time: fact.time, context: context)
            return grantees.contains { trust.objection(to: $0)?.verdict == .violation }
        }
    }

    /// Where an attribute keeps the attempts of a record's principal.
    static func key(_ evidence: Evidence, _ attribute: Attribute) -> FactKey? {
        evidence.actor.principalARN.map {
            FactKey(attribute, .account(evidence.account), .text(ExactText($0)))
        }
    }

    /// So far attempts are counted; whatever is more is "or more".
    var limit: Int { max(Self.leastLimit, 2 * context.policy.thresholds.repeatedDenials) }

    private var window: Window<EventID> {
        Window(seconds: Self.windowSeconds, lookback: max(Self.leastLookback, limit)) {
            isCounted($0) ? $0.evidence.id : nil
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

    /// As an alert shows a count up to one of them.
    func statement(_ count: Int, _ fact: Fact) -> FactStatement {
        FactStatement(
            "denied attempts in 24 hours",
            count < limit ? String(count) : "\(count) or more",
            fact
        )
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
