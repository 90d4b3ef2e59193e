import CloudTrail

/// Appends values to a buffer: numbers as LEB128, texts with their length in front.
struct ByteWriter: ~Copyable {
    private var memory: UnsafeMutableRawPointer
    private var capacity = 1024
    private(set) var count = 0
    /// Of the evidence written last, the call and where that stands.
    var lastCall: (call: CallByActor, bytes: Range<Int>)?

    init() { memory = .allocate(byteCount: capacity, alignment: 8) }

    deinit { memory.deallocate() }

    /// What was written, until more is.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: count) }

    mutating func removeAll(from count: Int) {
        self.count = count
        if let lastCall, lastCall.bytes.upperBound > count { self.lastCall = nil }
    }

    mutating func byte(_ value: UInt8) {
        reserve(1)
        put(value)
    }

    mutating func unsigned(_ value: UInt64) {
        reserve(10)
        var rest = value
        while rest >= 0x80 {
            put(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        put(UInt8(rest))
    }

    /// Eight bytes, whatever the number.
    mutating func fixed(_ value: UInt64) {
        reserve(8)
        memory.storeBytes(of: value.littleEndian, toByteOffset: count, as: UInt64.self)
        count += 8
    }

    mutating func signed(_ value: Int64) {
        unsigned(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    mutating func text(_ value: String) {
        var value = value
        value.withUTF8 { text(UnsafeRawBufferPointer($0)) }
    }

    mutating func text(_ utf8: UnsafeRawBufferPointer) {
        unsigned(UInt64(utf8.count))
        copy(utf8)
    }

    /// A text of so many bytes, which the closure writes.
    mutating func text(byteCount: Int, _ write: (UnsafeMutableRawBufferPointer) -> Void) {
        unsigned(UInt64(byteCount))
        reserve(byteCount)
        write(UnsafeMutableRawBufferPointer(start: memory + count, count: byteCount))
        count += byteCount
    }

    /// Bytes as they are.
    mutating func copy(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        reserve(bytes.count)
        (memory + count).copyMemory(from: start, byteCount: bytes.count)
        count += bytes.count
    }

    /// What stands somewhere in the buffer, once more.
    mutating func again(_ range: Range<Int>) {
        reserve(range.count)
        (memory + count).copyMemory(from: memory + range.lowerBound, byteCount: range.count)
        count += range.count
    }

    mutating func optional<Value>(_ value: Value?, _ write: (inout ByteWriter, Value) -> Void) {
        guard let value else { return byte(0) }
        byte(1)
        write(&self, value)
    }

    mutating func list<Values: Collection>(
        _ values: Values,
        _ write: (inout ByteWriter, Values.Element) -> Void
    ) {
        unsigned(UInt64(values.count))
        for value in values { write(&self, value) }
    }

    @inline(__always)
    private mutating func put(_ byte: UInt8) {
        memory.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    @inline(__always)
    private mutating func reserve(_ bytes: Int) {
        if count + bytes > capacity { grow(by: bytes) }
    }

    private mutating func grow(by bytes: Int) {
        capacity = 2 * (capacity + bytes)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
        larger.copyMemory(from: memory, byteCount: count)
        memory.deallocate()
        memory = larger
    }
}

/// Why an entry of the state or the catalogue cannot be read.
public enum StateError: Error, Hashable, Sendable {
    /// Written by a newer version, in a format that this one does not know.
    case newerFormat(UInt8)
    /// Not what any version writes.
    case malformed(String)
}

extension StateError: CustomStringConvertible {
    /// What is wrong, and what to do.
    public var description: String {
        switch self {
        case .newerFormat(let format):
            "the state has format \(format), which a newer amiwatch wrote: run that version, or start with new topics"
        case .malformed(let what):
            "\(what), which no version of amiwatch writes: another program wrote to this topic, or it is damaged; "
                + "name new topics in `topics`, with a new group_id, and the input is read again from its beginning"
        }
    }
}

/// Reads what `ByteWriter` wrote; everything is checked, for it comes from outside.
///
/// Valid as long as the bytes are.
struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    private(set) var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Whether everything was read: fields that a later version has added are missing then.
    var isAtEnd: Bool { position == bytes.count }

    /// What was read from a position on.
    func bytesRead(from start: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[start..<position])
    }

    mutating func byte() throws(StateError) -> UInt8 {
        guard position < bytes.count else { throw .malformed("it ends early") }
        defer { position += 1 }
        return bytes[position]
    }

    /// The next byte, which is still to be read; nil at the end.
    var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func fixed() throws(StateError) -> UInt64 {
        guard bytes.count - position >= 8 else { throw .malformed("it ends early") }
        defer { position += 8 }
        return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
    }

    mutating func unsigned() throws(StateError) -> UInt64 {
        let first = try byte()
        if first < 0x80 { return UInt64(first) }
        var value = UInt64(first & 0x7F)
        var shift: UInt64 = 7
        while true {
            let next = try byte()
            guard shift < 63 || next < 2 else { throw .malformed("a number is too long") }
            value |= UInt64(next & 0x7F) << shift
            guard next != 0 else { throw .malformed("a number is longer than it need be") }
            if next < 0x80 { return value }
            shift += 7
        }
    }

    mutating func signed() throws(StateError) -> Int64 {
        let value = try unsigned()
        return Int64(bitPattern: (value >> 1) ^ (0 &- (value & 1)))
    }

    mutating func count() throws(StateError) -> Int {
        let value = try unsigned()
        guard value <= UInt64(bytes.count - position) else { throw .malformed("a length is too great") }
        return Int(value)
    }

    /// A text as it stands in the bytes.
    mutating func utf8() throws(StateError) -> UnsafeBufferPointer<UInt8> {
        let count = try count()
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<(position + count)])
            .assumingMemoryBound(to: UInt8.self)
    }

    mutating func text() throws(StateError) -> String {
        guard let text = String(validating: try utf8(), as: UTF8.self) else {
            throw .malformed("a text is not UTF-8")
        }
        return text
    }

    /// Whatever is counted: so far from the end of all numbers that adding to it never comes there.
    mutating func counted(_ what: StaticString) throws(StateError) -> Int {
        let value = try unsigned()
        guard value <= Self.greatestCount else { throw .malformed("\(what) \(value) is out of range") }
        return Int(value)
    }

    private static let greatestCount: UInt64 = 1 << 53

    /// Refuses what goes on behind what was read.
    func end() throws(StateError) {
        guard position == bytes.count else { throw .malformed("\(bytes.count - position) bytes too many") }
    }

    mutating func optional<Value>(
        _ read: (inout ByteReader) throws(StateError) -> Value
    ) throws(StateError) -> Value? {
        switch try byte() {
        case 0: nil
        case 1: try read(&self)
        default: throw .malformed("an optional value is neither there nor not")
        }
    }

    mutating func list<Value>(
        _ read: (inout ByteReader) throws(StateError) -> Value
    ) throws(StateError) -> [Value] {
        let count = try count()
        var values: [Value] = []
        values.reserveCapacity(min(count, 1024))
        for _ in 0..<count { values.append(try read(&self)) }
        return values
    }
}
