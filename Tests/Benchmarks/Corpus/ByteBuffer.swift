/// Bytes that grow; kept and reused, so that writing a record allocates nothing.
final class ByteBuffer {
    private var memory: UnsafeMutableRawPointer
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int = 1 << 16) {
        self.capacity = capacity
        memory = .allocate(byteCount: capacity, alignment: 64)
    }

    deinit { memory.deallocate() }

    /// What was written; valid until the next change.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: count) }

    func removeAll() { count = 0 }

    func append(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        reserve(bytes.count)
        (memory + count).copyMemory(from: base, byteCount: bytes.count)
        count += bytes.count
    }

    func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }

    func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    func append(byte: UInt8) {
        reserve(1)
        memory.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    /// The last `digits` hexadecimal digits of a value, at most 16.
    func append(hex value: UInt64, digits: Int) {
        reserve(digits)
        for index in 0..<digits {
            let digit = UInt8(truncatingIfNeeded: value >> UInt64((digits - 1 - index) * 4)) & 0xF
            memory.storeBytes(
                of: digit < 10 ? 0x30 + digit : 0x57 + digit,
                toByteOffset: count + index,
                as: UInt8.self
            )
        }
        count += digits
    }

    /// The last `digits` decimal digits of a value, with zeros before it.
    func append(decimal value: UInt64, digits: Int) {
        reserve(digits)
        var rest = value
        for index in stride(from: digits - 1, through: 0, by: -1) {
            memory.storeBytes(
                of: UInt8(truncatingIfNeeded: rest % 10) + 0x30,
                toByteOffset: count + index,
                as: UInt8.self
            )
            rest /= 10
        }
        count += digits
    }

    private func reserve(_ more: Int) {
        guard count + more > capacity else { return }
        capacity = max(count + more, capacity * 2)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 64)
        larger.copyMemory(from: memory, byteCount: count)
        memory.deallocate()
        memory = larger
    }
}
