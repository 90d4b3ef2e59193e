import CloudTrail
import Kafka

/// What the detector keeps beside the facts in each partition of the state: where it is, what it has counted, and
/// how the topics were cut.
///
/// Text, so that a console consumer shows it; the engine's own keys begin with a format number far below the letters.
enum LedgerEntry: Equatable {
    /// The offset of the next message to read.
    case position(TopicPartition, Int64)
    /// The offset of the first message that was never read, while older ones are read again: somebody has reset the
    /// group's offsets.
    case reached(TopicPartition, Int64)
    /// What became of the records of this partition.
    case totals(DetectorBalance)
    /// The stream time by which what was published of this partition was judged last: later than any of its records when
    /// others have come further.
    case time(EventTime)
    /// How many partitions the accounts are spread over.
    case partitionCount(Int)
    /// The policy by which all of it was judged and published, by the first 64 bits of its hash.
    case policy(UInt64)
    /// How often reading was begun at one place.
    case attempt(TopicPartition, Attempt)
    /// Written by a newer version, or by something else.
    case unknown(String)
    /// What no version writes: the key, and what is wrong.
    case malformed(String, String)

    /// The format of the values; a greater one is refused.
    private static let format = 1
    private static let prefixes = [
        "position/", "reached/", "totals", "time", "partitions", "policy", "attempt/",
    ]

    var key: [UInt8] {
        switch self {
        case .position(let partition, _): Array("position/\(partition)".utf8)
        case .reached(let partition, _): Array("reached/\(partition)".utf8)
        case .totals: Array("totals".utf8)
        case .time: Array("time".utf8)
        case .partitionCount: Array("partitions".utf8)
        case .policy: Array("policy".utf8)
        case .attempt(let partition, _): Array("attempt/\(partition)".utf8)
        case .unknown(let key), .malformed(let key, _): Array(key.utf8)
        }
    }

    var value: [UInt8] {
        let numbers: [Int] =
            switch self {
            case .position(_, let offset), .reached(_, let offset): [Int(offset)]
            case .totals(let balance):
                balance.all
            case .time(let time): [Int(time.seconds)]
            case .partitionCount(let count): [count]
            case .policy(let hash): [Int(bitPattern: UInt(hash))]
            case .attempt(_, let attempt):
                [
                    Int(attempt.place), attempt.count, Int(attempt.announced ?? -1), attempt.tries,
                    attempt.process,
                ]
            case .unknown, .malformed: []
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
        case "time" where rest.count == 1: self = .time(EventTime(seconds: Int64(rest[0])))
        case "partitions" where rest.count == 1: self = .partitionCount(rest[0])
        case "policy" where rest.count == 1: self = .policy(UInt64(UInt(bitPattern: rest[0])))
        case _ where rest.count == 1 && name.hasPrefix("position/"):
            guard let partition = Self.partition(in: name) else { fallthrough }
            self = .position(partition, Int64(rest[0]))
        case _ where rest.count == 1 && name.hasPrefix("reached/"):
            guard let partition = Self.partition(in: name) else { fallthrough }
            self = .reached(partition, Int64(rest[0]))
        case _ where rest.count == 5 && name.hasPrefix("attempt/"):
            guard let partition = Self.partition(in: name) else { fallthrough }
            let attempt = Attempt(
                place: Int64(rest[0]),
                count: rest[1],
                announced: rest[2] == -1 ? nil : Int64(rest[2]),
                tries: rest[3],
                process: rest[4]
            )
            self = .attempt(partition, attempt)
        default: self = .unknown(name)
        }
        if let problem { self = .malformed(name, problem) }
    }

    /// So far from the end of all numbers that adding to it never comes there.
    private static let (greatestCount, greatestOffset) = (1 << 53, Int64(1) << 62)
    /// The last second of the year 9999.
    private static let greatestTime: Int64 = 253_402_300_799

    private var problem: String? {
        switch self {
        case .position(_, let offset), .reached(_, let offset): Self.problem(inOffset: offset)
        case .totals(let balance):
            if let wrong = balance.all.first(where: { !(0...Self.greatestCount).contains($0) }) {
                "the count \(wrong) is out of range"
            } else if balance.read != balance.all.dropFirst().reduce(0, +) {
                "the counts do not add up to the records read"
            } else {
                nil
            }
        case .partitionCount(let count):
            (1...Int(Int32.max)).contains(count) ? nil : "\(count) partitions are out of range"
        case .attempt(_, let attempt):
            if let wrong = [attempt.count, attempt.tries].first(where: { !(0...Int(Int32.max)).contains($0) })
            {
                "the number of starts \(wrong) is out of range"
            } else {
                Self.problem(inOffset: attempt.place) ?? attempt.announced.flatMap(Self.problem(inOffset:))
            }
        case .time(let time):
            (-Self.greatestTime...Self.greatestTime).contains(time.seconds)
                ? nil : "the time \(time.seconds) is out of range"
        case .policy, .unknown, .malformed: nil
        }
    }

    private static func problem(inOffset offset: Int64) -> String? {
        (0...greatestOffset).contains(offset) ? nil : "the offset \(offset) is out of range"
    }

    /// The partition that a key of the form `<kind>/<topic>/<number>` names.
    private static func partition(in name: String) -> TopicPartition? {
        guard let first = name.firstIndex(of: "/"), let last = name.lastIndex(of: "/"), first < last,
            let number = Int32(name[name.index(after: last)...])
        else { return nil }
        return TopicPartition(String(name[name.index(after: first)..<last]), number)
    }
}

extension DetectorBalance {
    /// Its counts in the order of the ledger: the records read, then what became of them.
    fileprivate var all: [Int] { [read, ignored, applied, duplicate, deadLettered] }
}
