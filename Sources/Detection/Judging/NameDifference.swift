/// Looks for a name that one pattern matches and no pattern of a list: what a list of image names admits beyond an older one.
///
/// All old patterns are followed at once, as one set of the places that a name has come to in each of them; so what only several
/// of them match together counts as matched. The search goes by length, and ends with a shortest such name, with the proof
/// that there is none, or with the budget.
struct NameDifference {
    enum Result: Equatable {
        case none
        case name(String)
        /// It takes more steps than are left.
        case unknown
    }

    /// How many characters a name can have.
    static let lengths = 1...128

    /// The characters that image names have, those first that are best to read in an example.
    static let characters = Array(
        "xyzabcdefghijklmnopqrstuvwABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/@'()[] ".unicodeScalars
    )

    /// What one character costs beside the work on the set, in steps of a budget.
    private static let stepCost = 128

    /// A set of places in all old patterns: one bit in front of each of a pattern's characters, and one behind its last.
    private typealias Places = [UInt64]

    private let wordCount: Int
    private let start: Places
    /// The places where any text may stand: `*`.
    private var anyText: Places
    /// The places behind the last character.
    private let ends: Places
    /// The places that a character moves on from, for those characters that the old patterns name.
    private var standing: [Unicode.Scalar: Places] = [:]
    /// The places of `?`, that any other character moves on from.
    private var anyOne: Places

    init(old patterns: [String]) {
        let patterns = patterns.map { Self.units($0) }
        let words = (patterns.reduce(0) { $0 + $1.count + 1 } + 63) / 64
        let nowhere = Places(repeating: 0, count: words)
        wordCount = words
        (anyText, anyOne) = (nowhere, nowhere)
        var (start, ends, place) = (nowhere, nowhere, 0)
        for pattern in patterns {
            start.insert(place)
            for unit in pattern {
                switch unit {
                case "*": anyText.insert(place)
                case "?": anyOne.insert(place)
                default: standing[unit, default: nowhere].insert(place)
                }
                place += 1
            }
            ends.insert(place)
            place += 1
        }
        for character in standing.keys { standing[character]?.formUnion(anyOne) }
        start.skip(anyText)
        (self.start, self.ends) = (start, ends)
    }

    /// A pattern's characters, with no `*` beside another.
    private static func units(_ pattern: String) -> [Unicode.Scalar] {
        var units: [Unicode.Scalar] = []
        for unit in pattern.unicodeScalars where unit != "*" || units.last != "*" { units.append(unit) }
        return units
    }

    /// How far a name has come in the new pattern and in all old ones.
    private struct Node: Hashable {
        let place: Int
        let old: Places
    }

    private struct Step {
        let node: Node
        /// The step before it, and the character between them.
        let previous: Int
        let character: Unicode.Scalar
        let length: Int
    }

    /// A name that the new pattern matches and no old one.
    func name(matchedBy pattern: String, _ budget: inout StepBudget) -> Result {
        let new = Self.units(pattern)
        let alphabet = alphabet(with: new)
        var steps = [Step(node: Node(place: 0, old: start), previous: 0, character: "*", length: 0)]
        var known: Set<Node> = []
        var next = 0
        while next < steps.count {
            let step = steps[next]
            if Self.lengths.contains(step.length), new[step.node.place...].allSatisfy({ $0 == "*" }),
                !step.node.old.intersects(ends)
            {
                return .name(Self.name(of: steps, next))
            }
            for character in alphabet where step.length < Self.lengths.upperBound {
                let places = Self.places(behind: character, from: step.node.place, in: new)
                if places.isEmpty { continue }
                guard budget.take(Self.stepCost + 8 * wordCount) else { return .unknown }
                let old = self.places(behind: character, from: step.node.old)
                for place in places {
                    let node = Node(place: place, old: old)
                    guard known.insert(node).inserted else { continue }
                    steps.append(
                        Step(node: node, previous: next, character: character, length: step.length + 1)
                    )
                }
            }
            next += 1
        }
        return .none
    }

    /// The characters that any pattern names, and one that none does, which stands for all others.
    private func alphabet(with new: [Unicode.Scalar]) -> [Unicode.Scalar] {
        let named = Set(standing.keys).union(new.filter { $0 != "*" && $0 != "?" })
        let other = Self.characters.first { !named.contains($0) }
        return (other.map { [$0] } ?? []) + named.sorted()
    }

    private static func name(of steps: [Step], _ last: Int) -> String {
        var name = String.UnicodeScalarView()
        var index = last
        while index > 0 {
            name.append(steps[index].character)
            index = steps[index].previous
        }
        return String(String.UnicodeScalarView(name.reversed()))
    }

    private static func places(
        behind character: Unicode.Scalar,
        from place: Int,
        in pattern: [Unicode.Scalar]
    ) -> [Int] {
        let isText = place < pattern.count && pattern[place] == "*"
        let next = isText ? place + 1 : place
        let isMatched = next < pattern.count && (pattern[next] == "?" || pattern[next] == character)
        return (isText ? [place] : []) + (isMatched ? [next + 1] : [])
    }

    private func places(behind character: Unicode.Scalar, from places: Places) -> Places {
        let standing = standing[character] ?? anyOne
        var (result, carry) = (places, UInt64(0))
        for word in 0..<wordCount {
            let moving = places[word] & standing[word]
            result[word] = moving << 1 | carry | places[word] & anyText[word]
            carry = moving >> 63
        }
        result.skip(anyText)
        return result
    }
}

extension [UInt64] {
    fileprivate mutating func insert(_ place: Int) { self[place / 64] |= 1 << UInt64(place % 64) }

    fileprivate mutating func formUnion(_ other: [UInt64]) {
        for word in indices { self[word] |= other[word] }
    }

    fileprivate func intersects(_ other: [UInt64]) -> Bool {
        indices.contains { self[$0] & other[$0] != 0 }
    }

    /// Adds the place behind each `*` that has been come to: it may stand for nothing.
    fileprivate mutating func skip(_ anyText: [UInt64]) {
        var carry: UInt64 = 0
        for word in indices {
            let skipping = self[word] & anyText[word]
            self[word] |= skipping << 1 | carry
            carry = skipping >> 63
        }
    }
}
