/// The id of a record, unique within the account that received it.
///
/// AWS writes UUIDs in lower case: those are kept in 16 bytes. Any other text is kept as it is.
public enum EventID: Fingerprinted, Sendable, CustomStringConvertible {
    /// A lower-case UUID, as two big-endian halves.
    case uuid(UInt64, UInt64)
    /// Anything else: another product's id, `sha256/…` where a record has none, `inventory/…`.
    case text(String)

    /// Takes any text.
    public init(_ text: String) {
        var text = text
        self = text.withUTF8 { Self.uuid(utf8: $0) } ?? .text(text)
    }

    /// As `init(_:)`, from UTF-8.
    public init(utf8 text: UnsafeBufferPointer<UInt8>) {
        self = Self.uuid(utf8: text) ?? .text(String(decoding: text, as: UTF8.self))
    }

    private static func uuid(utf8: UnsafeBufferPointer<UInt8>) -> EventID? {
        let text = UnsafeRawBufferPointer(utf8)
        guard text.count == 36, text[8] == 0x2D, text[13] == 0x2D, text[18] == 0x2D, text[23] == 0x2D,
            let high = LowerHex.number(text.eight(at: 0), text.four(at: 9) | text.four(at: 14) &<< 32),
            let low = LowerHex.number(text.four(at: 19) | text.four(at: 24) &<< 32, text.eight(at: 28))
        else { return nil }
        return .uuid(high, low)
    }

    /// The same digits, or the same bytes.
    public static func == (left: EventID, right: EventID) -> Bool {
        switch (left, right) {
        case (.uuid(let a, let b), .uuid(let c, let d)): a == c && b == d
        case (.text(let text), .text(let other)): text.hasSameBytes(as: other)
        default: false
        }
    }

    /// Feeds the digits.
    public func feed(to fingerprint: inout TextFingerprint) {
        switch self {
        case .uuid(let high, let low):
            fingerprint.feed(high)
            fingerprint.feed(low)
        case .text(let text): fingerprint.feed(text)
        }
    }

    /// The id as it stood in the record.
    public var description: String {
        switch self {
        case .text(let text): text
        case .uuid(let high, let low):
            String(unsafeUninitializedCapacity: 36) { buffer in
                let text = UnsafeMutableRawBufferPointer(buffer)
                let middle = (LowerHex.digits(high.lower), LowerHex.digits(low.upper))
                text.put(LowerHex.digits(high.upper), at: 0)
                text.put(four: middle.0, at: 9)
                text.put(four: middle.0 &>> 32, at: 14)
                text.put(four: middle.1, at: 19)
                text.put(four: middle.1 &>> 32, at: 24)
                text.put(LowerHex.digits(low.lower), at: 28)
                for hyphen in [8, 13, 18, 23] { text[hyphen] = 0x2D }
                return 36
            }
        }
    }
}

extension EventID: Comparable {
    /// The order of the texts' bytes.
    public static func < (left: EventID, right: EventID) -> Bool {
        switch (left, right) {
        case (.uuid(let a, let b), .uuid(let c, let d)): (a, b) < (c, d)
        default: left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
        }
    }
}

/// The id of an EC2 resource (`ami-0abcd1234abcd1234`, `i-…`): its prefix and 17 (formerly 8) hexadecimal digits.
///
/// The digits of a well-formed image or instance id are kept in 10 bytes; any other text is kept as it is.
public enum ResourceID: Fingerprinted, Sendable, CustomStringConvertible {
    /// An image id of 17 lower-case hexadecimal digits: the first 16 of them, and the last.
    case image(UInt64, UInt8)
    /// An instance id of 17 lower-case hexadecimal digits: the first 16 of them, and the last.
    case instance(UInt64, UInt8)
    /// Anything else.
    case text(String)

    /// Takes any text.
    public init(_ text: String) {
        var text = text
        self = text.withUTF8 { Self.packed(utf8: $0) } ?? .text(text)
    }

    /// As `init(_:)`, from UTF-8.
    public init(utf8 text: UnsafeBufferPointer<UInt8>) {
        self = Self.packed(utf8: text) ?? .text(String(decoding: text, as: UTF8.self))
    }

    private static func packed(utf8: UnsafeBufferPointer<UInt8>) -> ResourceID? {
        let isImage = utf8.count == 21 && utf8.starts(with: "ami-".utf8)
        guard isImage || (utf8.count == 19 && utf8.starts(with: "i-".utf8)) else { return nil }
        let text = UnsafeRawBufferPointer(utf8)
        let start = isImage ? 4 : 2
        guard let high = LowerHex.number(text.eight(at: start), text.eight(at: start + 8)),
            let last = LowerHex.digit(text[start + 16])
        else { return nil }
        return isImage ? .image(high, last) : .instance(high, last)
    }

    /// The same digits, or the same bytes.
    public static func == (left: ResourceID, right: ResourceID) -> Bool {
        switch (left, right) {
        case (.image(let a, let b), .image(let c, let d)), (.instance(let a, let b), .instance(let c, let d)):
            a == c && b == d
        case (.text(let text), .text(let other)): text.hasSameBytes(as: other)
        default: false
        }
    }

    /// Feeds the digits, all but the last: of a prefix's ids no two differ in that alone.
    public func feed(to fingerprint: inout TextFingerprint) {
        switch self {
        case .image(let high, _), .instance(let high, _): fingerprint.feed(high)
        case .text(let text): fingerprint.feed(text)
        }
    }

    /// The id as AWS writes it.
    public var description: String {
        switch self {
        case .text(let text): return text
        case .image(let high, let low): return Self.unpack("ami-", high, low)
        case .instance(let high, let low): return Self.unpack("i-", high, low)
        }
    }

    /// Whether this is the task of an import (`import-ami-…`), and no image.
    public var isImportTask: Bool {
        if case .text(let id) = self { id.hasBytes(prefix: "import-ami-") } else { false }
    }

    private static func unpack(_ prefix: StaticString, _ high: UInt64, _ low: UInt8) -> String {
        String(unsafeUninitializedCapacity: prefix.utf8CodeUnitCount + 17) { buffer in
            let text = UnsafeMutableRawBufferPointer(buffer)
            let start = prefix.utf8CodeUnitCount
            prefix.withUTF8Buffer { text.copyMemory(from: UnsafeRawBufferPointer($0)) }
            text.put(LowerHex.digits(high.upper), at: start)
            text.put(LowerHex.digits(high.lower), at: start + 8)
            text[start + 16] = low < 10 ? 0x30 + low : 0x61 + low - 10
            return start + 17
        }
    }
}

extension ResourceID: Comparable {
    /// The order of the texts' bytes.
    public static func < (left: ResourceID, right: ResourceID) -> Bool {
        switch (left, right) {
        case (.image(let a, let b), .image(let c, let d)), (.instance(let a, let b), .instance(let c, let d)):
            (a, b) < (c, d)
        default: left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
        }
    }
}

extension UInt64 {
    fileprivate var upper: UInt32 { UInt32(truncatingIfNeeded: self &>> 32) }
    fileprivate var lower: UInt32 { UInt32(truncatingIfNeeded: self) }
}
