import CloudTrail

/// Whether an image may be shared with a grantee, as of a time.
struct ShareTrust {
    let owner: AccountID
    let time: EventTime
    let context: RuleContext

    /// Why a share is a violation, or cannot be decided.
    struct Objection {
        var verdict = Verdict.violation
        var severity: Severity
        var clause: String
        var facts: [FactStatement]
        var missing: [String] = []
        /// Who the grantee is, for a sentence that begins with "shared with".
        var description: String
        /// Whether the grantee is outside; what is not is too wide only.
        var isOutside = true
    }

    /// The objection to a grantee; nil when it is trusted.
    func objection(to grantee: Grantee) -> Objection? {
        switch grantee {
        case .everyone:
            Objection(severity: .critical, clause: "trust", facts: [], description: "everybody")
        case .account(let account): objection(to: account)
        case .organization(let arn): objection(toOrganization: arn)
        case .organizationalUnit(let arn): objection(toUnit: arn)
        }
    }

    /// The objection to what a call shares outside; what is certain comes first.
    ///
    /// What an AWS service shares by itself for the owner is an objection only if it is with everybody.
    static func objection(to call: Fact, in context: RuleContext) -> Objection? {
        guard case .share(_, let grantees) = call.value else { return nil }
        let trust = ShareTrust(owner: call.evidence.account, time: call.time, context: context)
        let isByService = context.policy.trust.service(of: call.evidence.actor) != nil
        var undecided: Objection?
        for grantee in grantees where !isByService || grantee == .everyone {
            guard let objection = trust.objection(to: grantee), objection.isOutside else { continue }
            if objection.verdict == .violation { return objection }
            undecided = undecided ?? objection
        }
        return undecided
    }

    private func objection(to account: AccountID) -> Objection? {
        if account == owner || context.policy.trust.accounts.contains(account) { return nil }
        var facts: [FactStatement] = []
        if isKnownMember(account) == true { return nil }
        if let told = membership(of: account, in: own) {
            facts.append(FactStatement("member of \(own ?? "the own organization")", "no", told.fact))
        }
        for trusted in context.policy.trust.organizations.sorted() {
            guard let told = membership(of: account, in: trusted) else { continue }
            if told.isMember { return nil }
            facts.append(FactStatement("member of \(trusted)", "no", told.fact))
        }
        let named = KnownVendor.of(account).map { "\(account) (\($0.name))" } ?? account.description
        if context.policy.knownVendors.contains(account) {
            return Objection(
                severity: .medium,
                clause: "known_vendors",
                facts: facts,
                description: "known vendor \(named)"
            )
        }
        return Objection(
            severity: .high,
            clause: "trust.accounts",
            facts: facts,
            description: "untrusted account \(named)"
        )
    }

    /// `organization.id` of the policy.
    private var own: ExactText? { context.policy.organization.id }

    /// Whether an account is a member of an organization, and what told it last: a document that lists the members, or
    /// an event.
    ///
    /// Nil when nobody told; nil stands for the own organization when the policy does not name it.
    func membership(
        of account: AccountID,
        in organization: ExactText?
    ) -> (isMember: Bool, fact: Fact)? {
        let listed = organization.flatMap { context.facts.latest(.members(organization: $0), asOf: time) }
        let told = context.facts.all(of: .membership(account), asOf: time)
            .last { isMember($0, of: organization) != nil }
        guard let fact = [listed, told].compactMap({ $0 }).max() else { return nil }
        if case .members(let members) = fact.value { return (members.contains(account), fact) }
        return isMember(fact, of: organization).map { ($0, fact) }
    }

    /// What an event about an account tells of its membership in an organization; nil when nothing.
    private func isMember(_ fact: Fact, of organization: ExactText?) -> Bool? {
        switch fact.value {
        case .joined(let joined):
            // An account is in one organization only.
            organization == nil || self.organization(joined, fact) == organization
        case .left(let left):
            organization == nil || self.organization(left, fact) == organization || isLeaving(fact)
                ? false : nil
        default: nil
        }
    }

