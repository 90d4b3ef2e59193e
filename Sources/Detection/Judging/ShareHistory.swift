import CloudTrail

/// The life of one grantee's launch permission: granted, taken back, covered by a wider grant, gone with the image.
struct ShareHistory {
    let place: Place
    let image: ResourceID
    let grantee: Grantee
    let scene: Scene
    /// Which grants count: those that a service made for the owner, or the others.
    let byService: Bool

    private enum Step {
        case granted(Grantee)
        case revoked(Grantee)
        case listed([Grantee])
        case gone
    }

    /// What is granted at one point of the walk.
    private struct Standing {
        var granted: Set<Grantee> = []
        /// Of `granted`, those that were a violation when they were granted.
        var objectionable: Set<Grantee> = []

        mutating func drop(where isDropped: (Grantee) -> Bool) {
            granted = granted.filter { !isDropped($0) }
            objectionable = objectionable.filter { !isDropped($0) }
        }
    }

    /// The judgement over the whole life.
    func judge() -> Judgement? {
        let facts = scene.facts.image(image)
        var judgement = Judgement()
        var standing = Standing()
        var steps = steps(facts)[...]
        while let second = steps.first?.0.time {
            // What counts is the state after a call, and after its second.
            var end: Evidence?
            while let (fact, step) = steps.first, fact.time == second {
                steps.removeFirst()
                let before = standing
                apply(fact, step, facts, &standing, &judgement)
                if standing.granted.count < before.granted.count { end = fact.evidence }
            }
            guard let end, judgement.isOpen, !standing.granted.contains(grantee) else { continue }
            let trust = trust(at: second)
            if !standing.objectionable.contains(where: { trust.covers($0, grantee) }) {
                judgement.resolve(end)
            }
        }
        return judgement.last == nil ? nil : judgement
    }

    private func apply(
        _ fact: Fact,
        _ step: Step,
        _ facts: ImageView,
        _ standing: inout Standing,
        _ judgement: inout Judgement
    ) {
        switch step {
        case .granted(let added):
            let isNews = standing.granted.insert(added).inserted
            guard let objection = trust(at: fact.time).objection(to: added) else { return }
            standing.objectionable.insert(added)
            guard added == grantee, isNews || !fact.evidence.isInventory, counts(fact, facts) else { return }
            let severity = byService ? Severity.low : objection.severity
            judgement.occur(fact.evidence, severity) { reason(fact, objection, facts) }
        case .revoked(let removed): standing.drop { $0 == removed }
        case .listed(let listed): standing.drop { !listed.contains($0) }
        case .gone: standing.drop { _ in true }
        }
    }

    private func counts(_ fact: Fact, _ facts: ImageView) -> Bool {
        guard facts.place(of: fact) == place, !isForeign(fact, facts) else { return false }
        return (fact.evidence.actor.service != nil && grantee != .everyone) == byService
    }

    /// Whether a document shows a public image of somebody else's, which is nobody's finding here.
    private func isForeign(_ fact: Fact, _ facts: ImageView) -> Bool {
        guard fact.evidence.isInventory, fact.evidence.name != "DescribeImageAttribute",
            let owner = facts.owner?.account
        else { return false }
        if case .text(.some) = facts.latest(.ownerAlias)?.value { return true }
        return trust(at: fact.time).isKnownMember(owner).map { !$0 } ?? (owner != fact.evidence.account)
    }

    private func trust(at time: EventTime) -> ShareTrust {
        ShareTrust(
            owner: scene.facts.image(image).owner?.account ?? place.account,
            time: time,
            scene: scene
        )
    }

    /// The facts about the grantee, about grantees that may cover it, and about the image as a whole, in order.
    private func steps(_ facts: ImageView) -> [(Fact, Step)] {
        var steps: [(Fact, Step)] = []
        for other in facts.groups.union([grantee]) {
            for fact in facts.all(of: .permission(other)) {
                steps.append((fact, fact.value == .granted ? .granted(other) : .revoked(other)))
            }
        }
        for fact in facts.all(of: .allPermissions) {
            if case .grantees(let listed) = fact.value { steps.append((fact, .listed(listed))) }
        }
        for fact in facts.all(of: .lifecycle)
        where fact.value == .disabled || fact.value == .deregistered {
            steps.append((fact, .gone))
        }
        return steps.sorted { $0.0 < $1.0 }
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
        let service = fact.evidence.actor.service.map { " by \($0) for the owner" } ?? ""
        return Judgement.Reason(
            severity: byService ? .low : objection.severity,
            facts: shown,
            clause: objection.clause,
            remediation: [removal],
            message:
                "Image \(self.image) of account \(place.account) is shared with \(objection.description)\(service)."
        )
    }

    private var removal: AWSCommand {
        AWSCommand.ec2(
            "modify-image-attribute",
            region: place.region,
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
