import CloudTrail

/// The life of one grantee's permission to use a resource: granted, taken back, covered by a wider grant, gone with the
/// resource.
protocol GrantHistory {
    /// Whose permission it is.
    var grantee: Grantee { get }

    /// What happened to the permission, to others that may cover it, and to the resource as a whole, in any order.
    var steps: [(Fact, GrantStep)] { get }

    /// Who may have such permissions, as of a time.
    func trust(at time: EventTime) -> ShareTrust

    /// Takes a grant to the grantee, or a use of it, that is a violation or cannot be decided: an occurrence, if it
    /// counts.
    func take(_ fact: Fact, _ objection: ShareTrust.Objection, into judgement: inout Judgement)
}

/// What happened to permissions.
enum GrantStep {
    case granted(Grantee)
    case revoked(Grantee)
    /// All are taken back but these.
    case listed([Grantee])
    /// The resource is removed, and may be brought back with its permissions.
    case removed
    case restored
    /// The grantee has made use of its permission.
    case used
}

/// What is granted at one point of the walk.
private struct StandingGrants {
    var granted: Set<Grantee> = []
    /// Of `granted`, those that were a violation when they were granted.
    var objectionable: Set<Grantee> = []
    /// What was granted when the resource was removed, and whether the finding was open: restoring brings it back.
    var removed: Removed?

    struct Removed {
        let granted: Set<Grantee>
        let objectionable: Set<Grantee>
        let isOpen: Bool
    }

    mutating func drop(where isDropped: (Grantee) -> Bool) {
        granted = granted.filter { !isDropped($0) }
        objectionable = objectionable.filter { !isDropped($0) }
    }
}

extension GrantHistory {
    /// The judgement over the whole life; nil when nothing ever was a violation.
    ///
    /// Wherever the grantee has lost the resource, `end` is called: with the judgement until then, and by what.
    func evaluate(_ end: (Judgement, Evidence) -> Void = { _, _ in }) -> Judgement? {
        var judgement = Judgement()
        var standing = StandingGrants()
        var steps = steps.sorted { $0.0 < $1.0 }[...]
        while let second = steps.first?.0.time {
            // What counts is the state after a call, and after its second.
            var cause: Evidence?
            while let (fact, step) = steps.first, fact.time == second {
                steps.removeFirst()
                let before = standing
                apply(fact, step, &standing, &judgement)
                if standing.granted.count < before.granted.count { cause = fact.evidence }
            }
            guard let cause, judgement.isOpen, !standing.granted.contains(grantee),
                !isCovered(standing, at: second)
            else { continue }
            end(judgement, cause)
            judgement.resolve(cause)
        }
        return judgement.last == nil ? nil : judgement
    }

    /// Whether a wider grant, itself a violation, gives the resource to the grantee.
    private func isCovered(_ standing: StandingGrants, at time: EventTime) -> Bool {
        let trust = trust(at: time)
        return standing.objectionable.contains { trust.covers($0, grantee) }
    }

    private func apply(
        _ fact: Fact,
        _ step: GrantStep,
        _ standing: inout StandingGrants,
        _ judgement: inout Judgement
    ) {
        switch step {
        case .granted(let added):
            let isNews = standing.granted.insert(added).inserted
            guard let objection = trust(at: fact.time).objection(to: added) else { return }
            if objection.verdict == .violation { standing.objectionable.insert(added) }
            guard added == grantee, isNews || !fact.evidence.isInventory else { return }
            take(fact, objection, into: &judgement)
        case .used:
            guard standing.granted.contains(grantee),
                let objection = trust(at: fact.time).objection(to: grantee)
            else { return }
            take(fact, objection, into: &judgement)
        case .revoked(let removed): standing.drop { $0 == removed }
        case .listed(let listed): standing.drop { !listed.contains($0) }
        case .removed:
            guard standing.removed == nil else { return standing.drop { _ in true } }
            standing.removed = StandingGrants.Removed(
                granted: standing.granted,
                objectionable: standing.objectionable,
                isOpen: judgement.isOpen
            )
            standing.drop { _ in true }
        case .restored: restore(&standing, &judgement, at: fact.time)
        }
    }

    /// Permissions come back as they were, and with them what was resolved only because the resource was gone.
    private func restore(
        _ standing: inout StandingGrants,
        _ judgement: inout Judgement,
        at time: EventTime
    ) {
        guard let removed = standing.removed else { return }
        standing.removed = nil
        standing.granted.formUnion(removed.granted)
        standing.objectionable.formUnion(removed.objectionable)
        if removed.isOpen, standing.granted.contains(grantee) || isCovered(standing, at: time) {
            judgement.reopen()
        }
    }
}
