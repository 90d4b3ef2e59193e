import CloudTrail
import Cryptography

/// A suppression of the policy whose last day is over, so that it holds nothing back any more.
///
/// No fact brings it, and it belongs to no account: the policy does, and stream time.
struct SuppressionExpired: Rule {
    let metadata = RuleMetadata(
        id: "suppression-expired",
        title: "A suppression of the policy has expired",
        kind: .standing,
        severity: .low,
        events: []
    )

    let subjects = [Subject.Kind.suppression]

    let triggers: [Trigger] = []

    func subjects(of policy: Policy) -> [Subject] { policy.suppressions.map(\.subject) }

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        let entries = context.policy.suppressions
        guard let index = entries.firstIndex(where: { $0.subject == subject }) else { return nil }
        let entry = entries[index]
        var judgement = Judgement()
        guard entry.ends <= context.now else {
            judgement.deadline = entry.ends
            return judgement
        }
        judgement.occur(
            entry.end,
            Judgement.Reason(
                severity: .low,
                facts: [
                    FactStatement("reason", entry.reason), FactStatement("owner", entry.owner),
                    FactStatement("last day", entry.lastDay),
                ],
                clause: "suppressions[\(index)]",
                message:
                    "The suppression of \(entry.rule) ended with \(entry.lastDay), and holds nothing back "
                    + "any more: give it a later day, or remove it. Its owner is \(entry.owner)."
            )
        )
        return judgement
    }
}

extension Policy.Suppression {
    /// Itself, by what it matches and how long.
    fileprivate var subject: Subject {
        Subject(.suppression, AccountRegion(.none, ""), ResourceID(rule), .text(ExactText(matches)))
    }

    private var matches: String {
        let parts: [(String, String?)] = [
            ("account", account?.description), ("region", region?.string),
            ("resource", resource?.description), ("discriminator", discriminator?.string),
            ("image", image?.description), ("principal", principal?.description), ("expires", lastDay),
        ]
        return parts.compactMap { name, value in value.map { "\(name) \($0)" } }.joined(separator: ", ")
    }

    /// Its last day, `2026-12-31`.
    var lastDay: String { String(ends.advanced(bySeconds: -1).description.prefix(10)) }

    /// What decides that it is over: the same whatever else the policy says.
    fileprivate var end: Evidence {
        Evidence(
            id: .text("suppression/\(SHA256.hex(ofLines: [rule, matches, reason, owner]))"),
            time: ends,
            origin: Origin(account: .none, region: "", name: "SuppressionExpired", source: "amiwatch"),
            actor: .unknown
        )
    }
}

extension Subject.Kind {
    /// A suppression of the policy.
    fileprivate static let suppression = Subject.Kind(0x1022, .policy, hasDiscriminator: true)
}
