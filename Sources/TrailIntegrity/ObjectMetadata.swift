internal import CloudTrail

/// What S3 keeps beside digests, and a download loses: each one's signature.
///
/// It is the output of `aws s3api head-object`, in one of these forms: an object with keys of the bucket as its keys, and
/// the output as their values; or JSON lines, or a list, of `{"Key": …, "Metadata": {…}}`.
package struct ObjectMetadata: Sendable {
    struct Entry: Sendable {
        let key: ObjectKey
        let signature: String?
        let algorithm: String?
        /// When a backfill digest was made, which is when it was signed; nil of others.
        let generated: EventTime?
    }

    private(set) var entries: [ExactText: Entry] = [:]
    /// How many there are.
    package var count: Int { entries.count }
    /// What is wrong with what was read, one line each.
    package private(set) var warnings: [String] = []

    package init() {}

    /// Takes one file.
    ///
    /// - Throws: `IntegrityInputError` when it is no JSON.
    package mutating func add(_ bytes: UnsafeRawBufferPointer, file: String) throws(IntegrityInputError) {
        let parser = JSONParser(depth: JSONInput.depth)
        defer { withExtendedLifetime(parser) {} }  // what it has read lives in it
        let whole: JSONValue
        do throws(IntegrityInputError) {
            whole = try JSONInput.parse(bytes, file: file, parser: parser)
        } catch {
            return try addLines(bytes, file, parser, whole: error)
        }
        if whole.isArray {
            for element in whole.elements { add(element, file) }
        } else if whole.field("Key") != nil {
            add(whole, file)
        } else {
            for (key, value) in whole.members { add(key.string, value, file) }
        }
    }

    private mutating func addLines(
        _ bytes: UnsafeRawBufferPointer,
        _ file: String,
        _ parser: JSONParser,
        whole: IntegrityInputError
    ) throws(IntegrityInputError) {
        let lines = bytes.split(separator: 0x0A)
        guard lines.count > 1 else { throw whole }
        for (index, line) in lines.enumerated() where !line.allSatisfy({ $0 == 0x20 || $0 == 0x0D }) {
            let line = UnsafeRawBufferPointer(rebasing: line)
            add(try JSONInput.parse(line, file: "\(file):\(index + 1)", parser: parser), file)
        }
    }

    private mutating func add(_ value: JSONValue, _ file: String) {
        guard let key = value.field("Key")?.text else {
            return warnings.append("\(file): an entry without a Key, which is not used")
        }
        add(key.string, value, file)
    }

    private mutating func add(_ name: String, _ value: JSONValue, _ file: String) {
        guard let key = ObjectKey(name) else {
            return warnings.append("\(file): \(name) is no key of CloudTrail below AWSLogs/, and is not used")
        }
        guard key.kind == .digest else { return }
        let metadata = value.field("Metadata") ?? value
        entries[key.suffix] = Entry(
            key: key,
            signature: Self.text("signature", in: metadata),
            algorithm: Self.text("signature-algorithm", in: metadata),
            generated: Self.text("backfill-generation-timestamp", in: metadata).flatMap { EventTime($0) }
        )
    }

    /// The value of a key, with or without the `x-amz-meta-` that it has in HTTP.
    private static func text(_ name: String, in metadata: JSONValue) -> String? {
        var found: String?
        for (key, value) in metadata.members {
            let key = key.string.lowercased()
            if key == name || key == "x-amz-meta-" + name { found = value.scalar }
        }
        return found
    }
}
