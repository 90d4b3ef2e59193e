import Kafka

/// What the detector keeps beside the facts in each partition of the state: where it is, what it has counted, and
/// how the topics were cut.
///
/// Text, so that a console consumer shows it; the engine's own keys begin with a format number far below the letters.
enum LedgerEntry: Equatable {
    /// The offset of the next message to read.
    case position(TopicPartition, Int64)
    /// What became of the records of this partition.
    case totals(DetectorBalance)
    /// How many partitions the accounts are spread over.
    case partitionCount(Int)
    /// How often reading was begun at one place.
    case attempt(TopicPartition, Attempt)
    /// Written by a newer version, or by something else.
    case unknown(String)

    /// The format of the values; a greater one is refused.
    private static let format = 1
    private static let prefixes = ["position/", "totals", "partitions", "attempt/"]

    var key: [UInt8] {
        switch self {
        case .position(let partition, _): Array("position/\(partition)".utf8)
        case .totals: Array("totals".utf8)
        case .partitionCount: Array("partitions".utf8)
        case .attempt(let partition, _): Array("attempt/\(partition)".utf8)
        case .unknown(let key): Array(key.utf8)
        }
    }

    var value: [UInt8] {
        let numbers: [Int] =
            switch self {
            case .position(_, let offset): [Int(offset)]
            case .totals(let balance):
                [balance.read, balance.ignored, balance.applied, balance.duplicate, balance.deadLettered]
            case .partitionCount(let count): [count]
            case .attempt(_, let attempt):
                [
                    Int(attempt.place), attempt.count, Int(attempt.announced ?? -1), attempt.tries,
                    attempt.process,
                ]
            case .unknown: []
            }
        return Array(([Self.format] + numbers).map(String.init).joined(separator: " ").utf8)
    }

    /// Nil when the key is the engine's.
    init?(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        guard let first = key.first, first >= 0x20 else { return nil }
        let name = String(decoding: key, as: UTF8.self)
        let numbers = String(decoding: value, as: UTF8.self).split(separator: " ").map { Int($0) }
        guard Self.prefixes.contains(where: { name.hasPrefix($0) }), numbers.first == Self.format,
            !numbers.contains(nil)
        else {
            self = .unknown(name)
            return
        }
        let rest = numbers.dropFirst().compactMap(\.self)
        switch name {
        case "totals" where rest.count == 5:
            var balance = DetectorBalance()
            (balance.read, balance.ignored, balance.applied) = (rest[0], rest[1], rest[2])
            (balance.duplicate, balance.deadLettered) = (rest[3], rest[4])
            self = .totals(balance)
        case "partitions" where rest.count == 1: self = .partitionCount(rest[0])
        case _ where rest.count == 1 && name.hasPrefix("position/"):
            guard let partition = Self.partition(in: name) else { fallthrough }
            self = .position(partition, Int64(rest[0]))
        case _ where rest.count == 5 && name.hasPrefix("attempt/"):
            guard let partition = Self.partition(in: name) else { fallthrough }
            let attempt = Attempt(
                place: Int64(rest[0]),
                count: rest[1],
                announced: rest[2] < 0 ? nil : Int64(rest[2]),
                tries: rest[3],
                process: rest[4]
            )
            self = .attempt(partition, attempt)
        default: self = .unknown(name)
        }
    }

    /// The partition that a key of the form `<kind>/<topic>/<number>` names.
    private static func partition(in name: String) -> TopicPartition? {
        guard let first = name.firstIndex(of: "/"), let last = name.lastIndex(of: "/"), first < last,
            let number = Int32(name[name.index(after: last)...])
        else { return nil }
        return TopicPartition(String(name[name.index(after: first)..<last]), number)
    }
}
