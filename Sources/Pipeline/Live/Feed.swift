import CloudTrail
import Compression
import Configuration
import Foundation
import Kafka
import TrailArchive

/// Puts trail files into the input, as a connector would: for a first run and for trying rules.
final class Feed {
    private let producer: Producer
    private let topic: ProducerTopic
    private let isThrottled: Bool
    private let board: RunBoard
    private let log: RunLog
    private let maximumBytes: Int
    private let decompressor = Decompressor()
    /// Bytes produced up to each message, so that the embedded broker never holds more than it can.
    private var produced: [Int] = [0]

    /// What may wait in the embedded broker, which drops its oldest beyond 5 MiB.
    private static let waitingBytes = 2 << 20

    init(_ clients: KafkaClients, isThrottled: Bool, board: RunBoard, log: RunLog) throws {
        self.isThrottled = isThrottled
        self.board = board
        self.log = log
        let configuration = clients.forwarding
        producer = try Producer(configuration, log: log.kafkaSink("feed"))
        topic = try producer.topic(clients.configuration.input.topics[0])
        maximumBytes = configuration.messageBytes - 1024
    }

    /// The trail files of files and folders.
    ///
    /// - Throws: `RunFailure` that names what is not there.
    static func files(_ paths: [String]) throws -> [TrailFile] {
        if paths.isEmpty { return [] }
        do throws(TrailError) { return try TrailListing(paths: paths).files } catch {
            throw RunFailure("--feed: \(error)")
        }
    }

    /// Feeds files, in order of time.
    func run(_ files: [TrailFile]) throws {
        for file in files {
            if board.isStopping { return }
            guard let data = FileManager.default.contents(atPath: file.path) else {
                throw RunFailure("--feed: \(file.path) cannot be read; check its permissions")
            }
            try data.withUnsafeBytes { try feed($0, file.path) }
        }
        try deliver()
        log.info(
            "trail files produced to the input topic",
            ["files": .number(files.count), "messages": .number(produced.count - 1)]
        )
        board.isFeedDone = true
    }

    /// Waits until all is delivered: a backlog as long as it takes, a broker that takes nothing half a minute.
    private func deliver() throws(KafkaError) {
        while true {
            let waiting = producer.outstanding
            do throws(KafkaError) { return try producer.flush(timeout: .seconds(30)) } catch {
                guard error.code == .timedOut, producer.outstanding < waiting else { throw error }
            }
        }
    }

    private func feed(_ bytes: UnsafeRawBufferPointer, _ path: String) throws {
        guard bytes.count > maximumBytes else { return try send(bytes) }
        // Too large for one message: its records go one by one.
        var text = bytes
        if let format = Decompressor.Format(magic: bytes) {
            text = decompressor.decompress(bytes, as: format).bytes
        }
        for part in FeedParts(text) {
            guard part.count <= maximumBytes else {
                log.warning("record is too large for a message; not produced", ["file": .text(path)])
                continue
            }
            try send(part)
        }
    }

    private func send(_ bytes: UnsafeRawBufferPointer) throws {
        try producer.produce(to: topic, key: nil, value: bytes)
        produced.append(produced[produced.count - 1] + bytes.count)
        guard isThrottled else { return }
        while !board.isStopping {
            let read = min(board.messagesRead, produced.count - 1)
            if produced[produced.count - 1] - produced[read] < Self.waitingBytes { return }
            producer.poll(timeout: .milliseconds(5))
        }
    }
}

/// The records of a trail file as they lie in it: the members of its `Records`, or its lines.
struct FeedParts: Sequence, IteratorProtocol {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private let isList: Bool

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        let list = "{\"Records\":[".utf8
        let start = bytes.prefix(64).filter { $0 > 0x20 }
        isList = start.starts(with: list)
        if isList, let bracket = bytes.firstIndex(of: 0x5B) { position = bracket + 1 }
    }

    mutating func next() -> UnsafeRawBufferPointer? {
        while position < bytes.count, bytes[position] <= 0x20 || bytes[position] == 0x2C { position += 1 }
        guard position < bytes.count, !isList || bytes[position] == 0x7B else { return nil }
        let start = position
        var depth = 0
        var isInString = false
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if isInString {
                if byte == 0x5C { position += 1 } else if byte == 0x22 { isInString = false }
            } else if byte == 0x22 {
                isInString = true
            } else if byte == 0x7B || byte == 0x5B {
                depth += 1
            } else if byte == 0x7D || byte == 0x5D {
                depth -= 1
                if depth == 0 { break }
            }
        }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<Swift.min(position, bytes.count)])
    }
}
