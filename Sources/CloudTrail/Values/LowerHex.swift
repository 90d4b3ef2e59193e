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

    /// The number that one digit writes.
    static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
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
