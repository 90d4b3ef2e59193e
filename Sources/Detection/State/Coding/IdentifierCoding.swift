import CloudTrail

// Ids stand in the changelog as their texts, which are never made into strings on the way.

extension ByteWriter {
    mutating func event(_ id: EventID) {
        guard case .uuid(let high, let low) = id else { return text(id.description) }
        text(byteCount: 36) { text in
            let (second, third) = (lowerHex(high), lowerHex(low >> 32))
            text.storeBytes(of: lowerHex(high >> 32), as: UInt64.self)
            text.storeBytes(of: UInt32(truncatingIfNeeded: second), toByteOffset: 9, as: UInt32.self)
            text.storeBytes(of: UInt32(second >> 32), toByteOffset: 14, as: UInt32.self)
            text.storeBytes(of: UInt32(truncatingIfNeeded: third), toByteOffset: 19, as: UInt32.self)
            text.storeBytes(of: UInt32(third >> 32), toByteOffset: 24, as: UInt32.self)
            text.storeBytes(of: lowerHex(low), toByteOffset: 28, as: UInt64.self)
            for dash in [8, 13, 18, 23] { text[dash] = UInt8(ascii: "-") }
        }
    }

    mutating func resource(_ id: ResourceID) {
        switch id {
        case .image(let high, let low): packed("ami-", high, low)
        case .instance(let high, let low): packed("i-", high, low)
        case .text(let text): self.text(text)
        }
    }

    private mutating func packed(_ prefix: StaticString, _ high: UInt64, _ low: UInt8) {
        let count = prefix.utf8CodeUnitCount
        text(byteCount: count + 17) { text in
            text.copyMemory(from: UnsafeRawBufferPointer(start: prefix.utf8Start, count: count))
            text.storeBytes(of: lowerHex(high >> 32), toByteOffset: count, as: UInt64.self)
            text.storeBytes(of: lowerHex(high), toByteOffset: count + 8, as: UInt64.self)
            text[count + 16] = UInt8(lowerHex(UInt64(low)) >> 56)
        }
    }

    /// An account as its 12 digits.
    mutating func digits(_ account: AccountID) {
        text(byteCount: AccountID.digitCount) { account.write(to: $0) }
    }
}

extension ByteReader {
    mutating func event() throws(StateError) -> EventID {
        let utf8 = try utf8()
        let id = EventID(utf8: utf8)
        if case .text(let text) = id { try Self.check(text, utf8) }
        return id
    }

    mutating func resource() throws(StateError) -> ResourceID {
        let utf8 = try utf8()
        let id = ResourceID(utf8: utf8)
        if case .text(let text) = id { try Self.check(text, utf8) }
        return id
    }

    /// Refuses what became another text on the way to a string.
    private static func check(_ text: String, _ utf8: UnsafeBufferPointer<UInt8>) throws(StateError) {
        guard text.utf8.elementsEqual(utf8) else { throw .malformed("an id is not UTF-8") }
    }
}

/// The eight lower-case hexadecimal digits of a number's lower half, the first of them in the lowest byte.
private func lowerHex(_ number: UInt64) -> UInt64 {
    var digits = number & 0xFFFF_FFFF
    digits = (digits << 16 | digits) & 0x0000_FFFF_0000_FFFF
    digits = (digits << 8 | digits) & 0x00FF_00FF_00FF_00FF
    digits = (digits << 4 | digits) & 0x0F0F_0F0F_0F0F_0F0F
    let ones: UInt64 = 0x0101_0101_0101_0101
    let letters = (digits &+ 6 &* ones) >> 4 & ones
    return (digits &+ 0x30 &* ones &+ 0x27 &* letters).byteSwapped
}
