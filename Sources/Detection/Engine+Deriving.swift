import CloudTrail

// Facts from facts: what an account's records tell that only its own detector can put together.

extension Engine {
    /// Derives anew what facts lead to that have come or gone; what that changes is put before them.
    mutating func derive(_ touched: inout [KeyedFact]) {
        // One call for each of `Derivations.all`: written out, for nearly no record leads to anything.
        derive(by: ParentImage(), &touched)
        derive(by: FirstUse(), &touched)
    }

    private mutating func derive(by derivation: some Derivation, _ touched: inout [KeyedFact]) {
        var targets: [DerivedKey] = []
        for index in touched.indices where derivation.reads(touched[index].key.attribute) {
            derivation.addTargets(of: touched[index].key, touched[index].fact, in: state, to: &targets)
        }
        if targets.isEmpty { return }
        let gone = touched.filter {
            derivation.reads($0.key.attribute) && !state.timeline($0.key).facts.contains($0.fact)
        }
        var changes: [KeyedFact] = []
        for target in unique(targets) where owns(target.account) {
            derive(derivation, target, without: gone, &changes)
        }
        touched.insert(contentsOf: changes, at: 0)
    }

    /// What may have to be derived of some accounts before anything is judged: a version that derived nothing may have told
    /// their facts.
    ///
    /// Since a snapshot only what was read back may lead to more.
    func underivedTargets(of isConcerned: (AccountID) -> Bool, since: Unjudged?) -> [UnderivedTarget] {
        Derivations.all.flatMap { derivation in
            targets(of: derivation, since: since).filter { owns($0.account) && isConcerned($0.account) }
                .map { UnderivedTarget(derivation: derivation, target: $0) }
        }
    }

    /// The same of one image.
    func underivedTargets(
        of image: KnownImage,
        _ isConcerned: (AccountID) -> Bool
    ) -> [UnderivedTarget] {
        Derivations.all.flatMap { derivation in
            derivation.targets(of: image, in: state)
                .filter { isConcerned($0.account) && isUnderived($0, image.facts.timeline($0.key.ofImage)) }
                .map { UnderivedTarget(derivation: derivation, target: $0) }
        }
    }

    /// Whether nothing was derived there: what was stands, also when what proved it is forgotten meanwhile.
    private func isUnderived(_ target: DerivedKey, _ known: Timeline) -> Bool {
        owns(target.account) && !known.facts.contains { $0.evidence.account == target.account }
    }

    private func targets(of derivation: any Derivation, since: Unjudged?) -> [DerivedKey] {
        guard let since else { return derivation.allTargets(in: state) }
        var targets: [DerivedKey] = []
        for told in since.facts where derivation.reads(told.key.attribute) {
            derivation.addTargets(of: told.key, told.fact, in: state, to: &targets)
        }
        return unique(targets)
    }

    /// Derives what follows from what is known already; the facts that are new.
    mutating func derive(_ underived: [UnderivedTarget]) -> [KeyedFact] {
        var changes: [KeyedFact] = []
        for waiting in underived where isUnderived(waiting.target, state.timeline(waiting.target.key)) {
            derive(waiting.derivation, waiting.target, without: [], &changes)
        }
        return changes
    }

    private mutating func derive(
        _ derivation: any Derivation,
        _ target: DerivedKey,
        without gone: [KeyedFact],
        _ changes: inout [KeyedFact]
    ) {
        let before = state.timeline(target.key).facts.filter { $0.evidence.account == target.account }
        let known = before.filter { fact in
            !gone.contains { derivation.isProved(fact, at: target, by: $0.key, $0.fact) }
        }
        let derived = derivation.facts(at: target, known: known, in: state)
        for fact in before where !derived.contains(fact) && state.remove(fact, at: target.key) {
            changes.append(KeyedFact(target.key, fact))
        }
        let clock = state.clock(of: target.account)
        for fact in derived where !before.contains(fact) && !isBehind(fact, target.key, clock: clock) {
            state.insert(fact, at: target.key, touched: &changes)
        }
    }

    private func unique(_ targets: [DerivedKey]) -> [DerivedKey] {
        if targets.count < 2 { return targets }
        var known: Set<DerivedKey> = []
        return targets.filter { known.insert($0).inserted }
    }
}

/// Something that waits to be derived.
struct UnderivedTarget: Sendable {
    let derivation: any Derivation
    let target: DerivedKey
}
