import CloudTrail

/// Entries of the changelog in the making: one buffer holds the bytes of all, one key is there once.
struct StateEntries: ~Copyable {
    private struct Entry {
        let store: StateEntry.Store
        let account: AccountID
        let key: Range<Int>
        let value: Range<Int>?
    }

    private var bytes = ByteWriter()
    private var entries: [Entry] = []
    /// The entries' numbers, where a fingerprint of their keys points to, or at the next free place.
    private var slots: [Int32]

    init(atMost count: Int) {
        slots = Array(repeating: -1, count: 2 << (Int.bitWidth - count.leadingZeroBitCount))
    }

    /// Appends an entry unless its key is there; the value is what the closure writes, or none when it gives false.
    mutating func append(_ key: StateKey, _ value: (inout ByteWriter) -> Bool) {
        let start = bytes.count
        bytes.entryKey(key)
        let end = bytes.count
        guard isNew(start..<end) else { return bytes.removeAll(from: start) }
        let hasValue = value(&bytes)
        entries.append(
            Entry(
                store: key.store,
                account: key.account,
                key: start..<end,
                value: hasValue ? end..<bytes.count : nil
            )
        )
    }

    private mutating func isNew(_ key: Range<Int>) -> Bool {
        let written = bytes.bytes
        let key = UnsafeRawBufferPointer(rebasing: written[key])
        var fingerprint = TextFingerprint()
        fingerprint.feed(key)
        var slot = Int(truncatingIfNeeded: fingerprint.value) & (slots.count - 1)
        while slots[slot] >= 0 {
            if written[entries[Int(slots[slot])].key].elementsEqual(key) { return false }
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = Int32(entries.count)
        return true
    }

    /// The entries, in the order in which they came.
    var all: [StateEntry] {
        let bytes = bytes.bytes.withMemoryRebound(to: UInt8.self) { Array($0) }
        return entries.map {
            StateEntry(
                store: $0.store,
                account: $0.account,
                key: bytes[$0.key],
                value: $0.value.map { bytes[$0] }
            )
        }
    }
}
