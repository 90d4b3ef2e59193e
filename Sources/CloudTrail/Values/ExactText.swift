internal import Glibc

/// A text that equals another only when both have the same bytes.
///
/// Swift's `String` also finds equal what Unicode calls canonically equivalent: `é` as one scalar and as two, the
/// Kelvin sign and `K`. AWS does not: two such tag keys are two tags. So whatever comes from outside and is a key, or is
/// compared with something, is compared by its bytes: as this type, or with `String.hasSameBytes(as:)` and its like.
public struct ExactText: Fingerprinted, Comparable, Sendable, CustomStringConvertible,
    ExpressibleByStringInterpolation
{
    /// The text.
    public let string: String

    /// Any text.
    public init(_ string: String) { self.string = string }

    /// Any text.
    public init(stringLiteral text: String) { string = text }

    /// The text.
    public var description: String { string }

    /// Feeds the bytes.
    public func feed(to fingerprint: inout TextFingerprint) { fingerprint.feed(string) }

    /// Whether both have the same bytes.
    public static func == (left: ExactText, right: ExactText) -> Bool {
        left.string.hasSameBytes(as: right.string)
    }

    /// In the order of the bytes.
    public static func < (left: ExactText, right: ExactText) -> Bool {
        left.string.bytesPrecede(right.string)
    }
}

extension String {
    /// Whether two texts have the same bytes.
    public func hasSameBytes(as other: String) -> Bool {
        // One word against one word, or the same storage: what most comparisons come down to.
        if _isIdentical(to: other) { return true }
        guard utf8.count == other.utf8.count else { return false }
        let isSame = utf8.withContiguousStorageIfAvailable { left in
            other.utf8.withContiguousStorageIfAvailable { right -> Bool in
                guard let base = left.baseAddress, let otherBase = right.baseAddress else { return true }
                return memcmp(base, otherBase, left.count) == 0
            }
        }
        return isSame?.flatMap(\.self) ?? utf8.elementsEqual(other.utf8)
    }

    /// Whether the bytes come before those of another text.
    public func bytesPrecede(_ other: String) -> Bool {
        let precedes = utf8.withContiguousStorageIfAvailable { left in
            other.utf8.withContiguousStorageIfAvailable { right -> Bool in
                guard let base = left.baseAddress, let otherBase = right.baseAddress else {
                    return left.count < right.count
                }
                let order = memcmp(base, otherBase, min(left.count, right.count))
                return order != 0 ? order < 0 : left.count < right.count
            }
        }
        return precedes?.flatMap(\.self) ?? utf8.lexicographicallyPrecedes(other.utf8)
    }

    /// Whether the text begins with the bytes of another.
    public func hasBytes(prefix: String) -> Bool {
        let isSo = utf8.withContiguousStorageIfAvailable { text in
            prefix.utf8.withContiguousStorageIfAvailable { prefix -> Bool in
                guard prefix.count <= text.count else { return false }
                guard let start = text.baseAddress, let other = prefix.baseAddress else { return true }
                return memcmp(start, other, prefix.count) == 0
            }
        }
        return isSo?.flatMap(\.self) ?? utf8.starts(with: prefix.utf8)
    }

    /// Whether the text ends with the bytes of another.
    public func hasBytes(suffix: String) -> Bool { utf8.reversed().starts(with: suffix.utf8.reversed()) }
}

extension String? {
    /// Whether two texts have the same bytes, or both are nil.
    public func hasSameBytes(as other: String?) -> Bool {
        guard let self, let other else { return self == nil && other == nil }
        return self.hasSameBytes(as: other)
    }
}

extension [String] {
    /// Whether two lists have the same texts, byte for byte, in the same order.
    public func hasSameBytes(as other: [String]) -> Bool {
        count == other.count && zip(self, other).allSatisfy { $0.hasSameBytes(as: $1) }
    }
}

extension Sequence<ExactText> {
    /// The texts in one, with something in between.
    public func joined(separator: String) -> String { map(\.string).joined(separator: separator) }
}
