import AWSPolicies
import CloudTrail

/// A call that went through although a statement of the policy denies it, or although none allows it that should.
///
/// AWS asks about every resource of a call by itself; so does this. No policy binds what AWS's own services do.
struct IAMConditionViolated: Rule {
    let metadata = RuleMetadata(
        id: "iam-condition-violated",
        title: "A call that a statement of the policy forbids went through",
        kind: .event,
        severity: .medium,
        events: EventNames.authorised,
        references: [
            "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html",
            "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html",
        ],
        attack: ["T1578"]
    )

    let subjects = Subject.Kind.called

    let triggers: [Trigger] =
        [.on(.calls, .callsByStatements), .on(.calls, .callsUsingInstance)]
        + TagReading.triggers { .callsUsing($0) }
        + Trigger.on([.allPermissions, .lifecycle], .callsUsing(.fromItsTime))
        + [
            .on(.ownerAlias, .callsUsing(.always)), .on(.permission, .callsUsingWhatIsPublic),
            .on(.snapshotsOfImage, .launchesUsing),
        ]

    let ownFacts = RecordFacts.callsForStatements

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard let name = subject.name, let statement = context.inForce.statement(name),
            let key = subject.calls
        else { return nil }
        var judgement = Judgement()
        for fact in context.facts.all(of: key) {
            guard let call = JudgedCall(fact, at: key),
                let objection = statement.objection(to: call, in: context)
            else { continue }
            let verdict: Verdict = objection.missing.isEmpty ? .violation : .undetermined
            judgement.occur(fact.evidence, .medium, verdict) {
                reason(verdict, subject, statement, objection)
            }
        }
        return judgement
    }

    private func reason(
        _ verdict: Verdict,
        _ subject: Subject,
        _ statement: JudgingStatement,
        _ objection: JudgingStatement.Objection
    ) -> Judgement.Reason {
        let (call, authorization) = (objection.keys.call, objection.keys.authorization)
        let isDecided = verdict == .violation
        let object = subject.id.map { " of \($0)" } ?? " in \(subject.scope)"
        let action = "ec2:\(authorization.action)"
        let place = authorization.resource.map { " on \($0.label)" } ?? ""
        let isDeny = statement.statement.effect == .deny
        let why = objection.keys.summary
        let message =
            isDecided
            ? "\(call.name)\(object) went through, though \(statement.name) "
                + (isDeny ? "denies" : "does not allow")
                + " \(action)\(place)\(why.isEmpty ? "" : ": \(why)")."
            : "Whether \(statement.name) \(isDeny ? "denies" : "allows") \(call.name)\(object) cannot be told."
        return Judgement.Reason(
            verdict,
            severity: .medium,
            facts: statement.statements + objection.keys.statements + launched(call),
            missing: objection.missing,
            clause: statement.name.string,
            remediation: isDecided ? termination(subject, call) : [],
            message: message
        )
    }

    private func launched(_ call: JudgedCall) -> [FactStatement] {
        call.image.map { [FactStatement("image", $0.description, call.fact)] } ?? []
    }

    private func termination(_ subject: Subject, _ call: JudgedCall) -> [AWSCommand] {
        guard call.name == WatchedCall.runInstances.name, let instance = subject.id else { return [] }
        return [LaunchRecord.termination(of: [instance], in: subject.scope.region)]
    }
}
