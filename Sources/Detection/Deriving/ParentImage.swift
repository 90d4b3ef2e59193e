import CloudTrail

extension Attribute {
    /// The image of the instance that an image was made from; holds for all times.
    ///
    /// Derived: the instance is known to its account's detector alone.
    static let parentImage = Attribute(
        0x1010,
        isInCatalogue: true,
        hasEntryPerRecord: false,
        isConstant: true
    )
}

extension ImageAttribute {
    /// The image of the instance that it was made from.
    static var parentImage: ImageAttribute { ImageAttribute(.parentImage) }
}

/// What an image was made from, as its `origin` tells.
enum ImageSource {
    /// `CopyImage`, `CreateRestoreImageTask`, an inventory.
    case image(ResourceID)
    /// `CreateImage`.
    case instance(ResourceID)

    /// Nil for what tells no source.
    init?(_ value: FactValue) {
        guard case .text(let text?) = value else { return nil }
        if text.string.hasBytes(prefix: "ami-") {
            self = .image(ResourceID(text.string))
        } else if text.string.hasBytes(prefix: "i-") {
            self = .instance(ResourceID(text.string))
        } else {
            return nil
        }
    }

    /// Nil where an image is made from snapshots, disk files or an object of unknown content: with those a lineage begins.
    init?(_ origin: ImageCreation.Origin?) {
        switch origin {
        case .copy(let image, _): self = .image(image)
        case .instance(let instance): self = .instance(instance)
        case .restored(_, let key): self.init(storedAs: key?.string ?? "")
        case .snapshots, .imported, nil: return nil
        }
    }

    /// `CreateStoreImageTask` names the object after the image: `ami-….bin`.
    private init?(storedAs key: String) {
        let name = key.split(separator: "/").last ?? ""
        guard let image = name.wholeMatch(of: /(ami-([0-9a-f]{8}|[0-9a-f]{17}))\.bin/)?.1 else { return nil }
        self = .image(ResourceID(String(image)))
    }

    /// The value of `origin`.
    var value: FactValue { .text(ExactText(id.description)) }

    /// The image or instance.
    var id: ResourceID {
        switch self {
        case .image(let id), .instance(let id): id
        }
    }
}

/// The image that an image made from an instance descends from: the one that the instance was launched from.
///
/// Told with the evidence of the record that made the image; of several that lead to one image by the first of them.
struct ParentImage: Derivation {
    func reads(_ attribute: Attribute) -> Bool { attribute == .instance || attribute == .origin }

    func addTargets(of key: FactKey, _ fact: Fact, in state: State, to targets: inout [DerivedKey]) {
        switch key.entity {
        case .image(let image):
            guard case .instance? = ImageSource(fact.value) else { return }
            targets.append(Self.target(image, fact.evidence.account))
        case .resource(let scope, let instance):
            guard fact.value.isLaunch, let images = state.indexes.madeFrom[instance] else { return }
            targets += images.sorted().map { Self.target($0, scope.account) }
        default: return
        }
    }

    func allTargets(in state: State) -> [DerivedKey] {
        state.indexes.madeFrom.flatMap { source, images -> [DerivedKey] in
            guard case .instance? = ImageSource(ImageSource.instance(source).value) else { return [] }
            return images.flatMap { image in
                let tellers = state.timeline(.image(image, .origin)).facts.map(\.evidence.account)
                return Set(tellers).map { Self.target(image, $0) }
            }
        }.sorted {
            ($0.account, $0.key.image?.description ?? "") < ($1.account, $1.key.image?.description ?? "")
        }
    }

    private static func target(_ image: ResourceID, _ account: AccountID) -> DerivedKey {
        DerivedKey(key: .image(image, .parentImage), account: account)
    }

    func facts(at target: DerivedKey, known: [Fact], in state: State) -> [Fact] {
        guard let image = target.key.image else { return [] }
        var facts: [Fact] = []
        var remembered = known
        for origin in state.timeline(.image(image, .origin)).facts
        where origin.evidence.account == target.account {
            guard case .instance(let instance)? = ImageSource(origin.value) else { continue }
            // Where the launch is forgotten nothing is known, and what was derived from it stands.
            let subject = Subject.launch(origin.evidence.scope, instance)
            guard let launch = LaunchRecord(subject, in: FactView(state)) else { continue }
            remembered.removeAll { $0.isSame(as: origin) }
            guard let parent = launch.image else { continue }
            let value = ImageSource.image(parent).value
            facts.append(
                Fact(time: origin.time, phase: origin.phase, value: value, evidence: origin.evidence)
            )
        }
        facts += remembered
        var first: [Fact] = []
        for fact in facts.sorted() where !first.contains(where: { $0.value == fact.value }) {
            first.append(fact)
        }
        return first
    }

    func isProved(_ derived: Fact, at target: DerivedKey, by key: FactKey, _ fact: Fact) -> Bool {
        switch key.attribute {
        case .origin: key.image == target.key.image && fact.isSame(as: derived)
        default: fact.value.launchedImage.map { ImageSource.image($0).value == derived.value } ?? false
        }
    }
}
