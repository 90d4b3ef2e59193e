import CloudTrail

/// Records in memory, one behind the other, as messages to read.
final class Messages {
    private let buffer: ByteBuffer
    private var ends: [Int] = []

    /// The first so many records of a trail.
    init(_ trail: inout Trail, count: Int) {
        buffer = ByteBuffer(capacity: count * 1700 + 65_536)
        for _ in 0..<count {
            _ = trail.writeRecord(to: buffer)
            ends.append(buffer.count)
        }
    }

    var count: Int { ends.count }
    /// The mean of a message, in bytes.
    var meanBytes: Int { buffer.count / max(count, 1) }

    func forEach(_ body: (UnsafeRawBufferPointer) -> Void) {
        let bytes = buffer.bytes
        var start = 0
        for end in ends {
            body(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            start = end
        }
    }

    /// The messages that may hold a watched call, each with its place.
    func candidates(where isCandidate: (UnsafeRawBufferPointer) -> Bool) -> [UnsafeRawBufferPointer] {
        var result: [UnsafeRawBufferPointer] = []
        forEach { if isCandidate($0) { result.append($0) } }
        return result
    }

    /// The records of watched calls, decoded.
    func records() -> [Record] {
        let reader = RecordReader()
        // The policy has no statements.
        reader.readsLaunchRequests = false
        var records: [Record] = []
        forEach { message in
            reader.read(message: message) {
                if case .record(let found, _) = $0 { records.append(found.decoded()) }
            }
        }
        return records
    }
}
