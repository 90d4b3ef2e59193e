import CloudTrail

/// What an image was made from, what that was made from, and so on: nearest first.
struct Lineage {
    /// An image from which another one of the lineage was made.
    struct Ancestor {
        let image: ResourceID
        /// What was made from it, as an alert shows it.
        let statement: FactStatement
    }

    private(set) var ancestors: [Ancestor] = []
    /// What nobody followed, in words; nil when the lineage is whole as far as anybody knows.
    private(set) var missing: String?

    /// Whether the image is known to be made from none.
    var isKnownToBegin: Bool { ancestors.isEmpty && missing == nil }

    /// So many ancestors are followed; of more nothing is known.
    static let maximumCount = 64

    /// The lineage of an image, which holds for all times, up to the images at which it `ends`.
    init(of image: ResourceID, in facts: FactView, ends: (ResourceID) -> Bool = { _ in false }) {
        var visited: Set<ResourceID> = []
        var next = 0
        var current = image
        while true {
            let parents = Self.parents(of: current, in: facts)
            // Cheaper in this order: most images were made from none that is known.
            if next == 0 {
                if parents.isEmpty || ends(image) { return }
                visited.insert(image)
            }
            for (parent, fact) in parents where visited.insert(parent).inserted && !ends(parent) {
                guard ancestors.count < Self.maximumCount else {
                    missing = "what \(current) was made from, \(Self.maximumCount) images back"
                    return
                }
                let statement = FactStatement("source of \(current)", parent.description, fact)
                ancestors.append(Ancestor(image: parent, statement: statement))
            }
            guard next < ancestors.count else { return }
            current = ancestors[next].image
            next += 1
        }
    }

    /// The images that an image was made from: one, unless records contradict each other.
    private static func parents(
        of image: ResourceID,
        in facts: FactView
    ) -> [(image: ResourceID, fact: Fact)] {
        let known = facts.image(image)
        let origins = known.all(of: .origin)
        if origins.isEmpty { return [] }
        var parents: [(image: ResourceID, fact: Fact)] = []
        func note(_ facts: ArraySlice<Fact>) {
            for fact in facts {
                if case .image(let parent)? = ImageSource(fact.value) { parents.append((parent, fact)) }
            }
        }
        note(origins)
        note(known.all(of: .parentImage))
        if parents.count < 2 { return parents }
        return Dictionary(parents.map { ($0.image, $0.fact) }, uniquingKeysWith: min)
            .map { ($0.key, $0.value) }.sorted { $0.image < $1.image }
    }
}

extension Lineage {
    /// What makes the lineage of a launch's image be read again, and whether all in it is approved.
    static let launchTriggers = triggers { .launches($0) }

    /// What makes the lineage of an image be read again, and whether all in it is approved; and whom that concerns.
    static func triggers(_ concerned: (Reach.Reading) -> Reach) -> [Trigger] {
        Trigger.on([.origin, .parentImage], concerned(.always))
            + Trigger.on([.origin, .parentImage], .ofDescendants(concerned(.always)))
            + ImageApproval.triggers(concerned)
            + ImageApproval.triggers { .ofDescendants(concerned($0)) }
    }
}

extension FactStatement {
    /// The same, said of an image that the finding is not about.
    func of(_ image: ResourceID) -> FactStatement {
        FactStatement("\(image): \(what)", value, eventID: eventID, time: time)
    }
}
