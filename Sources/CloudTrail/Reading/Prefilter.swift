internal import CPrefilter

/// Tells by vectorised scans what cannot contain a watched call, and where JSON values end.
///
/// `@unchecked Sendable`: the C table is never written after it is made, and lives as long as this object.
final class Prefilter: @unchecked Sendable {
    private let table: OpaquePointer?

    /// The one that everybody uses: this machine's best instructions.
    static let shared = Prefilter(simd: amiwatch_best_simd())

    init(simd: amiwatch_simd) {
        var names = WatchedCall.allCases.map { $0.name + "\n" }.joined()
        table = names.withUTF8 { text in
            text.withMemoryRebound(to: CChar.self) { text in
                text.baseAddress.flatMap { amiwatch_prefilter_new($0, text.count, simd) }
            }
        }
    }

    deinit { amiwatch_prefilter_free(table) }

    /// Whether the table could be made: every name is usable.
    var isReady: Bool { table != nil }

    /// What a look at a whole message tells.
    @inline(__always)
    func look(at message: UnsafeRawBufferPointer) -> amiwatch_glance {
        guard let table, let base = message.baseAddress else { return AMIWATCH_UNKNOWN }
        return amiwatch_look(table, base.assumingMemoryBound(to: UInt8.self), message.count)
    }

    /// Whether a message certainly is one document with one record that is no watched call.
    func ignores(_ message: UnsafeRawBufferPointer) -> Bool { look(at: message) == AMIWATCH_IGNORABLE }

    /// The event names in a part of a document.
    @inline(__always)
    func names(in bytes: UnsafeRawBufferPointer) -> amiwatch_names {
        guard let table, let base = bytes.baseAddress else {
            var unknown = amiwatch_names()
            unknown.suspicious = true
            return unknown
        }
        return amiwatch_scan_names(table, base.assumingMemoryBound(to: UInt8.self), bytes.count)
    }

    /// Where the value that begins at an offset ends, by its strings and brackets.
    @inline(__always)
    func extent(in bytes: UnsafeRawBufferPointer, from start: Int) -> amiwatch_extent {
        guard let table, let base = bytes.baseAddress else {
            return amiwatch_extent(end: bytes.count, closed: false, in_string: false)
        }
        return amiwatch_value_extent(table, base.assumingMemoryBound(to: UInt8.self), bytes.count, start)
    }

    /// How far a list goes on, from a member that is an object, with members that are one record of another call
    /// each.
    @inline(__always)
    func ignorableMembers(
        in bytes: UnsafeRawBufferPointer,
        from start: Int,
        atMost maximum: Int
    ) -> amiwatch_run {
        guard let table, let base = bytes.baseAddress else { return amiwatch_run() }
        return amiwatch_ignorable_members(
            table,
            base.assumingMemoryBound(to: UInt8.self),
            bytes.count,
            start,
            maximum
        )
    }
}
