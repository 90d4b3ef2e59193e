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
///
/// A class, so that going through the reaches of a fact copies one reference each.
public final class Reach: Sendable {
    let name: String
    /// Whether a subject has something to be said of only because of facts that reach it so: what is followed when
    /// everything is evaluated again.
    let brings: Bool
    /// Whether all facts of one image reach the same.
    let isOfImage: Bool
    /// The kind of the subject that the fact's key names, where that is all.
    let kind: Subject.Kind?
    let add: @Sendable (FactKey, Fact, inout AffectedSubjects) -> Void

    init(
        _ name: String,
        brings: Bool = false,
        isOfImage: Bool = false,
        kind: Subject.Kind? = nil,
        _ add: @escaping @Sendable (FactKey, Fact, inout AffectedSubjects) -> Void
    ) {
        self.name = name
        self.brings = brings
        self.isOfImage = isOfImage
        self.kind = kind
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
    /// A reach with a number that tells it apart faster than its name.
    struct Entry: Sendable {
        let number: Int
        let reach: Reach
        /// The reach's own.
        let kind: Subject.Kind?
    }

    /// The attributes that any rule reads.
    private(set) var attributes: [Attribute] = []
    /// By the attribute's tag.
    private var byTag: [[Entry]] = []

    init(_ triggers: [Trigger]) {
        var numbers: [Reach: Int] = [:]
        for trigger in triggers
        where !entries(of: trigger.attribute).contains(where: { $0.reach == trigger.reach }) {
            let number = numbers[trigger.reach] ?? numbers.count
            numbers[trigger.reach] = number
            if !attributes.contains(trigger.attribute) { attributes.append(trigger.attribute) }
            let tag = Int(trigger.attribute.tag)
            if tag >= byTag.count { byTag += Array(repeating: [], count: tag + 1 - byTag.count) }
            byTag[tag].append(Entry(number: number, reach: trigger.reach, kind: trigger.reach.kind))
        }
    }

    func entries(of attribute: Attribute) -> [Entry] {
        let tag = Int(attribute.tag)
        return tag < byTag.count ? byTag[tag] : []
    }
}
