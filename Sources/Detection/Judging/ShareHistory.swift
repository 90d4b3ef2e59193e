import CloudTrail

/// The life of one grantee's launch permission.
struct ShareHistory: GrantHistory {
    let scope: AccountRegion
    let image: ResourceID
    let grantee: Grantee
    let context: RuleContext
    /// Which grants count: those that a service made for the owner, or the others.
    let byService: Bool

    /// Nil when the subject is no share.
    init?(of subject: Subject, in context: RuleContext, byService: Bool = false) {
        guard let image = subject.id, let grantee = subject.grantee else { return nil }
        (self.scope, self.image, self.grantee) = (subject.scope, image, grantee)
        (self.context, self.byService) = (context, byService)
    }

    private var facts: ImageView { context.facts.image(image) }

    func take(_ fact: Fact, _ objection: ShareTrust.Objection, into judgement: inout Judgement) {
        let facts = facts
        guard counts(fact, facts) else { return }
        var objection = objection
        if let until = doubt(about: fact) {
            objection.verdict = .undetermined
            objection.missing.append("whether the permission was taken back by \(until)")
        }
        let severity = byService ? Severity.low : objection.severity
        judgement.occur(fact.evidence, severity, objection.verdict) { reason(fact, objection, facts) }
    }

    /// Until when a grant may have been taken back, where what else was told of the permission is forgotten; nil where it
    /// is not.
    func doubt(about grant: Fact) -> EventTime? {
        let told = facts.all(of: .permission(grantee))
        guard case .date(let until?) = told.last?.value, told.last?.time == grant.time,
            !told.contains(where: { $0.value == .revoked && $0.time >= grant.time })
        else { return nil }
        return until
    }

    /// Whether anything may have taken the permission back.
    var mayHaveEnded: Bool {
        let facts = facts
        return facts.all(of: .permission(grantee)).contains { $0.value == .revoked }
            || !facts.all(of: .allPermissions).isEmpty
            || facts.all(of: .lifecycle).contains { !$0.value.isCreation }
    }

    /// Whether a grant belongs to this account and Region.
    func isThere(_ grant: Fact) -> Bool { facts.scope(of: grant) == scope }

    private func counts(_ fact: Fact, _ facts: ImageView) -> Bool {
        guard facts.scope(of: fact) == scope, !isForeign(fact, facts) else { return false }
        return (context.policy.trust.service(of: fact.evidence.actor) != nil && grantee != .everyone)
            == byService
    }

    /// Whether a document shows a public image of somebody else's, which is nobody's finding here.
    private func isForeign(_ fact: Fact, _ facts: ImageView) -> Bool {
        guard fact.evidence.isInventory, fact.evidence.name != "DescribeImageAttribute",
            let owner = facts.owner?.account
        else { return false }
        if case .text(.some) = facts.latest(.ownerAlias)?.value { return true }
        return trust(at: fact.time).isKnownMember(owner).map { !$0 } ?? (owner != fact.evidence.account)
    }

    /// The calls that grant the permission and count, in order.
    var grants: [Fact] {
        let facts = facts
        return facts.all(of: .permission(grantee)).filter {
            $0.value == .granted && !$0.evidence.isInventory && counts($0, facts)
        }
    }

    func trust(at time: EventTime) -> ShareTrust {
        ShareTrust(
            owner: context.facts.image(image).owner?.account ?? scope.account,
            time: time,
            context: context
        )
    }

    var steps: [(Fact, GrantStep)] { Self.steps(of: facts, with: facts.groups.union([grantee])) }

    /// What happened to the permissions of some grantees, and to the image as a whole.
    static func steps(of facts: ImageView, with grantees: some Sequence<Grantee>) -> [(Fact, GrantStep)] {
        var steps: [(Fact, GrantStep)] = []
        for other in grantees {
            for fact in facts.all(of: .permission(other)) {
                switch fact.value {
                case .granted: steps.append((fact, .granted(other)))
                case .revoked: steps.append((fact, .revoked(other)))
                // A doubt ends nothing.
                default: break
                }
            }
        }
        for fact in facts.all(of: .allPermissions) {
            if case .grantees(let listed) = fact.value { steps.append((fact, .listed(listed))) }
        }
        for fact in facts.all(of: .lifecycle) {
            switch fact.value {
            case .disabled: steps.append((fact, .listed([])))
            case .deregistered: steps.append((fact, .removed))
            case .restored: steps.append((fact, .restored))
            default: break
            }
        }
        return steps
    }

