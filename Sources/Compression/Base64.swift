/// Decodes base64 (RFC 4648, both alphabets, with or without padding, line ends allowed) into a reused buffer.
public struct Base64Decoder {
    private var bytes: [UInt8] = []

    /// A decoder with an empty buffer.
    public init() {}

    /// Hands over the decoded bytes, valid during the call; nil when the text is no base64.
    public mutating func decode<Result>(
        _ text: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer?) throws -> Result
    ) rethrows -> Result {
        guard unpack(text) else { return try body(nil) }
        return try bytes.withUnsafeBytes { try body($0) }
    }

    private mutating func unpack(_ text: UnsafeRawBufferPointer) -> Bool {
        bytes.removeAll(keepingCapacity: true)
        bytes.reserveCapacity(text.count / 4 * 3 + 3)
        var group: UInt32 = 0
        var digits = 0
        var padding = 0
        for byte in text {
            let value = Self.values[Int(byte)]
            if value < 64 {
                guard padding == 0 else { return false }
                group = group << 6 | UInt32(value)
                digits += 1
                if digits & 3 == 0 {
                    bytes.append(UInt8(truncatingIfNeeded: group >> 16))
                    bytes.append(UInt8(truncatingIfNeeded: group >> 8))
                    bytes.append(UInt8(truncatingIfNeeded: group))
                }
            } else if byte == 0x3D {
                padding += 1
            } else if value == Self.invalid {
                return false
            }
        }
        guard padding == 0 || (padding <= 2 && (digits + padding) & 3 == 0) else { return false }
        switch digits & 3 {
        case 0: return digits > 0
        case 1: return false
        case 2: bytes.append(UInt8(truncatingIfNeeded: group >> 4))
        default:
            bytes.append(UInt8(truncatingIfNeeded: group >> 10))
            bytes.append(UInt8(truncatingIfNeeded: group >> 2))
        }
        return true
    }

    private static let invalid: UInt8 = 0xFF
    private static let space: UInt8 = 0x80

    private static let values: [UInt8] = {
        var table = [UInt8](repeating: invalid, count: 256)
        for (value, digit) in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
            .enumerated()
        {
            table[Int(digit)] = UInt8(value)
        }
        table[0x2D] = 62
        table[0x5F] = 63
        for byte in [0x20, 0x09, 0x0A, 0x0D] { table[byte] = space }
        table[0x3D] = space
        return table
    }()
}
