internal import Compression

/// Finds CloudTrail records in bytes, whatever envelope they come in, and decodes those of watched calls.
///
/// Not Sendable: one for each thread. It keeps its buffers between calls, so that reading what is ignored allocates
/// nothing. The closure is called before `read` returns, in the order of the records; it must not call the reader.
public final class RecordReader {
    /// The caps in force.
    public let limits: Limits
    /// Whether what is ignored is parsed too.
    public let validation: Validation

    let prefilter = Prefilter.shared
    let actors = ActorCache()
    /// How many records of the current message or file were read so far.
    var read = 0
    /// How many there may be.
    var maximum = Int.max
    /// How many bytes may still be looked at again to find sound records behind broken ones, so that no input takes
    /// longer than a few readings of it.
    var salvage = 0
    /// Unclosed values so far, each of which cost a scan to the end of the input.
    var unclosed = 0
    private var levels: [Level] = []

    /// A reader with empty buffers.
    public init(limits: Limits = .init(), validate validation: Validation = .candidates) {
        self.limits = limits
        self.validation = validation
    }

    /// Reads one Kafka message value.
    ///
    /// - Parameters:
    ///   - message: The value; it need not be aligned or padded.
    ///   - account: The account that the record is known to belong to; it overrides what the record says. The intake
    ///     found it with the envelope at hand, which the bare record no longer has.
    ///   - body: Called for each record; what it throws ends the reading.
    public func read(
        message: UnsafeRawBufferPointer,
        account: AccountID? = nil,
        _ body: (Reading) throws -> Void
    ) rethrows {
        // The way of nearly every message: one scan, and that is all.
        if validation == .candidates, message.count <= limits.message, prefilter.ignores(message) {
            return try body(.ignored(count: 1))
        }
        read = 0
        unclosed = 0
        salvage = (64 << 20) + 16 * message.count
        maximum = limits.records
        guard message.count <= limits.message else {
            return try emit(
                Refusal(.tooLarge, "\(message.count) bytes, more than \(limits.message)"),
                message,
                body
            )
        }
        let context = Context(known: account)
        if try !readAlone(message, context, body) { try readBytes(message, context, isFile: false, body) }
        if read == 0 { try emitIgnored(1, body) }
    }

    /// Reads a whole file: a sequence of JSON values with white space between, as it is or compressed (told
    /// by its first bytes).
    ///
    /// After a broken value it goes on at the next line; a cut-off file gives what stands before the cut.
    ///
    /// - Parameters:
    ///   - file: The bytes, mapped or read.
    ///   - body: Called for each record; what it throws ends the reading.
    public func read(file: UnsafeRawBufferPointer, _ body: (Reading) throws -> Void) rethrows {
        read = 0
        unclosed = 0
        salvage = (64 << 20) + 16 * file.count
        maximum = .max
        try readBytes(file, Context(known: nil), isFile: true, body)
    }

    /// What is known from outside a record.
    struct Context {
        /// Overrides the record.
        var known: AccountID?
        /// What the envelope says, for records that do not say it themselves.
        var enclosing: AccountID?
        /// How many documents this one stands in.
        var level = 0
        /// Whether strings are opened as base64: not where the document names an event in the clear, because then
        /// the prefilter has judged it by that.
        var opensBase64 = true
    }

    /// The buffers of one level of nesting.
    ///
    /// The level above still points into its own.
    final class Level {
        let parser: JSONParser
        let decompressor = Decompressor()
        var base64 = Base64Decoder()

        init(depth: Int) { parser = JSONParser(depth: depth) }

        func parse(_ document: UnsafeRawBufferPointer) -> Result<JSONValue, JSONParser.Problem> {
            Result { () throws(JSONParser.Problem) in try parser.parse(document) }
        }
    }

    func level(_ index: Int) -> Level {
        while levels.count <= index { levels.append(Level(depth: limits.depth)) }
        return levels[index]
    }

    // MARK: handing over

    func emitIgnored(_ count: Int, _ body: (Reading) throws -> Void) rethrows {
        guard count > 0 else { return }
        read += count
        try body(.ignored(count: count))
    }

    func emit(
        _ record: FoundRecord,
        _ bytes: UnsafeRawBufferPointer,
        _ body: (Reading) throws -> Void
    ) rethrows {
        read += 1
        try body(.record(record, bytes: bytes))
    }

    func emit(_ refusal: Refusal, _ bytes: UnsafeRawBufferPointer, _ body: (Reading) throws -> Void) rethrows
    {
        let index = read
        read += 1
        try body(
            .deadLetter(
                DeadLetter(reason: refusal.reason, text: refusal.text, recordIndex: index, bytes: bytes)
            )
        )
    }
}
