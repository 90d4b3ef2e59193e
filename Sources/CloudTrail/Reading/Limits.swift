public import Compression

/// How large and deep what comes in may be.
///
/// What goes beyond becomes a dead letter with the reason.
public struct Limits: Hashable, Sendable {
    /// One Kafka message value, or one record, in bytes: 16 MiB.
    public var message: Int
    /// What compressed data may unpack to, all levels together: 256 MiB, and 200 times its size above 64 MiB.
    public var decompression: DecompressionLimits
    /// Brackets nested in one JSON document: 128.
    public var depth: Int
    /// Records in one message: 100,000.
    ///
    /// Files have no such limit.
    public var records: Int
    /// Dead letters of one message: 1,000; of a file as many, and one more for each KiB that it has on disk.
    ///
    /// Sound records behind them are read all the same; one more dead letter stands for all further ones.
    public var deadLetters: Int
    /// Documents inside strings, compressed data inside base64, and so on: 8 levels.
    public var nesting: Int

    /// Limits; the defaults are the product's.
    public init(
        message: Int = 16 << 20,
        decompression: DecompressionLimits = .init(),
        depth: Int = 128,
        records: Int = 100_000,
        deadLetters: Int = 1000,
        nesting: Int = 8
    ) {
        self.message = message
        self.decompression = decompression
        self.depth = depth
        self.records = records
        self.deadLetters = deadLetters
        self.nesting = nesting
    }
}

/// How much of the input is parsed.
public enum Validation: String, Hashable, Sendable, CaseIterable {
    /// What may contain a watched call. The rest is ignored, sound JSON or not.
    case candidates
    /// Everything: an ignored record is well-formed.
    case all
}
