package import Cryptography
internal import Foundation

/// Checks alerts as they lie on a topic: that each is signed by a known key over exactly its bytes, and that of no finding
/// an alert is missing or comes twice.
///
/// Messages of one partition come in their order, which is the order of a finding's alerts.
package struct AlertVerification {
    /// A message with what is signed, and where it lies.
    package struct Message {
        package let partition: Int32
        package let offset: Int64
        /// The exact bytes; nil of a message without a value.
        package let value: [UInt8]?
        /// The header `signature`: 64 bytes in base64.
        package let signature: String?
        /// The header `signature-key-id`.
        package let keyID: String?

        package init(
            partition: Int32,
            offset: Int64,
            value: [UInt8]?,
            signature: String?,
            keyID: String?
        ) {
            (self.partition, self.offset, self.value) = (partition, offset, value)
            (self.signature, self.keyID) = (signature, keyID)
        }
    }

    /// Something wrong with a message, or with a finding's alerts up to it.
    package struct Fault: Hashable, Sendable {
        package enum Kind: String, Hashable, Sendable, CaseIterable {
            /// It has no signature.
            case unsigned
            /// It is signed by a key that was not given.
            case unknownKey = "unknown-key"
            /// The signature is not that key's over these bytes.
            case forged
            /// It is signed, and no alert that this version reads.
            case unreadable
            /// The same alert has come before, and this one is neither marked as republished nor of a replay.
            case repeated
            /// Alerts of its finding are not there that must have come before it.
            case missing
            /// It comes after a later alert of its finding.
            case reordered
        }

        package let kind: Kind
        package let partition: Int32
        package let offset: Int64
        /// What is wrong, in a sentence.
        package let message: String
        /// The finding, where it is about one.
        package let finding: String?
    }

    /// What was counted.
    package struct Counts: Hashable, Sendable {
        package var messages = 0
        /// Messages with a genuine signature, by the key's id.
        package var genuine: [String: Int] = [:]
        /// Findings whose alerts were followed.
        package var findings = 0
        /// Findings whose first alerts lie before the beginning of what is there.
        package var begunBefore = 0
        /// Genuine messages in formats that name no revision: their signatures alone are checked.
        package var unfollowed = 0
    }

    package private(set) var counts = Counts()
    private let keys: [String: Ed25519.PublicKey]
    private var revisions: [String: Int] = [:]
    private var alerts: Set<String> = []
    /// Partitions that are read from their very first message on.
    private var whole: Set<Int32> = []

    package init(keys: [Ed25519.PublicKey]) {
        self.keys = Dictionary(keys.map { ($0.id, $0) }) { $1 }
    }

    /// Looks at the next message of its partition; returns what is wrong with it.
    package mutating func take(_ message: Message) -> [Fault] {
        counts.messages += 1
        if message.offset == 0 { whole.insert(message.partition) }
        guard let value = message.value else {
            return [fault(.unreadable, message, "it has no value")]
        }
        if let fault = checkSignature(message, value) { return [fault] }
        return follow(message, value)
    }

    private mutating func checkSignature(_ message: Message, _ value: [UInt8]) -> Fault? {
        guard let text = message.signature, let id = message.keyID else {
            return fault(.unsigned, message, "it has no signature")
        }
        guard let key = keys[id] else {
            return fault(.unknownKey, message, "it is signed by the key \(id), which was not given")
        }
        guard let signature = Data(base64Encoded: text), key.verifies(Array(signature), of: value) else {
            return fault(.forged, message, "the signature is not that of the key \(id) over these bytes")
        }
        counts.genuine[id, default: 0] += 1
        return nil
    }

    private mutating func follow(_ message: Message, _ value: [UInt8]) -> [Fault] {
        let alert = JSONTree(value)
        guard alert?["schema"]?.text == NativeAlert.schema else {
            counts.unfollowed += 1
            return []
        }
        let isRepublished = alert?["republished"] == .boolean(true)
        let isOfReplay = alert?["replay"] != nil
        let instances = alert?["instances"]?.elements ?? []
        let about = instances.isEmpty ? [alert ?? .null] : instances
        return about.compactMap { part -> Fault? in
            guard let finding = part["finding_id"]?.text, let id = part["alert_id"]?.text,
                let revision = part["revision"]?.integer, revision > 0
            else { return fault(.unreadable, message, "it is no alert that this version reads") }
            let isKnown = !alerts.insert(id).inserted
            // A replay may be published again, and says the same then.
            if isRepublished || isKnown && isOfReplay { return nil }
            if isKnown {
                return fault(.repeated, message, "alert \(id) has come before", finding)
            }
            return place(revision, of: finding, message)
        }
    }

    /// Compares an alert's revision with that of the one before it.
    private mutating func place(_ revision: Int, of finding: String, _ message: Message) -> Fault? {
        guard let before = revisions[finding] else {
            counts.findings += 1
            revisions[finding] = revision
            if revision == 1 { return nil }
            guard whole.contains(message.partition) else {
                counts.begunBefore += 1
                return nil
            }
            return missing(1..<revision, finding, message)
        }
        // A finding that was forgotten, and comes again, begins anew.
        if revision > 1, revision <= before {
            return fault(.reordered, message, "revision \(revision) comes after revision \(before)", finding)
        }
        revisions[finding] = revision
        return revision > before + 1 ? missing(before + 1..<revision, finding, message) : nil
    }

    private func missing(_ revisions: Range<Int>, _ finding: String, _ message: Message) -> Fault {
        let words =
            revisions.count == 1
            ? "revision \(revisions.lowerBound) is"
            : "revisions \(revisions.lowerBound) to \(revisions.upperBound - 1) are"
        return fault(.missing, message, "\(words) not there before revision \(revisions.upperBound)", finding)
    }

    private func fault(
        _ kind: Fault.Kind,
        _ message: Message,
        _ words: String,
        _ finding: String? = nil
    ) -> Fault {
        Fault(
            kind: kind,
            partition: message.partition,
            offset: message.offset,
            message: words,
            finding: finding
        )
    }
}

extension AlertVerification.Message {
    /// A line of `kcat -J`; nil when it is none.
    ///
    /// Its `payload` is the value's text, so that the exact bytes come back; `headers` are names and values in turn.
    package init?(kcat line: some Collection<UInt8>) {
        guard let tree = JSONTree(line), let partition = tree["partition"]?.integer,
            let offset = tree["offset"]?.integer, tree["payload"] != nil
        else { return nil }
        var headers: [String: String] = [:]
        let words = tree["headers"]?.elements ?? []
        for index in stride(from: 0, to: words.count - 1, by: 2) {
            guard let name = words[index].text, let value = words[index + 1].text else { continue }
            headers[name] = value
        }
        self.init(
            partition: Int32(clamping: partition),
            offset: Int64(offset),
            value: tree["payload"]?.text.map { Array($0.utf8) },
            signature: headers[AlertSignature.header],
            keyID: headers[AlertSignature.keyHeader]
        )
    }
}

/// The headers of a signed alert.
package enum AlertSignature {
    /// An Ed25519 signature over exactly the value's bytes: 64 bytes in base64.
    package static let header = "signature"
    /// The key's id: SHA-256 of its SubjectPublicKeyInfo in DER, in lower-case hex.
    package static let keyHeader = "signature-key-id"
}
