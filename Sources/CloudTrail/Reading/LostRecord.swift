internal import Cryptography

/// A copy of a dead letter, which outlives the reading: with as many of its bytes as are worth keeping.
public struct LostRecord: Hashable, Sendable {
    /// The most bytes that are kept of one: more than any record of CloudTrail has.
    public static let keptBytes = 256 << 10

    /// The kind of reason.
    public let reason: DeadLetter.Reason
    /// The reason in words.
    public let text: String
    /// How many records of the same message or file were read before it.
    public let recordIndex: Int
    /// Where it begins in the message or in the unpacked file; nil where that cannot be told.
    public let byteOffset: Int?
    /// How many things that cannot be read it stands for.
    public let count: Int
    /// The account of the record, where that could be read.
    public let account: AccountID?
    /// Its first bytes.
    public let bytes: [UInt8]
    /// How many bytes it has.
    public let size: Int
    /// SHA-256 of all its bytes, in lower-case hex.
    public let sha256: String

    /// A copy of what a reader hands over.
    ///
    /// `account` is whose it is when the letter does not say.
    public init(_ letter: DeadLetter, account: AccountID? = nil) {
        reason = letter.reason
        text = letter.text
        recordIndex = letter.recordIndex
        byteOffset = letter.byteOffset
        count = letter.count
        self.account = letter.account ?? account
        bytes = Array(letter.bytes.prefix(Self.keptBytes))
        size = letter.bytes.count
        sha256 = SHA256.hex(of: letter.bytes)
    }

    /// What stands for many that are not told one by one: the place and the bytes are the first one's.
    ///
    /// - Parameters:
    ///   - first: The first of them.
    ///   - count: How many there are.
    ///   - told: How many were told before.
    public init(first: LostRecord, standingFor count: Int, after told: Int) {
        reason = .tooManyDeadLetters
        text = "\(count) more parts that cannot be read, after \(told); this is the first of them"
        recordIndex = first.recordIndex
        byteOffset = first.byteOffset
        self.count = count
        account = first.account
        bytes = first.bytes
        size = first.size
        sha256 = first.sha256
    }
}
