import Alerts
package import Configuration
import Kafka

/// The dead letters of a topic, and which of them were put into the input again.
package struct LetterBox {
    /// The letters, in the order of partition and offset.
    package private(set) var letters: [StoredLetter]
    /// What was put into the input again, by SHA-256 of its bytes: when, in milliseconds since 1970.
    private(set) var redriven: [String: Int64] = [:]
    /// Where the topic's partitions ended when it was read; empty for letters of files.
    package private(set) var offsets: [String] = []

    /// Letters of files, and what the topic of a cluster says of them, when one is named.
    package init(
        files letters: [StoredLetter],
        _ configuration: RunConfiguration?,
        log: RunLog
    ) throws {
        self.letters = letters
        guard let configuration else { return }
        let box = try LetterBox(configuration, log: log)
        redriven = box.redriven
        settle()
    }

    /// Reads the dead-letter topic of a cluster to its present end.
    ///
    /// - Throws: `RunFailure`.
    package init(_ configuration: RunConfiguration, log: RunLog) throws {
        let clients = try KafkaClients(configuration)
        let name = configuration.topics.deadLetters
        var (letters, redriven): ([StoredLetter], [String: Int64]) = ([], [:])
        offsets = try FailureAdvice(clients, .reading([name], configuration)).completing {
            guard let topic = try clients.openAdmin(log).find(name) else {
                throw RunFailure("missing topic \(name)", advice: "give the workers' --config", cause: nil)
            }
            let ends = try TopicReading(clients, log: log).read(topic) { message in
                guard let value = message.payload, let document = JSONTree(value) else { return }
                let place = "\(name)[\(message.partition)]@\(message.offset)"
                if let letter = StoredLetter(document, place: place, written: message.timestamp) {
                    letters.append(letter)
                } else if let sha256 = RedriveNote.sha256(of: document) {
                    redriven[sha256] = max(redriven[sha256] ?? 0, message.timestamp ?? 0)
                }
            }
            return ends.sorted { $0.key < $1.key }.map { "\($0.key.name)=\($0.value)" }
        }
        (self.letters, self.redriven) = (letters, redriven)
        settle()
    }

    private mutating func settle() {
        for index in letters.indices {
            guard let time = redriven[letters[index].sha256] else { continue }
            letters[index].state = letters[index].written.map { $0 > time } ?? false ? .returned : .redriven
        }
    }
}

/// The note on the dead-letter topic that something was put into the input again: `Schemas/redrive.schema.json`.
enum RedriveNote {
    static let schema = "amiwatch.redrive/1"

    /// What was put in; nil when a document is no such note.
    static func sha256(of document: JSONTree) -> String? {
        document["schema"]?.text == schema ? document["sha256"]?.text : nil
    }

    /// The note about a letter.
    static func line(_ letter: StoredLetter, into topic: String, at time: String) -> [UInt8] {
        let note: JSONTree = [
            "schema": .string(schema), "sha256": .string(letter.sha256), "reason": .string(letter.reason),
            "source": letter.document["source"] ?? .null, "topic": .string(topic),
            "redriven_at": .string(time),
        ]
        return note.line
    }
}
