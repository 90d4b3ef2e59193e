import CloudTrail

/// That facts of an attribute make subjects be evaluated again, when they come and when they go.
///
/// Declared by whoever reads the facts: a rule, or what rules share. It may name too many subjects, never too few.
public struct Trigger: Hashable, Sendable {
    let attribute: Attribute
    let reach: Reach

    /// Facts of an attribute, and what they reach.
    static func on(_ attribute: Attribute, _ reach: Reach) -> Trigger {
        Trigger(attribute: attribute, reach: reach)
    }

    /// The same reach for facts of several attributes.
    static func on(_ attributes: [Attribute], _ reach: Reach) -> [Trigger] {
        attributes.map { Trigger(attribute: $0, reach: reach) }
    }
}

/// Which subjects a fact reaches; known by its name, so that what several rules declare is done once.
public struct Reach: Sendable {
    let name: String
    /// Whether a subject has something to be said of only because of facts that reach it so: what is followed when
    /// everything is evaluated again.
    let brings: Bool
    /// Whether all facts of one image reach the same.
    let isOfImage: Bool
    let add: @Sendable (FactKey, Fact, inout AffectedSubjects) -> Void

    init(
        _ name: String,
        brings: Bool = false,
        isOfImage: Bool = false,
        _ add: @escaping @Sendable (FactKey, Fact, inout AffectedSubjects) -> Void
    ) {
        self.name = name
        self.brings = brings
        self.isOfImage = isOfImage
        self.add = add
    }
}

extension Reach: Hashable {
    /// Names tell them apart.
    public static func == (left: Reach, right: Reach) -> Bool { left.name == right.name }

    /// Feeds the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// The triggers of some rules, by attribute, each reach once.
struct TriggerTable: Sendable {
    private var byAttribute: [Attribute: [Reach]] = [:]

    init(_ triggers: [Trigger]) {
        for trigger in triggers where !reaches(of: trigger.attribute).contains(trigger.reach) {
            byAttribute[trigger.attribute, default: []].append(trigger.reach)
        }
    }

    func reaches(of attribute: Attribute) -> [Reach] { byAttribute[attribute] ?? [] }

    /// The attributes that any rule reads.
    var attributes: some Sequence<Attribute> { byAttribute.keys }
}
