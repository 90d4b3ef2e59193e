/// A text prepared for many patterns: each is read once, from its first character to its last, and never again.
///
/// After every character of a pattern a set of bits tells at which places of the text the part read so far can end, as
/// in Shift-And (Baeza-Yates and Gonnet 1992); `*` adds all places behind the first of them. So the work is the
/// pattern's length times 64th parts of the text's, whatever the pattern.
struct PatternText {
    /// What a pattern is compared with.
    enum Kind {
        /// A plain text, every character of which `?` matches.
        case plain
        /// Another pattern: its `*` is matched by a `*` alone, its `?` by a `?`, too.
        case pattern
    }

    private let count: Int
    /// Words in a set of places.
    private let wordCount: Int
    /// The places where each ASCII character stands, a set for each.
    private var ascii: [UInt64]
    /// The same of all other characters, by their UTF-8 bytes.
    private var others: [UInt32: [UInt64]] = [:]
    /// The places where `?` matches.
    private var single: [UInt64]

    init(_ text: UnsafeBufferPointer<UInt8>, _ kind: Kind) {
        count = text.count { $0 & 0xC0 != 0x80 }
        wordCount = (count + 63) / 64
        ascii = Array(repeating: 0, count: 128 * wordCount)
        single = Array(repeating: 0, count: wordCount)
        var (next, scope) = (0, 0)
        while next < text.count {
            let character = Self.character(of: text, at: &next)
            let (word, bit) = (scope / 64, UInt64(1) << UInt64(scope % 64))
            if character < 0x80 {
                ascii[Int(character) * wordCount + word] |= bit
            } else {
                others[character, default: Array(repeating: 0, count: wordCount)][word] |= bit
            }
            if kind == .plain || character != 0x2A { single[word] |= bit }
            scope += 1
        }
    }

    init(_ text: String, _ kind: Kind = .plain) {
        var text = text
        self = text.withUTF8 { PatternText($0, kind) }
    }

    /// Whether a pattern matches all of it; nil when that takes more steps than are left.
    ///
    /// One step is one character of the pattern beside 64 of the text.
    func isMatched(by pattern: UnsafeBufferPointer<UInt8>, _ budget: inout StepBudget) -> Bool? {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: max(1, wordCount)) { ends in
            ends.initialize(repeating: 0)
            // Nothing is read of either: the one place that stands before the first bit.
            var isAtStart = true
            var next = 0
            while next < pattern.count {
                guard budget.take(max(1, wordCount)) else { return nil }
                let character = Self.character(of: pattern, at: &next)
                if character == 0x2A {
                    Self.fill(ends, isAtStart)
                    continue
                }
                let isAlive = advance(ends, isAtStart, character)
                isAtStart = false
                guard isAlive else { return false }
            }
            return count == 0 ? isAtStart : ends[(count - 1) / 64] >> UInt64((count - 1) % 64) & 1 == 1
        }
    }

    func isMatched(by pattern: String, _ budget: inout StepBudget) -> Bool? {
        var pattern = pattern
        return pattern.withUTF8 { isMatched(by: $0, &budget) }
    }

    /// Moves every place one character on where that character stands next; false when none is left.
    private func advance(
        _ ends: UnsafeMutableBufferPointer<UInt64>,
        _ isAtStart: Bool,
        _ character: UInt32
    )
        -> Bool
    {
        func advance(_ standing: UnsafePointer<UInt64>) -> Bool {
            var carry: UInt64 = isAtStart ? 1 : 0
            var any: UInt64 = 0
            for word in 0..<wordCount {
                let old = ends[word]
                let new = (old << 1 | carry) & standing[word]
                carry = old >> 63
                ends[word] = new
                any |= new
            }
            return any != 0
        }
        if character == 0x3F { return advance(single) }
        if character >= 0x80 { return others[character].map { advance($0) } ?? false }
        return ascii.withUnsafeBufferPointer { ascii in
            ascii.baseAddress.map { advance($0 + Int(character) * wordCount) } ?? false
        }
    }

    private static func fill(_ ends: UnsafeMutableBufferPointer<UInt64>, _ isAtStart: Bool) {
        var rest: UInt64 = isAtStart ? .max : 0
        for word in ends.indices {
            let old = ends[word]
            ends[word] = rest | old | (0 &- old)
            if old != 0 { rest = .max }
        }
    }

    /// One character's bytes, the first in the highest place.
    private static func character(of text: UnsafeBufferPointer<UInt8>, at next: inout Int) -> UInt32 {
        var character = UInt32(text[next])
        next += 1
        while next < text.count, text[next] & 0xC0 == 0x80 {
            character = character << 8 | UInt32(text[next])
            next += 1
        }
        return character
    }
}

/// How much work something may still take, counted in steps of about a nanosecond: a number, and no clock, so that
/// every process comes to the same end.
struct StepBudget {
    private let limit: Int
    private var left: Int

    init(_ steps: Int) { (limit, left) = (steps, steps) }

    /// Whether so many steps were left.
    ///
    /// When they were not, none is any more.
    mutating func take(_ steps: Int) -> Bool {
        left = steps <= left ? left - steps : -1
        return left >= 0
    }

    /// Whether more were wanted than there were.
    var isSpent: Bool { left < 0 }

    /// How many were taken.
    var taken: Int { limit - max(0, left) }
}
