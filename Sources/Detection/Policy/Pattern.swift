/// A text with `*` (any characters, none too) and `?` (exactly one), as AWS writes patterns.
///
/// Case-sensitive.
public struct Pattern: Hashable, Sendable, CustomStringConvertible {
    /// The pattern as given.
    public let description: String
    private let bytes: [UInt8]

    /// Takes any text; one without `*` and `?` matches itself.
    public init(_ text: String) {
        description = text
        bytes = Array(text.utf8)
    }

    /// Whether the whole text matches.
    ///
    /// Time is proportional to pattern times text at worst, never exponential. `?` stands for one
    /// character, also one of several bytes.
    public func matches(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { text in
            bytes.withUnsafeBufferPointer { Self.swallows(text, by: $0, wildcardsToo: false) }
        }
    }

    /// Whether there is a text that both match.
    public func meets(_ other: Pattern) -> Bool {
        let (left, right) = (Array(description.unicodeScalars), Array(other.description.unicodeScalars))
        // Which beginnings of the right one a beginning of the left one can be as long as.
        var reached = [Bool](repeating: false, count: right.count + 1)
        reached[0] = true
        for at in 0...left.count {
            for next in right.indices where reached[next] && right[next] == "*" { reached[next + 1] = true }
            guard at < left.count else { break }
            var behind = [Bool](repeating: false, count: right.count + 1)
            for next in 0...right.count where reached[next] {
                let isAny = left[at] == "*"
                if isAny { behind[next] = true }
                guard next < right.count else { continue }
                if right[next] == "*" {
                    behind[next] = true
                } else if left[at] == "?" || right[next] == "?" || left[at] == right[next] {
                    behind[next + 1] = true
                }
                if isAny { reached[next + 1] = true }
            }
            for next in right.indices where behind[next] && right[next] == "*" { behind[next + 1] = true }
            reached = behind
        }
        return reached[right.count]
    }

    /// Whether every text that `other` matches is also matched here, as far as comparing the two tells: true is
    /// certain, false may only mean "not shown".
    public func covers(_ other: Pattern) -> Bool {
        // Reads the other pattern as a text in which its own wildcards are characters: `*` here swallows anything
        // there, `?` here swallows `?` or one character but never `*`.
        other.bytes.withUnsafeBufferPointer { other in
            bytes.withUnsafeBufferPointer { Self.swallows(other, by: $0, wildcardsToo: true) }
        }
    }

    private static func swallows(
        _ text: UnsafeBufferPointer<UInt8>,
        by bytes: UnsafeBufferPointer<UInt8>,
        wildcardsToo: Bool
    ) -> Bool {
        var (at, star, resume) = (0, -1, 0)
        var next = 0
        while next < text.count {
            if at < bytes.count, bytes[at] == 0x2A {
                (star, resume) = (at, next)
                at += 1
                if at == bytes.count { return true }
            } else if at < bytes.count, bytes[at] == 0x3F, !(wildcardsToo && text[next] == 0x2A) {
                at += 1
                next = characterEnd(in: text, from: next)
            } else if at < bytes.count, bytes[at] == text[next] {
                at += 1
                next += 1
            } else if star >= 0 {
                resume = characterEnd(in: text, from: resume)
                // What follows the star begins with a character of its own: no other byte can match it.
                if bytes[star + 1] != 0x2A, bytes[star + 1] != 0x3F {
                    while resume < text.count, text[resume] != bytes[star + 1] { resume += 1 }
                }
                (at, next) = (star + 1, resume)
            } else {
                return false
            }
        }
        return bytes[at...].allSatisfy { $0 == 0x2A }
    }

    private static func characterEnd(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var end = start + 1
        while end < text.count, text[end] & 0xC0 == 0x80 { end += 1 }
        return end
    }
}
