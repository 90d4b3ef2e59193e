/// Writes JSON into a growing buffer of UTF-8: keys in the order of the calls, no white space.
public struct JSONWriter: Sendable {
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
        // At once: each change of an array costs a look at whether it is shared.
        bytes.append(addingCapacity: name.utf8CodeUnitCount + 4) { [needsComma] output in
            if needsComma { output.append(0x2C) }
            output.append(0x22)
            name.withUTF8Buffer { output.append($0) }
            output.append(0x22)
            output.append(0x3A)
        }
        needsComma = false
    }

    /// A member's key that is not known beforehand.
    public mutating func key(text name: String) {
        string(name)
        bytes.append(0x3A)
        needsComma = false
    }

    /// A member: a string, or null.
    public mutating func member(_ name: StaticString, _ text: String?) {
        key(name)
        string(text)
    }

    /// A member: a whole number, or null.
    public mutating func member(_ name: StaticString, _ value: Int?) {
        key(name)
        number(value)
    }

    /// A member: true or false.
    public mutating func member(_ name: StaticString, _ value: Bool) {
        key(name)
        boolean(value)
    }

    /// A string, or null.
    public mutating func string(_ text: String?) {
        guard var text else {
            separate()
            bytes.append(contentsOf: "null".utf8)
            return
        }
        text.withUTF8 { utf8 in
            guard Self.needsALook(utf8) else { return plain(utf8) }
            separate()
            bytes.append(0x22)
            var start = 0
            var index = 0
            while index < utf8.count {
                guard let (scalar, length) = Self.escaped(utf8, at: index) else {
                    index += 1
                    continue
                }
                bytes.append(contentsOf: utf8[start..<index])
                escape(scalar)
                index += length
                start = index
            }
            bytes.append(contentsOf: utf8[start...])
            bytes.append(0x22)
        }
    }

    /// A string in which nothing has to be escaped.
    private mutating func plain(_ utf8: UnsafeBufferPointer<UInt8>) {
        bytes.append(addingCapacity: utf8.count + 3) { [needsComma] output in
            if needsComma { output.append(0x2C) }
            output.append(0x22)
            output.append(utf8)
            output.append(0x22)
        }
        needsComma = true
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

    /// A value that is JSON already, as it is.
    public mutating func value(_ json: [UInt8]) {
        separate()
        bytes.append(contentsOf: json)
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

    /// Whether anything may have to be escaped.
    private static func needsALook(_ utf8: UnsafeBufferPointer<UInt8>) -> Bool {
        let text = UnsafeRawBufferPointer(utf8)
        guard text.count >= 8 else {
            return text.contains { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C || $0 > 0x7E }
        }
        var offset = 0
        while offset + 8 < text.count {
            if needsALook(text.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) { return true }
            offset += 8
        }
        return needsALook(text.loadUnaligned(fromByteOffset: text.count - 8, as: UInt64.self))
    }

    /// Whether one of eight bytes is a control character, a quotation mark, a backslash, or not ASCII.
    private static func needsALook(_ eight: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = eight ^ 0x22 &* ones
        let backslashes = eight ^ 0x5C &* ones
        let controls = (eight &- 0x20 &* ones) & ~eight
        let found = controls | (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes
        return (found | eight | (eight &+ ones)) & (0x80 &* ones) != 0
    }

    /// The scalar that begins at an offset, with its bytes, if it is escaped: what JSON asks for, and what could change
    /// what a terminal or an editor shows: control characters, those that turn the direction of a text, line ends.
    private static func escaped(
        _ utf8: UnsafeBufferPointer<UInt8>,
        at index: Int
    ) -> (scalar: UInt16, length: Int)? {
        func next(_ distance: Int) -> UInt16 {
            index + distance < utf8.count ? UInt16(utf8[index + distance]) : 0
        }
        let first = utf8[index]
        switch first {
        case 0..<0x20, 0x22, 0x5C, 0x7F: return (UInt16(first), 1)
        case 0xC2 where (0x80..<0xA0).contains(next(1)): return (next(1), 2)
        case 0xD8 where next(1) == 0x9C: return (0x061C, 2)
        case 0xE2:
            let scalar = 0x2000 | (next(1) & 0x3F) << 6 | next(2) & 0x3F
            switch scalar {
            case 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: return (scalar, 3)
            default: return nil
            }
        default: return nil
        }
    }

    private mutating func escape(_ scalar: UInt16) {
        switch scalar {
        case 0x22, 0x5C: bytes.append(contentsOf: [0x5C, UInt8(truncatingIfNeeded: scalar)])
        case 0x0A: bytes.append(contentsOf: "\\n".utf8)
        case 0x0D: bytes.append(contentsOf: "\\r".utf8)
        case 0x09: bytes.append(contentsOf: "\\t".utf8)
        default:
            let digits = String(scalar, radix: 16)
            bytes.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
        }
    }
}

extension OutputSpan<UInt8> {
    /// Appends bytes, for which there must be room.
    fileprivate mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        precondition(bytes.count <= freeCapacity)
        withUnsafeMutableBufferPointer { buffer, count in
            let (_, end) = buffer[count...].initialize(from: bytes)
            count = end
        }
    }
}