    /// Whether the account itself left, whichever organization it was in.
    private func isLeaving(_ fact: Fact) -> Bool {
        fact.evidence.name.hasSameBytes(as: WatchedCall.leaveOrganization.name)
    }

    /// The organization of an event that may not name it: that of its management account, and the own one where
    /// documents do not tell of that.
    private func organization(_ told: ExactText?, _ fact: Fact) -> ExactText? {
        told
            ?? context.policy.trust.organizations.sorted().first {
                context.facts.all(of: .members(organization: $0)).contains {
                    $0.evidence.account == fact.evidence.account
                }
            } ?? own
    }

    private func objection(toOrganization arn: String) -> Objection? {
        guard let parsed = OrganizationsARN(arn) else {
            return Objection(
                severity: .high,
                clause: "trust.organizations",
                facts: [],
                description: "the unreadable ARN \(arn)"
            )
        }
        let id = parsed.organization
        if isOwn(parsed) == true {
            guard !context.policy.trust.organizationalUnits.isEmpty else { return nil }
            return Objection(
                severity: .medium,
                clause: "trust.organizational_units",
                facts: [],
                description: "the whole own organization (the policy wants single units)",
                isOutside: false
            )
        }
        if context.policy.trust.organizations.contains(id) { return nil }
        guard isOwn(parsed) != nil else { return undecided(parsed) }
        return Objection(
            severity: .high,
            clause: "trust.organizations",
            facts: [],
            description: "foreign organization \(id)"
        )
    }

    private func objection(toUnit arn: String) -> Objection? {
        guard let parsed = OrganizationsARN(arn), let unit = parsed.unit else {
            return Objection(
                severity: .high,
                clause: "trust.organizational_units",
                facts: [],
                description: "the unreadable ARN \(arn)"
            )
        }
        if isOwn(parsed) == true
            || context.policy.trust.organizations.contains(parsed.organization)
            || context.policy.trust.organizationalUnits.contains(unit)
        {
            return nil
        }
        guard isOwn(parsed) != nil else { return undecided(parsed) }
        return Objection(
            severity: .high,
            clause: "trust.organizational_units",
            facts: [],
            description: "unit \(unit) of foreign organization \(parsed.organization)"
        )
    }

    /// Whether an organization is the own one; nil when the policy does not name that, and the owner does not manage it.
    private func isOwn(_ organization: OrganizationsARN) -> Bool? {
        if let own { return own == organization.organization }
        return organization.management == owner ? true : nil
    }

    private func undecided(_ grantee: OrganizationsARN) -> Objection {
        let unit = grantee.unit.map { "unit \($0) of " } ?? ""
        return Objection(
            verdict: .undetermined,
            severity: .low,
            clause: "organization.id",
            facts: [],
            missing: [
                "whether \(grantee.organization) is the own organization (organization.id of the policy)"
            ],
            description: "\(unit)organization \(grantee.organization), which may be the own one"
        )
    }

    /// Whether a grant to `wider`, itself a violation, also gives the image to a narrower grantee.
    func covers(_ wider: Grantee, _ grantee: Grantee) -> Bool {
        switch (wider, grantee) {
        case (.everyone, .account), (.everyone, .organization), (.everyone, .organizationalUnit): true
        case (.organization(let arn), .organizationalUnit(let unit)):
            isForeign(arn) && OrganizationsARN(arn)?.organization == OrganizationsARN(unit)?.organization
        case (.organization(let arn), .account(let account)),
            (.organizationalUnit(let arn), .account(let account)):
            isForeign(arn) && !isOwn(account)
        default: false
        }
    }

    private func isForeign(_ arn: String) -> Bool {
        OrganizationsARN(arn).map { isOwn($0) == false } ?? true
    }

    private func isOwn(_ account: AccountID) -> Bool { account == owner || isKnownMember(account) ?? false }

    /// Whether an account is a member of the own organization; nil when nobody told any member.
    func isKnownMember(_ account: AccountID) -> Bool? {
        if let told = membership(of: account, in: own) { return told.isMember }
        let members = context.policy.organization.accounts
        return members.isEmpty ? nil : members.contains(account)
    }
}

