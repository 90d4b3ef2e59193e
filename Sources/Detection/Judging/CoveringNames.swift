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

    private var names: [(name: ComparedName, criteria: UInt64)] = []
    private var places: [ExactText: Int] = [:]
    private var found: [ExactText: Covering] = [:]

    /// The criteria that have any names.
    private(set) var all: UInt64 = 0

    var isEmpty: Bool { names.isEmpty }

    mutating func insert(_ name: ExactText, _ criterion: UInt64) {
        all |= criterion
        if let place = places[name] {
            names[place].criteria |= criterion
        } else {
            places[name] = names.count
            names.append((ComparedName(name.string), criterion))
        }
    }

    /// The criteria one of whose names covers another one.
    mutating func criteria(covering name: ExactText, _ budget: inout StepBudget) -> Covering {
        if let found = found[name] { return found }
        var certain = places[name].map { names[$0].criteria } ?? 0
        let isComplete = certain == all || extend(&certain, covering: ComparedName(name.string), &budget)
        let covering = Covering(certain: certain, possible: isComplete ? certain : all)
        found[name] = covering
        return covering
    }

    /// Adds every criterion that covers a name; false when the steps did not suffice.
    private func extend(
        _ criteria: inout UInt64,
        covering name: ComparedName,
        _ budget: inout StepBudget
    )
        -> Bool
    {
        var text: PatternText?
        for known in names where known.criteria & ~criteria != 0 {
            guard budget.take(1) else { return false }
            guard known.name.mayCover(name) else { continue }
            let prepared = text ?? name.bytes.withUnsafeBufferPointer { PatternText($0, .pattern) }
            text = prepared
            let isCovered = known.name.bytes.withUnsafeBufferPointer { prepared.isMatched(by: $0, &budget) }
            guard let isCovered else { return false }
            if isCovered { criteria |= known.criteria }
        }
        return true
    }
}

/// A name with `*` and `?`, and what tells in a few instructions that it cannot cover another one.
private struct ComparedName {
    let bytes: [UInt8]
    /// Without each `*`: what stands for one character.
    private let singles: [UInt8]
    private let hasSingleWildcard: Bool
    /// Bytes before the first wildcard and behind the last; all of them when there is none.
    private let prefixCount: Int
    private let suffixCount: Int
    /// The pairs of neighbouring bytes, wildcards left out, as a Bloom filter.
    private let pairs: SIMD4<UInt64>

    init(_ name: String) {
        bytes = Array(name.utf8)
        singles = bytes.filter { $0 != 0x2A }
        hasSingleWildcard = bytes.contains(0x3F)
        func isWildcard(_ byte: UInt8) -> Bool { byte == 0x2A || byte == 0x3F }
        let count = bytes.count
        prefixCount = bytes.firstIndex(where: isWildcard) ?? count
        suffixCount = bytes.lastIndex(where: isWildcard).map { count - 1 - $0 } ?? count
        var pairs = SIMD4<UInt64>()
        for (first, second) in zip(bytes, bytes.dropFirst()) where !isWildcard(first) && !isWildcard(second) {
            let place = ((UInt32(first) << 8 | UInt32(second)) &* 0x9E37_79B1) >> 24
            pairs[Int(place / 64)] |= 1 << UInt64(place % 64)
        }
        self.pairs = pairs
    }

    /// False when it covers the other for certain not.
    ///
    /// What is no wildcard here has to stand there in the same order, and neighbours beside each other.
    func mayCover(_ other: ComparedName) -> Bool {
        guard (pairs & ~other.pairs) == .zero,
            prefixCount <= other.bytes.count, suffixCount <= other.bytes.count,
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
