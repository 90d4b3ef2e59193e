import CloudTrail

/// A watched call that succeeded with parameters that are missing or of unknown shape: what it did is not known.
struct WatchedCallUnreadable: Rule {
    let metadata = RuleMetadata(
        id: "watched-call-unreadable",
        title: "A watched call could not be judged",
        kind: .event,
        severity: .high,
        events: EventNames.all,
        references: [
            "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference.html"
        ],
        attack: ["T1562.008"]
    )

    let subjects = [Subject.Kind.unreadable]

    let triggers: [Trigger] = [.on(.unreadable, .subject(.unreadable))]

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard let name = subject.name else { return nil }
        let scope = subject.scope
        var judgement = Judgement()
        for fact in context.facts.all(of: .unreadable(scope, name: name)) {
            let (reason, what, severity): (ExactText, String, Severity)
            switch fact.value {
            case .unreadable(let told): (reason, what, severity) = (told, "did", .high)
            // What is taken back exposes nothing.
            case .unreadableRemoval(let told): (reason, what, severity) = (told, "takes back", .low)
            default: continue
            }
            judgement.occur(fact.evidence, severity) {
                Judgement.Reason(
                    severity: severity,
                    facts: [FactStatement("unreadable", reason.string, fact)],
                    remediation: [.lookup(fact.evidence, region: scope.region)],
                    message: "\(name) in \(scope) succeeded, but what it \(what) cannot be read: \(reason)."
                )
            }
        }
        return judgement
    }
}
