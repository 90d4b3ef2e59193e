import CloudTrail

extension Attribute {
    /// The first use of an image: the launch, or the document that shows an instance, before which no account has used it.
    ///
    /// Derived: each account's instances are known to its own detector alone.
    static let firstUse = Attribute(
        0x1011,
        isInCatalogue: true,
        keeping: .first,
        hasEntryPerRecord: false
    )
}

extension ImageAttribute {
    /// Its first use.
    static var firstUse: ImageAttribute { ImageAttribute(.firstUse) }
}

/// The first launch of each image, in whichever account.
///
/// Each detector tells the first that it knows, and keeps the earliest that anybody has told: one fact an image, however many
/// accounts use it. When that is taken back, those whose uses came after it tell theirs again.
struct FirstUse: Derivation {
    func reads(_ attribute: Attribute) -> Bool { attribute == .instance || attribute == .firstUse }

    func addTargets(of key: FactKey, _ fact: Fact, in state: State, to targets: inout [DerivedKey]) {
        guard let image = key.image ?? fact.value.launchedImage else { return }
        // What comes after the first changes nothing.
        let known = state.images.timeline(image, .firstUse).facts.first.map { FactOrder($0) }
        if key.image == nil, let known, known < FactOrder(fact) { return }
        let use = first(of: image, in: state)
        if key.image != nil, let known, use.map({ known < FactOrder($0) }) ?? true { return }
        for account in Set([key.entity.account, use?.evidence.account].compactMap(\.self)).sorted() {
            targets.append(Self.target(image, account))
        }
    }

    func allTargets(in state: State) -> [DerivedKey] {
        // Of launches that are judged apart from their images.
        let instances = state.timelineKeys.lazy.filter { $0.attribute == .instance }
        let images = instances.flatMap { state.timeline($0).facts.compactMap(\.value.launchedImage) }
        return Set(images).sorted().compactMap { image in
            first(of: image, in: state).map { Self.target(image, $0.evidence.account) }
        }
    }

    func targets(of image: KnownImage, in state: State) -> [DerivedKey] {
        first(of: image.id, among: image.facts.launches.ofFirstSecond, in: state)
            .map { [Self.target(image.id, $0.evidence.account)] } ?? []
    }

    private static func target(_ image: ResourceID, _ account: AccountID) -> DerivedKey {
        DerivedKey(key: .image(image, .firstUse), account: account)
    }

    func facts(at target: DerivedKey, known: [Fact], in state: State) -> [Fact] {
        guard let image = target.key.image else { return [] }
        var first = known.min()
        if let use = self.first(of: image, in: state), use.evidence.account == target.account {
            let derived = Fact(time: use.time, phase: use.phase, value: .active, evidence: use.evidence)
            first = first.map { min($0, derived) } ?? derived
        }
        return first.map { [$0] } ?? []
    }

    func isProved(_ derived: Fact, at target: DerivedKey, by key: FactKey, _ fact: Fact) -> Bool {
        key.attribute == .instance && fact.value.launchedImage == target.key.image && fact.isSame(as: derived)
    }

    /// The first fact that tells of an instance of an image here.
    private func first(of image: ResourceID, in state: State) -> Fact? {
        first(of: image, among: state.images.firstLaunches(of: image), in: state)
    }

    private func first(of image: ResourceID, among launches: [Launch], in state: State) -> Fact? {
        var first: Fact?
        for launch in launches {
            guard let key = state.key(of: launch) else { continue }
            for fact in state.timeline(key).facts
            where fact.time == launch.time && fact.value.launchedImage == image {
                if first.map({ FactOrder(fact) < FactOrder($0) }) ?? true { first = fact }
            }
        }
        return first
    }
}
