/// The known name that somebody who wrote another one probably meant.
package enum NearestName {
    /// The nearest of `known` to `written`, when it is near enough to be a slip: at most a third of its
    /// letters differ (at least one may), or one is the beginning of the other.
    ///
    /// Upper and lower case, `-` and `_` count as the same. The first one wins a tie.
    package static func of(_ written: String, in known: some Collection<String>) -> String? {
        let folded = fold(written)
        var best: (name: String, distance: Int)?
        for name in known {
            let candidate = fold(name)
            let allowed = max(1, max(candidate.count, folded.count) / 3)
            guard abs(candidate.count - folded.count) <= allowed else { continue }
            let found = distance(folded, candidate)
            if found <= allowed, found < best?.distance ?? .max { best = (name, found) }
        }
        if let best { return best.name }
        // Or the beginning of a single one, or one with something after it: `max_age` for `max_age_days`.
        let begun = known.filter { name in
            let candidate = fold(name)
            return min(folded.count, candidate.count) >= 4
                && (candidate.starts(with: folded) || folded.starts(with: candidate))
        }
        return begun.count == 1 ? begun.first : nil
    }

    /// How many letters must be inserted, removed, replaced, or swapped with their neighbour.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for (row, letter) in left.enumerated() {
            var current = [row + 1]
            current.reserveCapacity(right.count + 1)
            for (column, other) in right.enumerated() {
                var least = min(last[column + 1], current[column]) + 1
                least = min(least, last[column] + (letter == other ? 0 : 1))
                if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
                    least = min(least, beforeLast[column - 1] + 1)
                }
                current.append(least)
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }

    private static func fold(_ name: String) -> [UInt8] {
        // What is longer than any name of ours is compared by its beginning: the work stays small.
        name.lowercased().utf8.prefix(128).map { $0 == 0x5F ? 0x2D : $0 }
    }
}
