internal import CloudTrail
internal import Cryptography

/// A digest: what CloudTrail delivered in an hour, and what came before.
///
/// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
struct Digest: Sendable {
    /// The digest before.
    struct Previous: Sendable {
        let key: String
        let hash: SHA256Digest?
        let signature: String?
    }

    /// A log file that it names.
    struct LogReference: Sendable {
        /// The file's place in the listing; nil when it is not there.
        let file: Int?
        /// Its key, where it is not there.
        let missingKey: String?
        let hash: SHA256Digest
    }

    /// What is wrong with a document.
    struct Refusal: Error { let reason: String }

    let start: EventTime
    let end: EventTime
    let key: String
    let fingerprint: String
    let algorithm: String?
    /// SHA-256 of the document.
    let hash: SHA256Digest
    /// What was signed.
    let signedText: [UInt8]
    let previous: Previous?
    let logs: [LogReference]

    /// Reads a document.
    ///
    /// `find` gives the place of a log file in the listing by its key.
    init(
        _ bytes: UnsafeRawBufferPointer,
        parser: JSONParser,
        find: (ObjectKey) -> Int?
    ) throws(Refusal) {
        defer { withExtendedLifetime(parser) {} }  // what it has read lives in it
        let root: JSONValue
        do throws(JSONParser.Problem) { root = try parser.parse(bytes) } catch {
            throw Refusal(reason: JSONInput.text(error))
        }
        guard root.isObject else { throw Refusal(reason: "no JSON object") }
        func text(_ name: StaticString) throws(Refusal) -> String {
            guard let text = root.member(name)?.text else {
                throw Refusal(reason: "\(name) is missing in it")
            }
            return text.string
        }
        func time(_ name: StaticString) throws(Refusal) -> EventTime {
            guard let time = EventTime(try text(name)) else { throw Refusal(reason: "\(name) is no time") }
            return time
        }
        start = try time("digestStartTime")
        end = try time("digestEndTime")
        key = try text("digestS3Object")
        fingerprint = try text("digestPublicKeyFingerprint")
        algorithm = root.member("digestSignatureAlgorithm")?.text?.string
        hash = SHA256.digest(of: bytes)
        guard let signature = root.member("previousDigestSignature") else {
            throw Refusal(reason: "previousDigestSignature is missing in it")
        }
        signedText = Array(
            "\(try text("digestEndTime"))\n\(try text("digestS3Bucket"))/\(key)\n\(hash.hex)\n\(signature.scalar ?? "null")"
                .utf8
        )
        previous = root.member("previousDigestS3Object")?.text.map { key in
            Previous(
                key: key.string,
                hash: root.member("previousDigestHashValue")?.text.flatMap { SHA256Digest(hex: $0.bytes) },
                signature: signature.text?.string
            )
        }
        logs = try Self.logs(root, find)
    }

    private static func logs(
        _ root: JSONValue,
        _ find: (ObjectKey) -> Int?
    ) throws(Refusal) -> [LogReference] {
        guard let list = root.member("logFiles"), list.isArray else {
            throw Refusal(reason: "logFiles is missing in it")
        }
        var logs: [LogReference] = []
        var keys = ObjectKeyReader()
        for entry in list.elements {
            guard let key = entry.member("s3Object")?.text?.string, let text = entry.member("hashValue")?.text
            else { throw Refusal(reason: "a log file in it has no s3Object or no hashValue") }
            if let algorithm = entry.member("hashAlgorithm")?.text?.string, algorithm != "SHA-256" {
                throw Refusal(reason: "a log file in it has a hash by \(algorithm), which is not known")
            }
            guard let hash = SHA256Digest(hex: text.bytes) else {
                throw Refusal(reason: "a log file in it has a hash that is no SHA-256")
            }
            let file = keys.read(key).flatMap(find)
            logs.append(LogReference(file: file, missingKey: file == nil ? key : nil, hash: hash))
        }
        return logs
    }
}
