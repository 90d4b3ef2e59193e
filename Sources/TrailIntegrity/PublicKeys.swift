internal import CloudTrail
internal import Compression
internal import Cryptography

/// The keys that CloudTrail signs digests with, as `aws cloudtrail list-public-keys` prints them.
///
/// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListPublicKeys.html
package struct PublicKeys: Sendable {
    struct Key: Sendable {
        let key: RSAPublicKey
        /// When it may sign; nil where that is not told.
        let validFrom: EventTime?
        let validUntil: EventTime?
    }

    private var keys: [String: [Key]] = [:]
    /// How many there are.
    package private(set) var count = 0
    /// What is wrong with what was read, one line each.
    package private(set) var warnings: [String] = []

    package init() {}

    /// Takes what one call printed, or a list of that.
    ///
    /// - Throws: `IntegrityInputError` when it is no JSON, or no list of keys.
    package mutating func add(_ bytes: UnsafeRawBufferPointer, file: String) throws(IntegrityInputError) {
        let parser = JSONParser(depth: JSONInput.depth)
        defer { withExtendedLifetime(parser) {} }  // what it has read lives in it
        let root = try JSONInput.parse(bytes, file: file, parser: parser)
        let documents = root.isArray ? Array(root.elements) : [root]
        for document in documents {
            guard let list = document.field("PublicKeyList"), list.isArray else {
                throw IntegrityInputError(
                    file: file,
                    reason:
                        "no PublicKeyList in it; write what 'aws cloudtrail list-public-keys' prints into it"
                )
            }
            for entry in list.elements { add(entry, file) }
        }
    }

    private mutating func add(_ entry: JSONValue, _ file: String) {
        let label = entry.field("Fingerprint")?.scalar
        let name = label ?? "a key without a fingerprint"
        guard let value = entry.field("Value")?.text, let key = Self.key(value) else {
            return warnings.append(
                "\(file): \(name): its Value is no RSA public key in base64, and is not used"
            )
        }
        // The bytes make the fingerprint; what stands beside them could name another key.
        if let label, !key.fingerprints.contains(where: { $0.hasSameBytes(as: label) }) {
            warnings.append(
                "\(file): the key labelled \(label) has the fingerprint \(key.fingerprints.joined(separator: " or ")), "
                    + "and is used as that"
            )
        }
        let found = Key(
            key: key,
            validFrom: Self.time(entry.field("ValidityStartTime")),
            validUntil: Self.time(entry.field("ValidityEndTime"))
        )
        for fingerprint in key.fingerprints { keys[fingerprint, default: []].append(found) }
        count += 1
    }

    private static func key(_ text: UTF8Text) -> RSAPublicKey? {
        var decoder = Base64Decoder()
        return decoder.decode(UnsafeRawBufferPointer(text.bytes)) { bytes in
            bytes.flatMap { RSAPublicKey(der: Array($0)) }
        }
    }

    /// ISO 8601 with an offset (version 2 of the AWS CLI), or seconds since 1970 as a number (version 1) or as text (the
    /// sample in the documentation).
    private static func time(_ value: JSONValue?) -> EventTime? {
        guard let text = value?.scalar else { return nil }
        if let time = EventTime(text) { return time }
        return Double(text).flatMap { Int64(exactly: $0.rounded(.down)) }.map { EventTime(seconds: $0) }
    }

    /// The keys with a fingerprint: several where it was listed more than once.
    func named(_ fingerprint: String) -> [Key] { keys[fingerprint] ?? [] }
}

/// A file of the caller, of keys or of metadata, that cannot be used.
package struct IntegrityInputError: Error, CustomStringConvertible {
    package let file: String
    package let reason: String

    package var description: String { "\(file): \(reason)" }
}

enum JSONInput {
    /// Nesting of keys, metadata and digests; CloudTrail's own have four levels.
    static let depth = 16

    static func parse(
        _ bytes: UnsafeRawBufferPointer,
        file: String,
        parser: JSONParser
    ) throws(IntegrityInputError) -> JSONValue {
        do throws(JSONParser.Problem) { return try parser.parse(bytes) } catch {
            throw IntegrityInputError(file: file, reason: text(error))
        }
    }

    static func text(_ problem: JSONParser.Problem) -> String {
        switch problem {
        case .malformed(let reason): "no JSON: \(reason)"
        case .tooDeep: "JSON nested deeper than \(depth) levels"
        case .invalidUTF8: "no JSON: not UTF-8"
        case .outOfMemory: "no memory to read it"
        }
    }
}