/// An ARN of AWS Organizations: `arn:aws:organizations::<account>:organization/o-…` or `…:ou/o-…/ou-…`, in any
/// partition.
struct OrganizationsARN {
    /// `o-…`.
    let organization: ExactText
    /// `ou-…`, of a unit.
    let unit: ExactText?
    /// The management account.
    let management: AccountID?

    init?(_ arn: String) {
        let parts = arn.utf8.split(separator: 0x3A, maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].elementsEqual("arn".utf8),
            ["aws", "aws-cn", "aws-us-gov"].contains(where: { parts[1].elementsEqual($0.utf8) }),
            parts[2].elementsEqual("organizations".utf8)
        else { return nil }
        management = AccountID(String(Substring(parts[4])))
        let path = parts[5].split(separator: 0x2F, omittingEmptySubsequences: false)
            .map { ExactText(String(Substring($0))) }
        switch path.first {
        case "organization" where path.count == 2 && path[1].string.hasBytes(prefix: "o-"):
            (organization, unit) = (path[1], nil)
        case "ou"
        where path.count == 3 && path[1].string.hasBytes(prefix: "o-")
            && path[2].string.hasBytes(prefix: "ou-"):
            (organization, unit) = (path[1], path[2])
        default: return nil
        }
    }
}

extension ShareTrust {
    /// What makes it be asked again whether a grantee is trusted: who belongs to which organization.
    static let triggers: [Trigger] = [.on(.members, .allShares), .on(.membership, .sharesWithAccount)]

    /// The same for subjects whose own facts are calls that share something.
    static func triggers(of kind: Subject.Kind, from attribute: Attribute) -> [Trigger] {
        [.on(.members, .all(kind, from: attribute)), .on(.membership, .naming(kind, from: attribute))]
    }
}

extension Reach {
    /// The subjects of all keys of an attribute.
    fileprivate static func all(_ kind: Subject.Kind, from attribute: Attribute) -> Reach {
        Reach("all of kind \(kind.tag) from \(attribute.tag)") { _, _, affected in
            for key in affected.state.timelineKeys where key.attribute == attribute {
                if let subject = Subject(kind, of: key) { affected.insert(subject) }
            }
        }
    }

    /// The subjects of an attribute's keys whose facts name the account.
    fileprivate static func naming(_ kind: Subject.Kind, from attribute: Attribute) -> Reach {
        Reach("naming the account, kind \(kind.tag) from \(attribute.tag)") { key, _, affected in
            guard case .account(let account) = key.entity else { return }
            for key in (affected.state.indexes.keysNaming[account] ?? [:]).keys
            where key.attribute == attribute {
                if let subject = Subject(kind, of: key) { affected.insert(subject) }
            }
        }
    }

    /// Every share, and every one that was refused.
    static let allShares = Reach("all shares") { _, _, affected in
        let state = affected.state
        for (account, images) in state.indexes.sharedWith {
            for image in images { affected.addShare(of: image, .account(account)) }
        }
        for image in state.indexes.shownPublic { affected.addShare(of: image, .everyone) }
        for key in state.timelineKeys where key.attribute == .refusedShare {
            if let subject = Subject(.refusedShare, of: key) { affected.insert(subject) }
        }
    }

    /// What is judged by whether an account is a member: shares with it, and what documents show of its public images.
    static let sharesWithAccount = Reach("shares with the account") { key, _, affected in
        guard case .account(let account) = key.entity else { return }
        let state = affected.state
        for image in state.indexes.sharedWith[account] ?? [] {
            affected.addShare(of: image, .account(account))
        }
        for image in state.indexes.shownPublic where affected.image(image).owner?.account == account {
            affected.addShare(of: image, .everyone)
        }
        for key in (state.indexes.keysNaming[account] ?? [:]).keys where key.attribute == .refusedShare {
            if let subject = Subject(.refusedShare, of: key) { affected.insert(subject) }
            for fact in state.timeline(key).facts { Reach.countedAttempts.add(key, fact, &affected) }
        }
    }
}
