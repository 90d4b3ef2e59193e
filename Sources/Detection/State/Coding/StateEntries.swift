import CloudTrail

/// Entries of the changelog in the making: one buffer holds the bytes of all, one key is there once.
struct StateEntries {
    private struct Entry {
        let store: StateEntry.Store
        let account: AccountID
        let key: Range<Int>
        var value: Range<Int>?
    }

    private var bytes = ByteWriter()
    private var entries: [Entry] = []
    /// The entries' numbers, by a fingerprint of their keys.
    private var numbers: [UInt64: Int] = [:]

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
        bytes.bytes.withUnsafeBytes { bytes in
            let written = UnsafeRawBufferPointer(rebasing: bytes[key])
            var fingerprint = TextFingerprint()
            fingerprint.feed(written)
            var place = fingerprint.value
            while let number = numbers[place] {
                if bytes[entries[number].key].elementsEqual(written) { return false }
                place &+= 1
            }
            numbers[place] = entries.count
            return true
        }
    }

    /// The entries, in the order in which they came.
    var all: [StateEntry] {
        let bytes = bytes.bytes
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
