package import CloudTrail

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

    /// Deeper nesting is refused.
    static let maximumDepth = 128

    /// Reads one JSON value; nil when the text is none, or more than one.
    package init?(_ text: some Collection<UInt8>) {
        var parser = JSONTreeParser(Array(text))
        guard let value = parser.whole() else { return nil }
        self = value
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

/// RFC 8259, strictly.
private struct JSONTreeParser {
    private let bytes: [UInt8]
    private var at = 0
    private var depth = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func whole() -> JSONTree? {
        guard let result = value() else { return nil }
        skipSpace()
        return at == bytes.count ? result : nil
    }

    private mutating func value() -> JSONTree? {
        skipSpace()
        guard at < bytes.count else { return nil }
        switch bytes[at] {
        case UInt8(ascii: "{"): return object()
        case UInt8(ascii: "["): return array()
        case UInt8(ascii: "\""): return string().map(JSONTree.string)
        default: return literal()
        }
    }

    private mutating func object() -> JSONTree? {
        guard enter(), let isEmpty = closes(UInt8(ascii: "}"), isFirst: true) else { return nil }
        var members: [JSONTree.Member] = []
        if isEmpty { return .object(members) }
        while true {
            skipSpace()
            guard let key = string() else { return nil }
            skipSpace()
            guard take(UInt8(ascii: ":")), let value = value() else { return nil }
            members.append(JSONTree.Member(key: key, value: value))
            guard let isClosed = closes(UInt8(ascii: "}")) else { return nil }
            if isClosed { return .object(members) }
        }
    }

    private mutating func array() -> JSONTree? {
        guard enter(), let isEmpty = closes(UInt8(ascii: "]"), isFirst: true) else { return nil }
        var elements: [JSONTree] = []
        if isEmpty { return .array(elements) }
        while true {
            guard let value = value() else { return nil }
            elements.append(value)
            guard let isClosed = closes(UInt8(ascii: "]")) else { return nil }
            if isClosed { return .array(elements) }
        }
    }

    private mutating func enter() -> Bool {
        at += 1
        depth += 1
        return depth <= JSONTree.maximumDepth
    }

    /// Whether the bracket closes here; false when something follows, nil when neither is so.
    private mutating func closes(_ end: UInt8, isFirst: Bool = false) -> Bool? {
        skipSpace()
        if take(end) {
            depth -= 1
            return true
        }
        return isFirst || take(UInt8(ascii: ",")) ? false : nil
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard at < bytes.count, bytes[at] == byte else { return false }
        at += 1
        return true
    }

    private mutating func skipSpace() {
        while at < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[at]) { at += 1 }
    }

    private mutating func literal() -> JSONTree? {
        let start = at
        while at < bytes.count, ![0x2C, 0x5D, 0x7D, 0x20, 0x0A, 0x0D, 0x09].contains(bytes[at]) { at += 1 }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        switch text {
        case "null": return .null
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        default: return Self.isNumber(text) ? .number(text) : nil
        }
    }

    private static func isNumber(_ text: String) -> Bool {
        text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/) != nil
    }

    private mutating func string() -> String? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        var text: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            switch byte {
            case UInt8(ascii: "\""): return String(validating: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let scalar = escape() else { return nil }
                text.append(contentsOf: String(scalar).utf8)
            case 0..<0x20: return nil
            default: text.append(byte)
            }
        }
        return nil
    }

    private mutating func escape() -> Character? {
        guard at < bytes.count else { return nil }
        at += 1
        switch bytes[at - 1] {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return unicode()
        default: return nil
        }
    }

    /// A `\u` escape, or the pair of them that makes one character; half a pair is replaced.
    private mutating func unicode() -> Character? {
        guard let first = hex() else { return nil }
        if 0xD800..<0xDC00 ~= first, at + 1 < bytes.count, bytes[at] == 0x5C, bytes[at + 1] == 0x75 {
            let back = at
            at += 2
            guard let second = hex() else { return nil }
            if 0xDC00..<0xE000 ~= second {
                let code = 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
                return Unicode.Scalar(code).map(Character.init)
            }
            at = back
        }
        return Character(Unicode.Scalar(first) ?? "\u{FFFD}")
    }

    private mutating func hex() -> UInt32? {
        guard at + 4 <= bytes.count else { return nil }
        defer { at += 4 }
        let digits = bytes[at..<at + 4]
        guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
        return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}
