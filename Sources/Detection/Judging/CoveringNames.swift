import CloudTrail
import Glibc

/// The names of a list of image criteria, each with the criteria that have it, to find those that cover another name.
///
/// Criteria are bits.
struct CoveringNames {
    /// The criteria that cover a name.
    struct Covering: Hashable {
        /// For certain.
        var certain: UInt64 = 0
        /// As far as was compared: others cover it for certain not.
        var possible: UInt64 = 0
    }

    private var names: [ComparedName] = []
    /// The criteria that have each name, and its pairs: numbers beside the names, since most names are passed over by them.
    private var criteria: [UInt64] = []
    private var pairs: [ComparedName.Pairs] = []
    private var slots: [ExactText: Int] = [:]
    private var found: [ExactText: Covering] = [:]

    /// The criteria that have any names.
    private(set) var all: UInt64 = 0

    var isEmpty: Bool { names.isEmpty }

    mutating func insert(_ name: ExactText, _ criterion: UInt64) {
        all |= criterion
        if let slot = slots[name] {
            criteria[slot] |= criterion
        } else {
            slots[name] = names.count
            let name = ComparedName(name.string)
            names.append(name)
            pairs.append(name.pairs)
            criteria.append(criterion)
        }
    }

    /// The criteria one of whose names covers another one.
    mutating func criteria(covering name: ExactText, _ budget: inout StepBudget) -> Covering {
        if let found = found[name] { return found }
        var certain = slots[name].map { criteria[$0] } ?? 0
        let isComplete = certain == all || extend(&certain, covering: ComparedName(name.string), &budget)
        let covering = Covering(certain: certain, possible: isComplete ? certain : all)
        found[name] = covering
        return covering
    }

    /// Adds every criterion that covers a name; false when the steps did not suffice.
    private func extend(
        _ covering: inout UInt64,
        covering name: ComparedName,
        _ budget: inout StepBudget
    )
        -> Bool
    {
        var text: PatternText?
        for index in names.indices where criteria[index] & ~covering != 0 {
            guard budget.take(1) else { return false }
            guard (pairs[index] & ~name.pairs) == .zero, names[index].mayCover(name) else { continue }
            let prepared = text ?? name.bytes.withUnsafeBufferPointer { PatternText($0, .pattern) }
            text = prepared
            let isCovered = names[index].bytes.withUnsafeBufferPointer { prepared.isMatched(by: $0, &budget) }
            guard let isCovered else { return false }
            if isCovered { covering |= criteria[index] }
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
