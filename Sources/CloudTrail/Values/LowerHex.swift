/// Lower-case hexadecimal digits, eight at a time.
enum LowerHex {
    /// The number that eight digits write, the first of them in the lowest byte; nil when one of them is none.
    @inline(__always)
    private static func number(_ digits: UInt64) -> UInt64? {
        // Each byte alone: what is added to it carries into no neighbour, and the top bit tells the comparison.
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops = 0x80 &* ones
        let isDigit = (digits &+ 0x50 &* ones) & ~(digits &+ 0x46 &* ones)
        let isLetter = (digits &+ 0x1F &* ones) & ~(digits &+ 0x19 &* ones)
        guard digits & tops == 0, (isDigit | isLetter) & tops == tops else { return nil }
        var number = ((digits & (0x0F &* ones)) &+ 9 &* ((isLetter & tops) &>> 7)).byteSwapped
        number = (number | number &>> 4) & 0x00FF_00FF_00FF_00FF
        number = (number | number &>> 8) & 0x0000_FFFF_0000_FFFF
        return (number | number &>> 16) & 0xFFFF_FFFF
    }

    /// The number that sixteen digits write; nil when one of them is none.
    @inline(__always)
    static func number(_ first: UInt64, _ last: UInt64) -> UInt64? {
        guard let high = number(first), let low = number(last) else { return nil }
        return high &<< 32 | low
    }

    /// The eight digits of a number, the first of them in the lowest byte.
    @inline(__always)
    static func digits(_ number: UInt32) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var digits = UInt64(number)
        digits = (digits | digits &<< 16) & 0x0000_FFFF_0000_FFFF
        digits = (digits | digits &<< 8) & 0x00FF_00FF_00FF_00FF
        digits = ((digits | digits &<< 4) & 0x0F0F_0F0F_0F0F_0F0F).byteSwapped
        let letters = ((digits &+ 6 &* ones) &>> 4) & ones
        return digits &+ 0x30 &* ones &+ 0x27 &* letters
    }

    /// The number that one digit writes.
    static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Writes eight bytes, the lowest first.
    @inline(__always)
    func put(_ eight: UInt64, at offset: Int) {
        storeBytes(of: eight.littleEndian, toByteOffset: offset, as: UInt64.self)
    }

    /// Writes the four lower ones of eight bytes, the lowest first.
    @inline(__always)
    func put(four: UInt64, at offset: Int) {
        storeBytes(of: UInt32(truncatingIfNeeded: four).littleEndian, toByteOffset: offset, as: UInt32.self)
    }
}

extension UnsafeRawBufferPointer {
    /// Eight bytes, the first in the lowest.
    @inline(__always)
    func eight(at offset: Int) -> UInt64 {
        UInt64(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Four bytes, the first in the lowest.
    @inline(__always)
    func four(at offset: Int) -> UInt64 {
        UInt64(UInt32(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    }
}
