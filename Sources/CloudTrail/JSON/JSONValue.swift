/// A value of a parsed document, as a position on simdjson's tape.
///
/// Valid until its parser parses again, and as long as the text that was parsed.
package struct JSONValue {
    private let tape: UnsafePointer<UInt64>
    private let strings: UnsafePointer<UInt8>
    private let index: Int

    init(tape: UnsafePointer<UInt64>, strings: UnsafePointer<UInt8>, index: Int) {
        self.tape = tape
        self.strings = strings
        self.index = index
    }

    private var tag: UInt8 { UInt8(truncatingIfNeeded: tape[index] >> 56) }

    private func at(_ index: Int) -> JSONValue { JSONValue(tape: tape, strings: strings, index: index) }

    /// The index behind this value.
    private var end: Int {
        switch tag {
        case 0x7B, 0x5B: Int(UInt32(truncatingIfNeeded: tape[index]))
        case 0x6C, 0x75, 0x64: index + 2
        default: index + 1
        }
    }

    package var isObject: Bool { tag == 0x7B }
    package var isArray: Bool { tag == 0x5B }
    package var isNull: Bool { tag == 0x6E }
    var isString: Bool { Self.isString(tag) }

    /// Strings have one of two types.
    @inline(__always)
    private static func isString(_ tag: UInt8) -> Bool { tag == 0x27 || tag == 0x22 }

    /// The text of a string; nil for anything else.
    @inline(__always)
    package var text: UTF8Text? { isString ? string(at: index) : nil }

    @inline(__always)
    private func string(at index: Int) -> UTF8Text {
        let word = tape[index]
        if word >> 56 == 0x27 {
            let count = Int(word >> 28) & 0x0FFF_FFFF
            return UTF8Text(UnsafeBufferPointer(start: strings + Int(word & 0x0FFF_FFFF), count: count))
        }
        let start = strings + Int(tape[index] & 0x00FF_FFFF_FFFF_FFFF)
        let count = UnsafeRawPointer(start).loadUnaligned(as: UInt32.self)
        return UTF8Text(UnsafeBufferPointer(start: start + 4, count: Int(count)))
    }

    var bool: Bool? {
        switch tag {
        case 0x74: true
        case 0x66: false
        default: nil
        }
    }

    /// The number of a JSON number that is whole and fits; `123123123123.0` is.
    package var integer: Int64? {
        switch tag {
        case 0x6C: Int64(bitPattern: tape[index + 1])
        case 0x75: Int64(exactly: tape[index + 1])
        case 0x64: Int64(exactly: Double(bitPattern: tape[index + 1]))
        default: nil
        }
    }

    /// A scalar as text: a string as it is; numbers and truth values, which AWS's conversion from XML makes
    /// of text that looks like them, turned back.
    ///
    /// Nil for null, objects and arrays.
    package var scalar: String? {
        switch tag {
        case 0x22, 0x27: string(at: index).string
        case 0x6C: String(Int64(bitPattern: tape[index + 1]))
        case 0x75: String(tape[index + 1])
        case 0x64: String(Double(bitPattern: tape[index + 1]))
        case 0x74: "true"
        case 0x66: "false"
        default: nil
        }
    }

    /// The members of an object in their order; none for anything else.
    package var members: Members { Members(position: isObject ? index + 1 : -1, value: self) }

    /// The elements of an array in their order; none for anything else.
    package var elements: Elements { Elements(position: isArray ? index + 1 : -1, value: self) }

    /// The last member with exactly this key.
    package func member(_ key: StaticString) -> JSONValue? {
        var found: JSONValue?
        for (name, value) in members where name == key { found = value }
        return found
    }

    /// The last member with this key, whose first letter may be small or capital: EC2's two dialects differ in it.
    package func field(_ key: StaticString) -> JSONValue? {
        var found: JSONValue?
        for (name, value) in members where name.isField(key) { found = value }
        return found
    }

    /// Two fields, found in one pass.
    @inline(__always)
    func fields(_ first: StaticString, _ second: StaticString) -> (JSONValue?, JSONValue?) {
        var found: (JSONValue?, JSONValue?)
        for (name, value) in members {
            if name.isField(first) {
                found.0 = value
            } else if name.isField(second) {
                found.1 = value
            }
        }
        return found
    }

    package struct Members: Sequence, IteratorProtocol {
        fileprivate var position: Int
        fileprivate let value: JSONValue

        @inline(__always)
        package mutating func next() -> (UTF8Text, JSONValue)? {
            guard position >= 0, JSONValue.isString(value.at(position).tag) else { return nil }
            let member = value.at(position + 1)
            defer { position = member.end }
            return (value.string(at: position), member)
        }
    }

    package struct Elements: Sequence, IteratorProtocol {
        fileprivate var position: Int
        fileprivate let value: JSONValue

        package mutating func next() -> JSONValue? {
            guard position >= 0 else { return nil }
            let element = value.at(position)
            guard element.tag != 0x5D else { return nil }
            position = element.end
            return element
        }
    }
}
