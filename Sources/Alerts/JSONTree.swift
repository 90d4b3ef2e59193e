package import CloudTrail
internal import Configuration

/// A JSON value with its keys in their order: alerts read back, to be compared or explained.
package indirect enum JSONTree: Hashable, Sendable {
    /// One key of an object, and its value.
    package struct Member: Hashable, Sendable {
        package let key: String
        package let value: JSONTree

        package init(key: String, value: JSONTree) { (self.key, self.value) = (key, value) }

        /// The same value under the same key, byte for byte.
        package static func == (left: Member, right: Member) -> Bool {
            left.key.hasSameBytes(as: right.key) && left.value == right.value
        }
    }

    case null
    case boolean(Bool)
    /// A number, as it was written.
    case number(String)
    case string(String)
    case array([JSONTree])
    case object([Member])

    /// Reads one JSON value, strictly; nil when the text is none, more than one, or nested deeper than 128 levels.
    ///
    /// Half of a surrogate pair is read as U+FFFD.
    package init?(_ text: some Collection<UInt8>) {
        let read = JSONDocument.read(Array(text), file: "", maximumDepth: 128, replacesHalfPairs: true)
        guard case .success(let root) = read else { return nil }
        self.init(root)
    }

    private init(_ node: Node) {
        switch node.value {
        case .scalar("null", .plain), .refused: self = .null
        case .scalar("true", .plain): self = .boolean(true)
        case .scalar("false", .plain): self = .boolean(false)
        case .scalar(let text, .plain): self = .number(text)
        case .scalar(let text, _): self = .string(text)
        case .sequence(let items): self = .array(items.map { JSONTree($0) })
        case .mapping(let entries):
            self = .object(entries.map { Member(key: $0.key, value: JSONTree($0.value)) })
        }
    }

    /// The same value, its texts and numbers byte for byte.
    package static func == (left: JSONTree, right: JSONTree) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.boolean(let value), .boolean(let other)): value == other
        case (.number(let text), .number(let other)), (.string(let text), .string(let other)):
            text.hasSameBytes(as: other)
        case (.array(let elements), .array(let others)): elements == others
        case (.object(let members), .object(let others)): members == others
        default: false
        }
    }

    /// The value of an object's key; of the last one, where the key stands twice.
    package subscript(key: String) -> JSONTree? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.key.hasSameBytes(as: key) }?.value
    }

    package var text: String? {
        if case .string(let text) = self { return text }
        return nil
    }

    package var integer: Int? {
        if case .number(let text) = self { return Int(text) }
        return nil
    }

    /// The elements of an array; none of anything else.
    package var elements: [JSONTree] {
        if case .array(let elements) = self { return elements }
        return []
    }

    /// The same with every text changed; keys stay.
    package func mapTexts(_ transform: (String) -> String) -> JSONTree {
        switch self {
        case .string(let text): .string(transform(text))
        case .array(let elements): .array(elements.map { $0.mapTexts(transform) })
        case .object(let members):
            .object(members.map { Member(key: $0.key, value: $0.value.mapTexts(transform)) })
        case .null, .boolean, .number: self
        }
    }

    /// The value on one line, without white space.
    package var line: [UInt8] {
        var json = JSONWriter()
        write(to: &json)
        return json.bytes
    }

    package func write(to json: inout JSONWriter) {
        switch self {
        case .null: json.string(nil)
        case .boolean(let value): json.boolean(value)
        case .number(let text): json.number(text)
        case .string(let text): json.string(text)
        case .array(let elements): json.array { json in for element in elements { element.write(to: &json) } }
        case .object(let members):
            json.object { json in
                for member in members {
                    json.key(text: member.key)
                    member.value.write(to: &json)
                }
            }
        }
    }
}
