/// A 64-bit fingerprint of short texts, for hash tables in memory: a few instructions for each 8 bytes.
///
/// Multiplies and folds, as wyhash does, with a seed of this process, so that nobody outside can make texts collide.
public struct TextFingerprint: Sendable {
    private static let seed = UInt64.random(in: .min ... .max)

    // Inlined, because tables in other modules are looked up in with it all the time.
    @usableFromInline
    var fed: UInt64

    /// The fingerprint of what was fed so far.
    @inlinable
    public var value: UInt64 { fed }

    /// The fingerprint of nothing.
    public init() { fed = Self.seed }

    /// Goes on from a fingerprint of what was fed before.
    @inlinable
    public init(from fingerprint: UInt64) { fed = fingerprint }

    /// Adds a text; nil is another text than the empty one.
    public mutating func feed(_ text: String?) {
        guard let text else { return feed(.max) }
        let isFed: Void? = text.utf8.withContiguousStorageIfAvailable { feed(UnsafeRawBufferPointer($0)) }
        if isFed == nil { Array(text.utf8).withUnsafeBytes { feed($0) } }
    }

    /// Adds a number.
    @inlinable
    public mutating func feed(_ number: UInt64) {
        let (high, low) = (fed ^ number).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        fed = high ^ low ^ 0xA076_1D64_78BD_642F
    }

    /// Adds the bytes of a text.
    public mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        var offset = 0
        while offset + 8 <= bytes.count {
            feed(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset += 8
        }
        var rest: UInt64 = 0
        while offset < bytes.count {
            rest = rest << 8 | UInt64(bytes[offset])
            offset += 1
        }
        // The length too, and with it where one text ends and the next begins.
        feed(rest ^ UInt64(bytes.count) << 56)
    }
}
