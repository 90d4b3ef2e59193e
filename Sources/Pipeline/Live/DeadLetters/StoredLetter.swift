package import Alerts
import CloudTrail
import Foundation

/// A dead letter as it lies on its topic, or in the file of a replay.
package struct StoredLetter: Sendable {
    /// Whether it was put into the input again.
    package enum State: String, Hashable, Sendable, CaseIterable {
        /// Not yet.
        case waiting
        /// It was, and has not come back.
        case redriven
        /// The same bytes were, and this is what became of them.
        case returned
    }

    /// The document: `Schemas/deadletter.schema.json`.
    package let document: JSONTree
    /// Where the letter itself lies: `amiwatch.deadletters[0]@12`, `letters.jsonl:3`.
    package let place: String
    /// When it was written, in milliseconds since 1970; nil of one in a file.
    package let written: Int64?
    package internal(set) var state = State.waiting

    /// A letter from its document; nil when that is none.
    package init?(_ document: JSONTree, place: String, written: Int64? = nil) {
        guard document["schema"]?.text == DeadLetterDocument.schema, document["sha256"]?.text != nil,
            document["source"] != nil
        else { return nil }
        (self.document, self.place, self.written) = (document, place, written)
    }

    private func text(_ name: String) -> String { document[name]?.text ?? "" }

    /// SHA-256 of all the bytes that could not be read: what tells letters apart.
    package var sha256: String { text("sha256") }
    package var reason: String { text("reason") }
    package var message: String { text("message") }
    package var account: String? { document["account_id"]?.text }
    package var size: Int { document["size"]?.integer ?? 0 }
    /// How many things that could not be read it stands for.
    package var count: Int { document["count"]?.integer ?? 1 }
    package var excerpt: String? { document["excerpt"]?.text }

    /// Where what could not be read was found.
    package var origin: String {
        let source = document["source"]
        if let file = source?["file"]?.text { return file }
        return source?.messageName ?? "?"
    }

    /// The message of Kafka that it was found in; nil of a file's.
    var source: MessageName? { document["source"]?.message }

    /// The key of that message, unless it was too long to be kept whole.
    var sourceKey: [UInt8]? {
        let text = document["source"]?["key_base64"]?.text
        let key = text.flatMap { Data(base64Encoded: $0) }.map { Array($0) }
        return key.flatMap { $0.count < MessagePosition.keptKeyBytes ? $0 : nil }
    }

    /// Exactly what could not be read; nil when the letter holds only a part of it, or stands for several things.
    package var bytes: [UInt8]? {
        guard document["is_truncated"] == .boolean(false), count == 1 else { return nil }
        return Data(base64Encoded: text("bytes_base64")).map { Array($0) }
    }

    /// What the letter holds of it.
    package var heldBytes: [UInt8] { Data(base64Encoded: text("bytes_base64")).map { Array($0) } ?? [] }
}

/// A message of Kafka by its place.
struct MessageName: Hashable {
    let topic: String
    let partition: Int32
    let offset: Int64
}

extension JSONTree {
    fileprivate var message: MessageName? {
        guard let topic = self["topic"]?.text, let partition = self["partition"]?.integer,
            let offset = self["offset"]?.integer
        else { return nil }
        return MessageName(topic: topic, partition: Int32(clamping: partition), offset: Int64(offset))
    }

    fileprivate var messageName: String? { message.map { "\($0.topic)[\($0.partition)]@\($0.offset)" } }
}
