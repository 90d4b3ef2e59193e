/// Writes JSON into a growing buffer of UTF-8: keys in the order of the calls, no white space.
public struct JSONWriter {
    /// What was written so far.
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// What was written so far, as text.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Nothing written.
    public init() { bytes.reserveCapacity(2048) }

    /// Forgets what was written, and keeps the memory.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    /// An object, as the next value.
    public mutating func object(_ members: (inout JSONWriter) -> Void) { nest(0x7B, 0x7D, members) }

    /// An array, as the next value.
    public mutating func array(_ elements: (inout JSONWriter) -> Void) { nest(0x5B, 0x5D, elements) }

    /// A member's key, in which nothing needs an escape; its value comes next.
    public mutating func key(_ name: StaticString) {
        separate()
        bytes.append(0x22)
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(0x22)
        bytes.append(0x3A)
        needsComma = false
    }

    /// A member's key that is not known beforehand.
    public mutating func key(text name: String) {
        string(name)
        bytes.append(0x3A)
        needsComma = false
    }

    /// A string, or null.
    public mutating func string(_ text: String?) {
        separate()
        guard var text else {
            bytes.append(contentsOf: "null".utf8)
            return
        }
        bytes.append(0x22)
        text.withUTF8 { utf8 in
            guard Self.needsEscape(utf8) else { return bytes.append(contentsOf: utf8) }
            var start = 0
            for index in 0..<utf8.count where utf8[index] < 0x20 || utf8[index] == 0x22 || utf8[index] == 0x5C
            {
                bytes.append(contentsOf: utf8[start..<index])
                escape(utf8[index])
                start = index + 1
            }
            bytes.append(contentsOf: utf8[start...])
        }
        bytes.append(0x22)
    }

    /// A whole number, or null.
    public mutating func number(_ value: Int?) {
        guard let value else { return string(nil) }
        number(String(value))
    }

    /// A number as it is written elsewhere.
    public mutating func number(_ text: String) {
        separate()
        bytes.append(contentsOf: text.utf8)
    }

    /// True or false.
    public mutating func boolean(_ value: Bool) {
        separate()
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    private mutating func nest(_ open: UInt8, _ close: UInt8, _ body: (inout JSONWriter) -> Void) {
        separate()
        bytes.append(open)
        needsComma = false
        body(&self)
        bytes.append(close)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(0x2C) }
        needsComma = true
    }

    private static func needsEscape(_ utf8: UnsafeBufferPointer<UInt8>) -> Bool {
        let text = UnsafeRawBufferPointer(utf8)
        guard text.count >= 8 else { return text.contains { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C } }
        var offset = 0
        while offset + 8 < text.count {
            if needsEscape(text.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) { return true }
            offset += 8
        }
        return needsEscape(text.loadUnaligned(fromByteOffset: text.count - 8, as: UInt64.self))
    }

    /// Whether one of eight bytes is a control character, a quotation mark or a backslash.
    private static func needsEscape(_ eight: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = eight ^ 0x22 &* ones
        let backslashes = eight ^ 0x5C &* ones
        let controls = (eight &- 0x20 &* ones) & ~eight
        let found = controls | (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes
        return found & (0x80 &* ones) != 0
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case 0x22, 0x5C: bytes.append(contentsOf: [0x5C, byte])
        case 0x0A: bytes.append(contentsOf: "\\n".utf8)
        case 0x0D: bytes.append(contentsOf: "\\r".utf8)
        case 0x09: bytes.append(contentsOf: "\\t".utf8)
        default:
            let digits = String(byte, radix: 16)
            bytes.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
        }
    }
}
