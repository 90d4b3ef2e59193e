import CloudTrail

/// An account that has left the organization, and keeps an image that was shared with it as a member.
struct DepartedAccountKeepsShare: Rule {
    let metadata = RuleMetadata(
        id: "departed-account-keeps-share",
        title: "Account left the organization and keeps an image",
        kind: .standing,
        severity: .high,
        events: EventNames.sharing,
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharing-amis.html"],
        attack: ["T1537"]
    )

    let subjects = [Subject.Kind.share]

    let triggers = ShareHistory.triggers

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard let share = ShareHistory(of: subject, in: context), case .account(let account) = share.grantee
        else { return nil }
        var changes = Array(context.facts.all(of: .membership(account)))
        if let own = context.policy.organization.id {
            changes += context.facts.all(of: .members(organization: own))
        }
        if changes.isEmpty { return nil }
        var judgement = Judgement()
        var (isGranted, wasGranted) = (false, false)
        var steps = (share.steps.map { ($0.0, Optional($0.1)) } + changes.map { ($0, nil) }).sorted {
            $0.0 < $1.0
        }[...]
        while let second = steps.first?.0.time {
            var (departure, last): (Fact?, Fact?)
            while let (fact, step) = steps.first, fact.time == second {
                steps.removeFirst()
                last = fact
                switch step {
                case nil: departure = fact
                case .granted(share.grantee):
                    if share.isThere(fact), share.doubt(about: fact) == nil { isGranted = true }
                case .revoked(share.grantee): isGranted = false
                case .listed(let grantees): isGranted = isGranted && grantees.contains(share.grantee)
                case .removed: (wasGranted, isGranted) = (isGranted || wasGranted, false)
                case .restored: (isGranted, wasGranted) = (isGranted || wasGranted, false)
                default: break
                }
            }
            let wasOutside = !isMember(account, share, at: second.advanced(bySeconds: -1))
            let isOutside = !isMember(account, share, at: second)
            guard let last else { break }
            if !isGranted || !isOutside {
                judgement.resolve(last.evidence)
            } else if let departure, !wasOutside {
                judgement.occur(departure.evidence, .high) { reason(share, account, departure) }
            } else if case .restored? = last.value as FactValue? {
                judgement.reopen()
            }
        }
        return judgement
    }

    private func isMember(_ account: AccountID, _ share: ShareHistory, at time: EventTime) -> Bool {
        share.trust(at: time).objection(to: .account(account)) == nil
    }

    private func reason(_ share: ShareHistory, _ account: AccountID, _ departure: Fact) -> Judgement.Reason {
        Judgement.Reason(
            severity: .high,
            facts: [
                FactStatement("left the organization", account.description, departure),
                FactStatement("launch permission", share.grantee.description, share.grants.last ?? departure),
            ],
            clause: "organization",
            remediation: [share.removal],
            message: "Account \(account) left the organization, and image \(share.image) of account "
                + "\(share.scope.account) is still shared with it."
        )
    }
}
