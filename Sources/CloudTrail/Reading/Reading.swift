/// What reading gives, record by record: read = ignored + records + dead letters, for every input.
public enum Reading {
    /// So many records (or one message that holds none) that are no watched call.
    case ignored(count: Int)
    /// A watched call, and the bare record as JSON as it stood in its envelope (of OCSF the OCSF object). The bytes
    /// are valid during the call; the reader reads them again when they come back alone, with the account beside
    /// them.
    case record(FoundRecord, bytes: UnsafeRawBufferPointer)
    /// Something that cannot be read.
    case deadLetter(DeadLetter)
}

/// Something that cannot be read, and why.
///
/// Valid during the call that hands it over, because of its bytes.
public struct DeadLetter {
    /// The kinds of reasons, a closed set.
    public enum Reason: String, Hashable, Sendable, CaseIterable {
        /// No JSON, or broken JSON.
        case notJSON = "not-json"
        /// JSON or compressed data that ends too early.
        case truncated
        /// Bytes that are no UTF-8.
        case invalidUTF8 = "invalid-utf8"
        /// Brackets, or documents in documents, nested too deep.
        case tooDeep = "too-deep"
        /// A message or a record above its limit.
        case tooLarge = "too-large"
        /// More records in one message than the limit.
        case tooManyRecords = "too-many-records"
        /// More dead letters of one message or file than the limit; this one stands for all further ones.
        case tooManyDeadLetters = "too-many-dead-letters"
        /// Damaged compressed data.
        case compressionDamaged = "compression-damaged"
        /// Compressed data that unpacks to more than the limit.
        case decompressedTooLarge = "decompressed-too-large"
        /// Compressed data that unpacks to too many times its size.
        case compressionRatio = "compression-ratio"
        /// JSON that is neither a CloudTrail record nor holds one, as far as it is searched.
        case unrecognised
        /// A field of the record's own frame has a type that it never has.
        case wrongType = "wrong-type"
        /// `eventTime` is missing or no date.
        case unreadableTime = "unreadable-time"
        /// `eventName` is missing or empty.
        case unreadableName = "unreadable-name"
        /// `eventSource` is missing or empty.
        case unreadableSource = "unreadable-source"
        /// No source of the account has a usable one.
        case noAccount = "no-account"
        /// The machine has no memory for it.
        case outOfMemory = "out-of-memory"
        /// Reading or judging it ended the process, again and again. No reader says so: what guards the process does.
        case crash
    }

    /// The kind of reason.
    public let reason: Reason
    /// The reason in words.
    public let text: String
    /// How many records of the same message or file were read before it.
    public let recordIndex: Int
    /// What could not be read, as far as it could be told apart from the rest.
    public let bytes: UnsafeRawBufferPointer
    /// Where they begin in the message or in the unpacked file; nil within what is packed in it, or has escapes.
    public let byteOffset: Int?
    /// How many things that cannot be read it stands for.
    public let count: Int
    /// The account of the record, where that could be read.
    public let account: AccountID?

    /// A dead letter from its parts.
    public init(
        reason: Reason,
        text: String,
        recordIndex: Int,
        bytes: UnsafeRawBufferPointer,
        byteOffset: Int? = nil,
        count: Int = 1,
        account: AccountID? = nil
    ) {
        self.reason = reason
        self.text = text
        self.recordIndex = recordIndex
        self.bytes = bytes
        self.byteOffset = byteOffset
        self.count = count
        self.account = account
    }
}

/// Why one piece of input becomes a dead letter.
struct Refusal: Error {
    var reason: DeadLetter.Reason
    var text: String
    /// Whose record it is, where that could be read all the same.
    var account: AccountID?

    init(_ reason: DeadLetter.Reason, _ text: String) {
        self.reason = reason
        self.text = text
    }

    init(_ problem: JSONParser.Problem) {
        switch problem {
        case .malformed(let text): self.init(.notJSON, text)
        case .tooDeep: self.init(.tooDeep, "brackets are nested too deep")
        case .invalidUTF8: self.init(.invalidUTF8, "not UTF-8")
        case .outOfMemory: self.init(.outOfMemory, "no memory to parse it")
        }
    }
}
