internal import Glibc

/// A piece of UTF-8 that lives elsewhere: a string of a parsed document, or a part of the input.
package struct UTF8Text {
    package let bytes: UnsafeBufferPointer<UInt8>

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes.assumingMemoryBound(to: UInt8.self) }

    var raw: UnsafeRawBufferPointer { UnsafeRawBufferPointer(bytes) }

    var count: Int { bytes.count }

    var isEmpty: Bool { bytes.isEmpty }

    /// A copy that outlives the bytes.
    package var string: String { String(decoding: bytes, as: UTF8.self) }

    /// A copy in which the ASCII letters are small.
    var lowercasedASCII: String {
        String(decoding: bytes.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    @inline(__always)
    static func == (text: UTF8Text, name: StaticString) -> Bool {
        guard text.count == name.utf8CodeUnitCount, let base = text.bytes.baseAddress else {
            return text.count == name.utf8CodeUnitCount
        }
        // The length as it is known when this is compiled: then no function is called.
        return memcmp(base, name.utf8Start, name.utf8CodeUnitCount) == 0
    }

    static func == (left: UTF8Text, right: UTF8Text) -> Bool {
        guard left.count == right.count, let base = left.bytes.baseAddress,
            let other = right.bytes.baseAddress
        else { return left.count == right.count }
        return memcmp(base, other, left.count) == 0
    }

    /// Whether this is a name that begins with a small letter, or the same with a capital.
    @inline(__always)
    func isField(_ name: StaticString) -> Bool {
        guard count == name.utf8CodeUnitCount, count > 0, let base = bytes.baseAddress else { return false }
        return base[0] | 0x20 == name.utf8Start[0] | 0x20
            && memcmp(base + 1, name.utf8Start + 1, name.utf8CodeUnitCount - 1) == 0
    }

    func hasSuffix(_ name: StaticString) -> Bool {
        guard count >= name.utf8CodeUnitCount else { return false }
        return UTF8Text(UnsafeBufferPointer(rebasing: bytes[(count - name.utf8CodeUnitCount)...])) == name
    }

    func hasPrefix(_ name: StaticString) -> Bool {
        count >= name.utf8CodeUnitCount
            && UTF8Text(UnsafeBufferPointer(rebasing: bytes[..<name.utf8CodeUnitCount])) == name
    }
}
