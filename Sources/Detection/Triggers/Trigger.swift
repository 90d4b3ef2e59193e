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
    /// What must follow from what a fact is about for it to reach anything.
    let needs: FactLinks
    /// The kind of the subject that the fact's key names, where that is all.
    let kind: Subject.Kind?
    let add: @Sendable (FactKey, Fact, inout AffectedSubjects) -> Void

    init(
        _ name: String,
        brings: Bool = false,
        isOfImage: Bool = false,
        needs: FactLinks = [],
        kind: Subject.Kind? = nil,
        _ add: @escaping @Sendable (FactKey, Fact, inout AffectedSubjects) -> Void
    ) {
        self.name = name
        self.brings = brings
        self.isOfImage = isOfImage
        self.needs = needs
        self.kind = kind
        self.add = add
    }
}

/// What is known to follow from what a fact is about: from most images, and from most calls, nothing.
struct FactLinks: OptionSet {
    let rawValue: UInt8

    /// Whatever may follow: nobody has looked.
    static let all = FactLinks(rawValue: .max)
    /// Of an image: instances were launched from it.
    static let launches = FactLinks(rawValue: 1)
    /// Of an image: others are copies of it and took its tags along.
    static let copies = FactLinks(rawValue: 2)
    /// Of an image: others were made from it.
    static let descendants = FactLinks(rawValue: 4)
    /// Of an image: launch permissions name somebody.
    static let grantees = FactLinks(rawValue: 8)
    /// Of a call as such: with it the account's history begins.
    static let history = FactLinks(rawValue: 16)
}

extension Reach: Hashable {
    /// Names tell them apart.
    public static func == (left: Reach, right: Reach) -> Bool { left.name == right.name }

    /// Feeds the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// The triggers of some rules, by attribute, each reach once.
///
/// A class, because it is handed on for each record.
final class TriggerTable: Sendable {
    /// What is asked before a reach is followed; apart from the reach, so that asking copies no reference.
    struct Condition: Sendable {
        /// Tells the reach apart faster than its name.
        let number: Int
        let needs: FactLinks
        let isOfImage: Bool
    }

    /// What facts of one attribute reach.
    final class Reaches: Sendable {
        let all: [Reach]
        /// Those that bring subjects.
        let bringing: [Reach]
        /// The kinds of the subjects that the fact's key names.
        let kinds: [Subject.Kind]
        /// The other reaches, and the condition of each.
        let others: [Reach]
        let conditions: [Condition]

        init(_ all: [Reach], _ numbers: [Reach: Int]) {
            self.all = all
            bringing = all.filter(\.brings)
            kinds = all.compactMap(\.kind)
            others = all.filter { $0.kind == nil }
            conditions = others.map {
                Condition(number: numbers[$0] ?? .max, needs: $0.needs, isOfImage: $0.isOfImage)
            }
        }
    }

    /// The attributes that any rule reads.
    let attributes: [Attribute]
    /// By the attribute's tag.
    private let byTag: [Reaches?]

    init(_ triggers: [Trigger]) {
        var numbers: [Reach: Int] = [:]
        var byAttribute: [Attribute: [Reach]] = [:]
        for trigger in triggers
        where !byAttribute[trigger.attribute, default: []].contains(trigger.reach) {
            numbers[trigger.reach] = numbers[trigger.reach] ?? numbers.count
            byAttribute[trigger.attribute, default: []].append(trigger.reach)
        }
        attributes = byAttribute.keys.sorted { $0.tag < $1.tag }
        var byTag: [Reaches?] = []
        for attribute in attributes {
            byTag += Array(repeating: nil, count: Int(attribute.tag) + 1 - byTag.count)
            byTag[Int(attribute.tag)] = Reaches(byAttribute[attribute] ?? [], numbers)
        }
        self.byTag = byTag
    }

    /// What facts of an attribute reach; nil when that is nothing.
    func reaches(of attribute: Attribute) -> Reaches? {
        let tag = Int(attribute.tag)
        return tag < byTag.count ? byTag[tag] : nil
    }
}
