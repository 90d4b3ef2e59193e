import CloudTrail

/// An account of which nothing was heard for longer than the policy expects: nothing happens there, or its trail does not
/// feed any more.
///
/// Time is told in whole hours: of each hour one record is kept, the first, so that an account that is always busy costs
/// one change of the state an hour.
struct AccountSilent: Rule {
    static let id = "account-silent"

    let metadata = RuleMetadata(
        id: id,
        title: "An account fell silent",
        kind: .standing,
        severity: .medium,
        events: EventNames.all,
        references: [
            "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/best-practices-security.html"
        ],
        attack: ["T1562.008"]
    )

    let subjects = [Subject.Kind.heardAccount]

    let triggers: [Trigger] = [
        .on(.heard, .subject(.heardAccount)), .on(.membership, .heardMember),
        .on(.members, .all(.heard, .heardAccount)),
    ]

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard let hours = context.policy.thresholds.silentHours else { return nil }
        let account = subject.scope.account
        let heard = context.facts.all(of: .heard(account))
        if heard.isEmpty { return nil }
        /// The end of the hour of a fact, and the time without any other after which it is the last for too long.
        func limit(_ fact: Fact) -> EventTime { fact.hour.advanced(bySeconds: Int64(1 + hours) * 3600) }
        var judgement = Judgement()
        judgement.isToldByNewest = true
        /// From which fact on the account is expected to be heard; nil while it is not.
        var last: Fact?
        var isSilent = false
        func occur(_ last: Fact) {
            isSilent = true
            judgement.occur(last.evidence, .medium) { reason(account, last, hours) }
        }
        let steps = (heard + memberships(of: account, in: context)).sorted()
        for fact in steps where fact.time <= context.now {
            if let last, !isSilent, limit(last) <= fact.time { occur(last) }
            let isExpected =
                ShareTrust(owner: account, time: fact.time, context: context).isKnownMember(account) ?? true
            let isHeard = fact.value.hour != nil
            guard isHeard || !isExpected || last == nil else { continue }
            if isSilent { judgement.resolve(fact.evidence) }
            isSilent = false
            last = isExpected ? fact : nil
        }
        if let last, !isSilent {
            if limit(last) <= context.now { occur(last) } else { judgement.deadline = limit(last) }
        }
        // A clock that runs ahead may have dated a record: it counts when its time has come.
        if let next = steps.first(where: { $0.time > context.now }) {
            judgement.deadline = min(judgement.deadline ?? .distantFuture, next.time)
        }
        return judgement
    }

    /// What tells that the account comes into the organization, leaves it, or is closed.
    private func memberships(of account: AccountID, in context: RuleContext) -> [Fact] {
        let listed = context.policy.organization.id.map { context.facts.all(of: .members(organization: $0)) }
        return Array(context.facts.all(of: .membership(account))) + (listed ?? [])
    }

    private func reason(_ account: AccountID, _ last: Fact, _ hours: Int) -> Judgement.Reason {
        let end = last.hour.advanced(bySeconds: 3600)
        return Judgement.Reason(
            severity: .medium,
            facts: [
                FactStatement(
                    last.value.hour == nil ? "member since" : "last heard in the hour from",
                    last.hour.description,
                    last
                )
            ],
            clause: "thresholds.silent_hours",
            remediation: [.cloudTrail("describe-trails", region: last.evidence.region)],
            message:
                "Nothing was heard of account \(account) for \(hours) hours after \(end): nothing happened "
                + "there that is watched, or its trail does not deliver any more."
        )
    }
}

extension Fact {
    /// The beginning of its hour.
    fileprivate var hour: EventTime { value.hour ?? time.hour }
}

extension FactValue {
    /// The hour in which an account was heard.
    fileprivate var hour: EventTime? { if case .date(let hour?) = self { hour } else { nil } }
}

extension EventTime {
    /// The beginning of the hour; before 1970 its end, for that of the earliest time would be out of range.
    fileprivate var hour: EventTime { EventTime(seconds: seconds / 3600 * 3600) }
}

extension RecordFacts {
    /// That the account of a record was heard in the record's hour.
    mutating func tellHour() { add(.heard(scope.account), .date(evidence.time.hour)) }
}

extension FactKey {
    /// The hours in which an account was heard.
    fileprivate static func heard(_ account: AccountID) -> FactKey {
        FactKey(.heard, .resource(AccountRegion(account, ""), ResourceID(account.description)))
    }
}

extension Attribute {
    /// Of each hour the first record of an account.
    fileprivate static let heard = Attribute(0x1060, keeping: .first)
}

extension Subject.Kind {
    /// An account, by the hours in which it was heard.
    fileprivate static let heardAccount = Subject.Kind(0x1060, .account)
}

extension Reach {
    /// The account of which a fact tells that it joins or leaves an organization.
    fileprivate static let heardMember = Reach("member that was heard") { key, _, affected in
        guard case .account(let account) = key.entity,
            let subject = Subject(.heardAccount, of: .heard(account))
        else { return }
        affected.insert(subject)
    }
}
