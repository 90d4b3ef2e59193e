import CloudTrail

/// Allowed AMIs left in `audit-mode`, which blocks nothing, for longer than a trial takes.
struct AllowedAMIsStuckInAuditMode: Rule {
    let metadata = RuleMetadata(
        id: "allowed-amis-stuck-in-audit-mode",
        title: "Allowed AMIs stays in audit-mode",
        kind: .standing,
        severity: .low,
        events: EventNames.allowedImages,
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-allowed-amis.html"],
        attack: ["T1562.001"]
    )

    let subjects = [Subject.Kind.guardrails]

    let triggers: [Trigger] = [.on(.allowedImages, .subject(.guardrails))]

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        let scope = subject.scope
        let days = context.policy.thresholds.auditModeDays
        var judgement = Judgement()
        /// Since when it is in audit-mode.
        var start: Fact?
        func limit(_ start: Fact) -> EventTime { start.time.advanced(bySeconds: Int64(days) * 86_400) }
        func occur(_ start: Fact) {
            judgement.occur(start.evidence, .low) {
                Judgement.Reason(
                    severity: .low,
                    facts: [FactStatement("allowed AMIs state", "audit-mode", start)],
                    clause: "thresholds.audit_mode_days",
                    remediation: [AllowedAMIsCommands.enable(scope)],
                    message: "Allowed AMIs is in audit-mode in \(scope) for more than \(days) days:"
                        + " it only shows what it would block."
                )
            }
        }
        for fact in context.facts.all(of: .allowedImages(scope)) {
            if fact.value == .allowedImages(.auditMode) {
                start = start ?? fact
                continue
            }
            if let start, limit(start) < fact.time {
                occur(start)
                judgement.resolve(fact.evidence)
            }
            start = nil
        }
        if let start {
            if limit(start) <= context.now { occur(start) } else { judgement.deadline = limit(start) }
        }
        return judgement
    }
}
