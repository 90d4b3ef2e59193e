import CloudTrailTestSupport
import TestSupport

@testable import CloudTrail
@testable import TrailArchive

/// One message: what is skipped without being parsed, what is parsed, and the strict reader beside them.
final class MessageTarget: FuzzTarget {
    static let name = "message"
    private let quick = RecordReader()
    private let thorough = RecordReader(validate: .all)
    private(set) var reached: [String: Int] = [:]

    static func seeds() throws -> [[UInt8]] {
        let envelopes = Envelopes.plain(of: Samples.share, gzip: Gzip.pack).map { Array($0.1.utf8) }
        let request = #"{"imageId":"ami-1","launchPermission":{"add":{"items":[{"group":"all"}]}}}"#
        let ocsf = [request, StrictJSON.quoted(request)].map { Array(Samples.ocsf(request: $0).utf8) }
        return try envelopes + ocsf + RecordSeeds.all()
    }

    func take(_ input: UnsafeRawBufferPointer) throws {
        let bytes = Array(input)
        let fast = quick.gather(message: bytes)
        let slow = thorough.gather(message: bytes)
        reached["records", default: 0] += fast.records.count
        reached["dead letters", default: 0] += fast.letters.count
        for letter in fast.letters { reached["dead letter \(letter.reason.rawValue)", default: 0] += 1 }
        for record in fast.records { reached["call \(record.name)", default: 0] += 1 }
        try require(fast.read >= 1, "nothing was read")
        try require(
            fast.records == slow.records,
            "skipping what is no watched call loses records: \(fast.records.count) and \(slow.records.count)"
        )
        for (record, bare) in zip(fast.records, fast.bare) {
            let again = quick.gather(message: bare, account: record.account)
            try require(again.records == [record], "a record reads otherwise alone: \(record), \(again)")
        }
        guard let strict = StrictJSON.parse(bytes) else { return }
        try checkNames(bytes, strict, fast)
        // An inventory is known by its first key, and the plainest way is sorted.
        guard !StrictJSON.repeatsAKey(bytes), !strict.plain.contains("amiwatch.inventory") else { return }
        let plain = quick.gather(message: strict.plain)
        try require(fast.records == plain.records, "written in the plainest way it holds other records")
        // How a text is written decides whether a broken one is skipped, or looked at.
        let letters = thorough.gather(message: strict.plain).letters
        try require(
            slow.letters.map(\.reason) == letters.map(\.reason),
            "written in the plainest way it has other dead letters: \(slow.letters), \(letters)"
        )
    }

    /// Whatever the strict reader takes for a watched call is handed over.
    private func checkNames(_ bytes: [UInt8], _ strict: StrictJSON, _ found: Gathered) throws {
        let members: [StrictJSON] =
            switch strict {
            case .object where strict["eventName"] != nil: [strict]
            case .array(let elements): elements
            case .object: strict["Records"]?.elements ?? []
            default: []
            }
        let watched = members.count { member in
            WatchedCall.allCases.contains {
                // A lookup of images that names none tells nothing.
                $0.name != WatchedCall.describeImages.name && $0.name == member["eventName"]?.text
                    && $0.source == member["eventSource"]?.text
            }
        }
        let handedOver = found.records.count + found.letters.count
        try require(handedOver >= watched, "\(watched) watched calls, \(handedOver) were handed over")
        reached["watched calls by the strict reader", default: 0] += watched
    }
}

/// A file: values one after the other, whole and by a small window.
final class FileTarget: FuzzTarget {
    static let name = "file"
    private let quick = RecordReader()
    private let thorough = RecordReader(validate: .all)
    private let windows = TrailDecoder(window: 4096)
    private let scratch: ScratchFile
    private(set) var reached: [String: Int] = [:]

    init() throws { scratch = try ScratchFile() }

    static func seeds() throws -> [[UInt8]] {
        let list = "{\"Records\":[\(Samples.launch)]}"
        let others = [Samples.other, Samples.share, list, "[\(Samples.share)]"]
        return try RecordSeeds.ofFixtures() + [Array(others.joined(separator: "\n").utf8)]
    }

    func take(_ input: UnsafeRawBufferPointer) throws {
        let bytes = Array(input)
        let fast = quick.gather(file: bytes)
        let slow = thorough.gather(file: bytes)
        reached["records", default: 0] += fast.records.count
        reached["dead letters", default: 0] += fast.letters.count
        try require(fast.records == slow.records, "skipping what is no watched call loses records")
        try scratch.write(input)
        let file = TrailFile(path: scratch.path, kind: .file, size: bytes.count, time: nil)
        var inParts: [Record] = []
        try windows.decode(file, index: 0) { batch in
            for case .record(let record) in batch.entries { inParts.append(record) }
            return true
        }
        let lines = bytes.split(separator: 0x0A)
        guard bytes.count > 4096, lines.allSatisfy({ $0.count < 2048 && StrictJSON.parse($0) != nil }) else {
            return
        }
        reached["read in parts", default: 0] += 1
        try require(inParts == fast.records, "read in parts it holds other records")
    }
}

/// A record: the same comes out of every envelope.
final class EnvelopeTarget: FuzzTarget {
    static let name = "envelope"
    private let reader = RecordReader()
    private(set) var reached: [String: Int] = [:]

    static func seeds() throws -> [[UInt8]] { try RecordSeeds.all() }

    func take(_ input: UnsafeRawBufferPointer) throws {
        let bytes = Array(input)
        guard bytes.first == UInt8(ascii: "{"), bytes.last == UInt8(ascii: "}"), bytes.count < 20_000,
            // With room for the brackets of an envelope.
            let strict = StrictJSON.parse(bytes, depth: Limits().depth - 3), !StrictJSON.repeatsAKey(bytes)
        else { return }
        let alone = reader.gather(message: bytes)
        // What names no account of its own has that of the envelope, and what is an envelope itself is another question.
        guard alone.records.count == 1, alone.read == 1, reader.envelope == .record,
            strict["recipientAccountId"]?.text == alone.records[0].account.description,
            Self.envelopeKeys.allSatisfy({ strict[$0] == nil })
        else { return }
        reached["records", default: 0] += 1
        let text = String(decoding: bytes, as: UTF8.self)
        for (name, message) in Envelopes.plain(of: text, gzip: Gzip.pack) where name != "pretty" {
            let found = reader.gather(message: message)
            try require(found.records == alone.records, "\(name): \(found), and alone \(alone)")
            let asFile = reader.gather(file: Array(message.utf8))
            try require(asFile.records == alone.records, "\(name) in a file: \(asFile), and alone \(alone)")
        }
        for packed in [Gzip.pack(bytes), Packing.zstd(bytes), Gzip.pack(Gzip.pack(bytes))] {
            try require(reader.gather(message: packed).records == alone.records, "packed it is another")
        }
    }

    private static let envelopeKeys = [
        "Records", "Events", "logEvents", "detail", "payload", "message", "class_uid",
    ]
}
