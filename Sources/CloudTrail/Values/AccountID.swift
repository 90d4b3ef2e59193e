/// A 12-digit AWS account id, held as a number so that it hashes and compares in one instruction.
///
/// Account ids are strings in AWS's APIs; some feeds turn them into JSON numbers and lose leading zeros, which
/// `init(padding:)` puts back. All zeros is no account.
public struct AccountID: Fingerprinted, Comparable, Sendable, CustomStringConvertible,
    LosslessStringConvertible
{
    /// The digits read as a decimal number, below 10^12.
    public let number: UInt64

    /// The account `000000000000`, to which findings belong that are about no account.
    public static let none = AccountID(unchecked: 0)

    private init(unchecked number: UInt64) { self.number = number }

    /// An account from exactly 12 ASCII digits; nil for anything else and for all zeros.
    public init?(_ description: String) {
        self.init(utf8: description.utf8)
    }

    /// An account from exactly 12 ASCII digits; nil for anything else and for all zeros.
    public init?(utf8 digits: some Collection<UInt8>) {
        guard digits.count == 12 else { return nil }
        var number: UInt64 = 0
        for digit in digits {
            guard digit >= 0x30, digit <= 0x39 else { return nil }
            number = number * 10 + UInt64(digit - 0x30)
        }
        self.init(padding: number)
    }

    /// An account from a JSON number, padded with zeros on the left; nil for zero and for more than 12 digits.
    public init?(padding number: UInt64) {
        guard number > 0, number < 1_000_000_000_000 else { return nil }
        self.number = number
    }

    /// Feeds the number.
    public func feed(to fingerprint: inout TextFingerprint) { fingerprint.feed(number) }

    /// The 12 digits.
    public var description: String {
        String(unsafeUninitializedCapacity: Self.digitCount) { digits in
            write(to: UnsafeMutableRawBufferPointer(digits))
            return Self.digitCount
        }
    }

    /// How many digits every account has.
    public static let digitCount = 12

    /// Writes the 12 digits into a buffer of as many bytes.
    public func write(to digits: UnsafeMutableRawBufferPointer) {
        var rest = number
        for index in (0..<Self.digitCount).reversed() {
            digits[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }

    /// By number, which is also the order of the 12 digits as text.
    public static func < (left: AccountID, right: AccountID) -> Bool { left.number < right.number }
}