    private func reason(
        _ fact: Fact,
        _ objection: ShareTrust.Objection,
        _ image: ImageView
    ) -> Judgement.Reason {
        var shown = objection.facts
        shown.append(FactStatement("launch permission", grantee.description, fact))
        if let owner = image.owner {
            shown.append(FactStatement("owner", owner.account.description, owner.fact))
        }
        let service =
            context.policy.trust.service(of: fact.evidence.actor).map { " by \($0) for the owner" }
            ?? fact.evidence.actor.service.map { " through \($0)" } ?? ""
        return Judgement.Reason(
            objection.verdict,
            severity: byService ? .low : objection.severity,
            facts: shown,
            missing: objection.missing,
            clause: objection.clause,
            remediation: objection.verdict == .violation ? [removal] : [],
            message:
                "Image \(self.image) of account \(scope.account) is shared with \(objection.description)\(service)."
        )
    }

    /// Takes the permission back.
    var removal: AWSCommand {
        AWSCommand.ec2(
            "modify-image-attribute",
            region: scope.region,
            "--image-id",
            .image(image),
            "--launch-permission",
            .removal(grantee)
        )
    }
}

extension Grantee {
    /// Whether it stands for many accounts.
    var isGroup: Bool { if case .account = self { false } else { true } }
}

extension ShareHistory {
    /// What makes a share be evaluated again: the permission, what ends it, and what says whose image it is and where.
    static let triggers: [Trigger] =
        Trigger.on([.owner, .lifecycle, .allPermissions], .sharesOrMoved)
        + [.on(.ownerAlias, .shares), .on(.permission, .permittedShares), .on(.permission, .grantedShare)]
        + ShareTrust.triggers
}

extension Reach {
    /// All shares of an image.
    static let shares = Reach("shares of the image", isOfImage: true, needs: .grantees) {
        key,
        _,
        affected in
        if let image = key.image { affected.addShares(of: image) }
    }

    /// All shares of an image, also where they belonged before a fact that told whose it is, or where it is, had gone.
    static let sharesOrMoved = Reach("shares of the image, or moved", needs: .grantees) {
        key,
        fact,
        affected in
        if let image = key.image { affected.addShares(of: image, also: fact) }
    }

    /// The share with a permission's grantee; all shares when that stands for many accounts, for it may cover them.
    static let permittedShares = Reach("shares under a permission") { key, fact, affected in
        guard let image = key.image, let grantee = key.ofImage.grantee else { return }
        if grantee.isGroup {
            affected.addShares(of: image)
        } else {
            affected.addShare(of: image, grantee, also: fact)
        }
    }

    /// The share that a grant makes.
    static let grantedShare = Reach("granted share", brings: true) { key, fact, affected in
        guard let image = key.image, let grantee = key.ofImage.grantee, fact.value == .granted,
            let teller = Teller(fact)
        else { return }
        affected.addShare(of: image, grantee, told: teller, also: nil)
    }
}

extension AffectedSubjects {
    mutating func addShares(of image: ResourceID, also fact: Fact? = nil) {
        for grantee in self.image(image).grantees { addShare(of: image, grantee, also: fact) }
    }

    mutating func addShare(of image: ResourceID, _ grantee: Grantee, also other: Fact? = nil) {
        let (state, known) = (state, self.image(image))
        state.forEachTeller(of: image, known, .permission(grantee)) { teller in
            addShare(of: image, grantee, told: teller, also: other)
        }
    }

    /// Adds a share at the places where its finding is or was: `other` may be the fact that told the owner or the
    /// Region, and has just gone.
    fileprivate mutating func addShare(
        of image: ResourceID,
        _ grantee: Grantee,
        told teller: Teller,
        also other: Fact?
    ) {
        for scope in self.image(image).scopes(of: teller, also: other) {
            insert(.share(scope, image, grantee))
        }
    }
}
