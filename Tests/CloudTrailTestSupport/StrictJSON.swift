package import CloudTrail

/// A slow and strict JSON parser (RFC 8259), the oracle that the fast ones are compared with.
///
/// Of a key that comes twice the last one counts. As the fast ones do, it takes half of a surrogate pair for U+FFFD, and
/// control characters that are not escaped.
package indirect enum StrictJSON: Equatable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([StrictJSON])
    case object([String: StrictJSON])

    package subscript(_ key: String) -> StrictJSON? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    package var elements: [StrictJSON]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    package var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The value, or nil when the bytes are not exactly one JSON value in UTF-8.
    package static func parse(_ bytes: some Collection<UInt8>, depth: Int = 128) -> StrictJSON? {
        guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
        var parser = Parser(bytes: Array(bytes), depth: depth)
        guard let value = parser.value(0) else { return nil }
        parser.space()
        return parser.position == parser.bytes.count ? value : nil
    }

    /// Whether an object of a JSON value has a key twice: which of the two counts is not the same for all readers.
    package static func repeatsAKey(_ bytes: some Collection<UInt8>) -> Bool {
        var parser = Parser(bytes: Array(bytes), depth: 128)
        return parser.value(0) == nil || parser.repeatsAKey
    }

    private struct Parser {
        let bytes: [UInt8]
        let depth: Int
        var position = 0
        var repeatsAKey = false

        init(bytes: [UInt8], depth: Int) {
            self.bytes = bytes
            self.depth = depth
        }

        var next: UInt8? { position < bytes.count ? bytes[position] : nil }

        mutating func space() {
            while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
        }

        mutating func take(_ byte: UInt8) -> Bool {
            guard next == byte else { return false }
            position += 1
            return true
        }

        mutating func word(_ word: String) -> Bool {
            guard bytes[position...].starts(with: word.utf8) else { return false }
            position += word.utf8.count
            return true
        }

        mutating func value(_ level: Int) -> StrictJSON? {
            space()
            switch next {
            case UInt8(ascii: "{"): return object(level + 1)
            case UInt8(ascii: "["): return array(level + 1)
            case UInt8(ascii: "\""): return string().map { .string($0) }
            case UInt8(ascii: "t"): return word("true") ? .bool(true) : nil
            case UInt8(ascii: "f"): return word("false") ? .bool(false) : nil
            case UInt8(ascii: "n"): return word("null") ? .null : nil
            default: return number()
            }
        }

        mutating func object(_ level: Int) -> StrictJSON? {
            position += 1
            var members: [String: StrictJSON] = [:]
            space()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard level <= depth else { return nil }
            repeat {
                space()
                guard next == UInt8(ascii: "\""), let key = string() else { return nil }
                space()
                guard take(UInt8(ascii: ":")), let value = value(level) else { return nil }
                if members.updateValue(value, forKey: key) != nil { repeatsAKey = true }
                space()
            } while take(UInt8(ascii: ","))
            return take(UInt8(ascii: "}")) ? .object(members) : nil
        }

        mutating func array(_ level: Int) -> StrictJSON? {
            position += 1
            var elements: [StrictJSON] = []
            space()
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard level <= depth else { return nil }
            repeat {
                guard let value = value(level) else { return nil }
                elements.append(value)
                space()
            } while take(UInt8(ascii: ","))
            return take(UInt8(ascii: "]")) ? .array(elements) : nil
        }

        mutating func hex4() -> UInt32? {
            guard position + 4 <= bytes.count,
                let text = String(validating: bytes[position..<position + 4], as: UTF8.self),
                text.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
                let value = UInt32(text, radix: 16)
            else { return nil }
            position += 4
            return value
        }

        mutating func string() -> String? {
            position += 1
            var out: [UInt8] = []
            while let byte = next {
                position += 1
                switch byte {
                case UInt8(ascii: "\""): return String(validating: out, as: UTF8.self)
                case UInt8(ascii: "\\"):
                    guard let escape = next else { return nil }
                    position += 1
                    switch escape {
                    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(escape)
                    case UInt8(ascii: "b"): out.append(8)
                    case UInt8(ascii: "f"): out.append(12)
                    case UInt8(ascii: "n"): out.append(10)
                    case UInt8(ascii: "r"): out.append(13)
                    case UInt8(ascii: "t"): out.append(9)
                    case UInt8(ascii: "u"):
                        guard var value = hex4() else { return nil }
                        if (0xD800..<0xDC00).contains(value) {
                            let behind = position
                            if take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")), let low = hex4(),
                                (0xDC00..<0xE000).contains(low)
                            {
                                value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
                            } else {
                                position = behind
                            }
                        }
                        let scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
                        out.append(contentsOf: Array(String(Character(scalar)).utf8))
                    default: return nil
                    }
                default: out.append(byte)
                }
            }
            return nil
        }

        mutating func number() -> StrictJSON? {
            let start = position
            _ = take(UInt8(ascii: "-"))
            let digits = { (byte: UInt8?) in byte.map { (0x30...0x39).contains($0) } ?? false }
            guard digits(next) else { return nil }
            if !take(0x30) { while digits(next) { position += 1 } }
            if take(UInt8(ascii: ".")) {
                guard digits(next) else { return nil }
                while digits(next) { position += 1 }
            }
            if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
                if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
                guard digits(next) else { return nil }
                while digits(next) { position += 1 }
            }
            return .number(String(decoding: bytes[start..<position], as: UTF8.self))
        }
    }
}

extension StrictJSON {
    /// The value in the plainest way: sorted, no white space, no escape that need not be, numbers as they stood.
    package var plain: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let text): text
        case .string(let text): Self.quoted(text)
        case .array(let elements): "[" + elements.map(\.plain).joined(separator: ",") + "]"
        case .object(let members):
            "{"
                + members.sorted { $0.key < $1.key }.map { "\(Self.quoted($0.key)):\($0.value.plain)" }
                .joined(separator: ",") + "}"
        }
    }

    /// A text as a JSON string, with no escape that need not be.
    package static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                quoted += "\\u00" + (scalar.value < 0x10 ? "0" : "") + String(scalar.value, radix: 16)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

extension StrictJSON {
    /// Whether a value, nil when the text was refused, is what the strict parser found.
    ///
    /// Of numbers those that are whole and have up to 18 digits: others have forms of their own.
    package static func isSame(_ value: JSONValue?, as strict: StrictJSON?) -> Bool {
        guard let value, let strict else { return value == nil && strict == nil }
        switch strict {
        case .null: return value.isNull
        case .bool(let bool): return value.scalar == (bool ? "true" : "false") && value.text == nil
        case .string(let text): return value.text?.string.hasSameBytes(as: text) ?? false
        case .array(let elements):
            let found = Array(value.elements)
            return value.isArray && found.count == elements.count
                && zip(found, elements).allSatisfy { isSame($0, as: $1) }
        case .object(let members):
            let found = Dictionary(value.members.map { ($0.0.string, $0.1) }) { $1 }
            return value.isObject && found.count == members.count
                && members.allSatisfy { isSame(found[$0.key], as: $0.value) }
        case .number(let text):
            guard text.count <= 18, let number = Int64(text) else { return value.scalar != nil }
            return value.integer == number
        }
    }
}
