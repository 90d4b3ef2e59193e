import Cryptography
import TestSupport

/// What is produced: the records of a history in disorder, with repeats, in files, and with garbage between them.
struct Messages {
    /// One message.
    struct Item {
        let partition: Int32
        fileprivate let content: Content
    }

    fileprivate enum Content {
        case record(Int)
        /// Several in one log file.
        case file(Range<Int>)
        /// What cannot be read: a watched call that is cut off or lacks something, and what is no CloudTrail.
        case garbage(Int)
    }

    let history: History
    private(set) var items: [Item] = []
    /// SHA-256 of each message that has to become a dead letter.
    private(set) var unreadable: Set<String> = []
    private var random: SplitMix64

    init(seed: UInt64, records: Int, partitions: Int) {
        // Two seconds and a half a record: 200,000 records are some three days.
        var history = History(seed: seed, accounts: 60, records: records - 1, oneIn: 20, step: 3)
        history.end(after: 3600)
        self.history = history
        random = SplitMix64(seed: seed ^ 0xfeed)
        var index = 0
        while index < history.events.count {
            if random.next(12) == 0 {
                let end = min(history.events.count, index + 2 + random.next(5))
                add(.file(index..<end), partitions)
                index = end
            } else {
                add(.record(index), partitions)
                index += 1
            }
            if random.next(30) == 0 { add(.record(max(0, index - 1 - random.next(5000))), partitions) }
            if random.next(150) == 0 {
                let garbage = Content.garbage(items.count)
                add(garbage, partitions)
                unreadable.insert(bytes(of: garbage).withUnsafeBytes { SHA256.hex(of: $0) })
            }
        }
    }

    private mutating func add(_ content: Content, _ partitions: Int) {
        items.append(Item(partition: Int32(random.next(partitions)), content: content))
    }

    /// The bytes of a message.
    func bytes(of item: Item) -> [UInt8] { bytes(of: item.content) }

    private func bytes(of content: Content) -> [UInt8] {
        let text: String
        switch content {
        case .record(let index): text = history.events[index].json
        case .file(let indices):
            text = "{\"Records\":[\(history.events[indices].map(\.json).joined(separator: ","))]}"
        case .garbage(let number):
            let name = "\"eventSource\":\"ec2.amazonaws.com\",\"eventName\":\"RunInstances\""
            switch number % 4 {
            case 0: text = "{\"eventVersion\":\"1.10\",\(name),\"number\":\(number)"
            case 1: text = "{\"eventVersion\":\"1.10\",\(name),\"eventTime\":\(number)}"
            case 2: text = "no JSON \(number) {\(name)"
            default: text = "{\"level\":\"info\",\"message\":\"no CloudTrail\",\"number\":\(number)}"
            }
        }
        return Array(text.utf8)
    }
}
