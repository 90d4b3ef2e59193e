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

    /// The judgement over the whole life.
    func judge() -> Judgement? {
        guard let facts = scene.state.image(image), isMine(facts) else { return nil }
        var judgement = Judgement()
        var granted: Set<Grantee> = []
        var objectionable: Set<Grantee> = []
        for (fact, step) in steps(facts) {
            switch step {
            case .granted(let added):
                let isNews = granted.insert(added).inserted
                let trust = trust(at: fact.time)
                guard let objection = trust.objection(to: added) else { continue }
                objectionable.insert(added)
                guard added == grantee, counts(fact), isNews || !fact.evidence.isInventory else { continue }
                judgement.occur(fact.evidence, reason(fact, objection, facts))
            case .revoked(let removed):
                granted.remove(removed)
                objectionable.remove(removed)
            case .listed(let listed):
                granted.formIntersection(listed)
                objectionable.formIntersection(listed)
            case .gone:
                granted.removeAll()
                objectionable.removeAll()
            }
            guard judgement.isOpen, !granted.contains(grantee) else { continue }
            let trust = trust(at: fact.time)
            if !objectionable.contains(where: { trust.covers($0, grantee) }) {
                judgement.resolve(fact.evidence)
            }
        }
        return judgement.last == nil ? nil : judgement
    }

    /// A document that names no account or Region speaks of the place that records name, once one does.
    private func isMine(_ facts: ImageFacts) -> Bool { facts.place(told: place) == place }

    private func counts(_ fact: Fact) -> Bool {
        let told = Place(fact.evidence.account, fact.evidence.region)
        let place = fact.evidence.isInventory ? scene.state.image(image)?.place(told: told) ?? told : told
        guard place == self.place else { return false }
        return (fact.evidence.actor.service != nil && grantee != .everyone) == byService
    }

    private func trust(at time: EventTime) -> ShareTrust {
        ShareTrust(
            owner: scene.state.image(image)?.owner?.account ?? place.account,
            time: time,
            state: scene.state,
            policy: scene.policy
        )
    }

    /// The facts about the grantee, about grantees that may cover it, and about the image as a whole, in order.
    private func steps(_ facts: ImageFacts) -> [(Fact, Step)] {
        var steps: [(Fact, Step)] = []
        for other in facts.grantees where other == grantee || other.isGroup {
            for fact in facts.timeline(.permission(other)).facts {
                steps.append((fact, fact.value == .granted ? .granted(other) : .revoked(other)))
            }
        }
        for fact in facts.timeline(.allPermissions).facts {
            if case .grantees(let listed) = fact.value { steps.append((fact, .listed(listed))) }
        }
        for fact in facts.timeline(.lifecycle).facts
        where fact.value == .disabled || fact.value == .deregistered {
            steps.append((fact, .gone))
        }
        return steps.sorted { $0.0 < $1.0 }
    }

    private func reason(
        _ fact: Fact,
        _ objection: ShareTrust.Objection,
        _ image: ImageFacts
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

    private var removal: String {
        let permission =
            switch grantee {
            case .everyone: "Group=all"
            case .account(let account): "UserId=\(account)"
            case .organization(let arn): "OrganizationArn=\(arn)"
            case .organizationalUnit(let arn): "OrganizationalUnitArn=\(arn)"
            }
        return "aws ec2 modify-image-attribute --region \(place.region) --image-id \(image)"
            + " --launch-permission \"Remove=[{\(permission)}]\""
    }
}

extension Grantee {
    /// Whether it stands for many accounts.
    var isGroup: Bool { if case .account = self { false } else { true } }
}
