import CloudTrail
import Glibc

/// The names of a list of image criteria, each with the criteria that have it, to find what of another name none of them matches.
///
/// Criteria are bits.
struct CoveringNames {
    /// How the criteria stand to a name.
    struct Covering {
        /// Those of which one name alone matches all that the name matches.
        var certain: UInt64 = 0
        /// Those that match the example; no other one can be certain.
        var possible: UInt64 = 0
        /// Something that the name matches, made to be matched by few others; nil where it matches no name of any image.
        var example: String?
    }

    private var names: [ComparedName] = []
    private var texts: [String] = []
    /// The criteria that have each name, and its pairs: numbers beside the names, since most names are passed over by them.
    private var criteria: [UInt64] = []
    private var pairs: [ComparedName.Pairs] = []
    private var slots: [ExactText: Int] = [:]
    private var found: [ExactText: Covering] = [:]
    private var differences: [UInt64: NameDifference] = [:]
    private var characters: Set<Unicode.Scalar> = []

    /// The criteria that have any names.
    private(set) var all: UInt64 = 0

    var isEmpty: Bool { names.isEmpty }

    mutating func insert(_ name: ExactText, _ criterion: UInt64) {
        all |= criterion
        if let slot = slots[name] {
            criteria[slot] |= criterion
        } else {
            slots[name] = names.count
            texts.append(name.string)
            let name = ComparedName(name.string)
            names.append(name)
            pairs.append(name.pairs)
            criteria.append(criterion)
            characters.formUnion(texts[texts.count - 1].unicodeScalars)
        }
    }

    /// Something that a name matches and that no name of some criteria does.
    mutating func difference(
        _ name: ExactText,
        from criteria: UInt64,
        _ budget: inout StepBudget
    ) -> NameDifference.Result {
        let covering = covering(name, &budget)
        guard let example = covering.example, covering.certain & criteria == 0 else { return .none }
        if covering.possible & criteria == 0 { return .name(example) }
        // Only several of them may match all of it together.
        guard budget.take(1) else { return .unknown }
        let difference =
            differences[criteria]
            ?? NameDifference(
                old: texts.indices.filter { self.criteria[$0] & criteria != 0 }.map { texts[$0] }
            )
        differences[criteria] = difference
        return difference.name(matchedBy: name.string, &budget)
    }

    private mutating func covering(_ name: ExactText, _ budget: inout StepBudget) -> Covering {
        if let found = found[name] { return found }
        var covering = Covering(example: example(of: name.string))
        if let example = covering.example {
            let isMatched = extend(&covering.possible, to: all, matching: example, .plain, &budget)
            if !isMatched { covering.possible = all }
            covering.certain = slots[name].map { criteria[$0] } ?? 0
            _ = extend(&covering.certain, to: covering.possible, matching: name.string, .pattern, &budget)
        }
        found[name] = covering
        return covering
    }

    /// A name with characters that stand in none of these for what may be any; nil where none is short enough.
    private func example(of name: String) -> String? {
        let other = NameDifference.characters.first { !characters.contains($0) } ?? "x"
        let isShort = name.unicodeScalars.count < NameDifference.lengths.upperBound
        var example = String.UnicodeScalarView()
        for character in name.unicodeScalars {
            switch character {
            case "*": if isShort { example.append(other) }
            case "?": example.append(other)
            default: example.append(character)
            }
        }
        if example.isEmpty, name.unicodeScalars.contains("*") { example.append(other) }
        return NameDifference.lengths.contains(example.count) ? String(example) : nil
    }

    /// Adds those of some criteria that match a text; false when the steps did not suffice.
    private func extend(
        _ matching: inout UInt64,
        to wanted: UInt64,
        matching text: String,
        _ kind: PatternText.Kind,
        _ budget: inout StepBudget
    ) -> Bool {
        let compared = ComparedName(text)
        var prepared: PatternText?
        for index in names.indices where criteria[index] & wanted & ~matching != 0 {
            guard budget.take(1) else { return false }
            guard (pairs[index] & ~compared.pairs) == .zero, names[index].mayCover(compared) else { continue }
            let text = prepared ?? compared.bytes.withUnsafeBufferPointer { PatternText($0, kind) }
            prepared = text
            let isMatched = names[index].bytes.withUnsafeBufferPointer { text.isMatched(by: $0, &budget) }
            guard let isMatched else { return false }
            if isMatched { matching |= criteria[index] }
        }
        return true
    }
}

/// A name with `*` and `?`, and what tells in a few instructions that it cannot cover another one.
private struct ComparedName {
    /// Pairs of bytes, as a Bloom filter.
    typealias Pairs = SIMD4<UInt64>

    let bytes: [UInt8]
    /// Without each `*`: what stands for one character.
    private let singles: [UInt8]
    private let hasSingleWildcard: Bool
    /// Bytes before the first wildcard and behind the last; all of them when there is none.
    private let prefixCount: Int
    private let suffixCount: Int
    /// The pairs of neighbouring bytes, wildcards left out: a name covers none that lacks one of its own.
    let pairs: Pairs

    init(_ name: String) {
        bytes = Array(name.utf8)
        singles = bytes.filter { $0 != 0x2A }
        hasSingleWildcard = bytes.contains(0x3F)
        func isWildcard(_ byte: UInt8) -> Bool { byte == 0x2A || byte == 0x3F }
        let count = bytes.count
        prefixCount = bytes.firstIndex(where: isWildcard) ?? count
        suffixCount = bytes.lastIndex(where: isWildcard).map { count - 1 - $0 } ?? count
        var pairs = Pairs()
        for (first, second) in zip(bytes, bytes.dropFirst()) where !isWildcard(first) && !isWildcard(second) {
            let slot = ((UInt32(first) << 8 | UInt32(second)) &* 0x9E37_79B1) >> 24
            pairs[Int(slot / 64)] |= 1 << UInt64(slot % 64)
        }
        self.pairs = pairs
    }

    /// False when it covers the other for certain not, whatever the pairs say.
    ///
    /// What is no wildcard here has to stand there in the same order, and neighbours beside each other.
    func mayCover(_ other: ComparedName) -> Bool {
        guard prefixCount <= other.bytes.count, suffixCount <= other.bytes.count,
            bytes[..<prefixCount].hasSameBytes(as: other.bytes[..<prefixCount]),
            bytes.suffix(suffixCount).hasSameBytes(as: other.bytes.suffix(suffixCount))
        else { return false }
        return hasSingleWildcard || singles.count < other.singles.count
            || singles[...].hasSameBytes(as: other.singles[...])
    }
}

extension ArraySlice<UInt8> {
    fileprivate func hasSameBytes(as other: ArraySlice<UInt8>) -> Bool {
        guard count == other.count else { return false }
        return withUnsafeBytes { left in
            other.withUnsafeBytes { right in
                guard let left = left.baseAddress, let right = right.baseAddress else { return true }
                return memcmp(left, right, count) == 0
            }
        }
    }
}
