internal import CPrefilter
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
    /// Whether launches keep what they ask to be authorised on, which is much, and asked for by statements alone.
    public var readsLaunchRequests = true
    /// What is read of callers' sessions; as a rule nobody asks for any of it.
    public var sessionKeys: SessionKeys = []

    let prefilter = Prefilter.shared
    let actors = ActorCache()
    /// What the message that was read last is, when it was looked at closely and holds records.
    public internal(set) var envelope: Envelope?
    /// The message or file.
    private var input = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Where it begins in the file of which it is a part.
    private var inputOffset = 0
    /// The account that all its records are known to belong to.
    private var knownAccount: AccountID?
    /// How many records of it were read so far.
    var read = 0
    /// How many there may be.
    var maximum = Int.max
    /// What stands behind as many records as there may be; nothing more is handed over.
    private(set) var overflow: UnsafeRawBufferPointer?
    /// How many dead letters may be handed over one by one.
    private var letters = Int.max
    /// Those beyond.
    private var uncountedLetters = 0
    /// How many bytes compressed data has unpacked to so far.
    var unpacked = 0
    /// How many bytes may still be looked at again to find sound records behind broken ones, so that no input takes
    /// longer than a few readings of it.
    var salvage = 0
    /// Unclosed values so far, each of which cost a scan to the end of the input.
    var unclosed = 0
    /// A broken document within the bytes that are read now which names one event of another call.
    ///
    /// The prefilter passes over all of it, so its parts hide nothing either.
    var brokenOther = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The line that was found last to begin with a bracket, and where it was looked for.
    var foundLine: (base: UnsafeRawPointer?, count: Int, from: Int, line: Int) = (nil, 0, 0, 0)
    var searchProgress = SearchProgress()
    private var levels: [Level] = []
    private var slot: FrameSlot?

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
        let glance = message.count <= limits.message ? prefilter.look(at: message) : AMIWATCH_UNKNOWN
        if validation == .candidates, glance == AMIWATCH_IGNORABLE { return try body(.ignored(count: 1)) }
        begin(message)
        knownAccount = account
        maximum = limits.records
        letters = limits.deadLetters
        guard message.count <= limits.message else {
            return try emit(
                Refusal(.tooLarge, "\(message.count) bytes, more than \(limits.message)"),
                message,
                body
            )
        }
        var context = Context(known: account)
        context.opensBase64 = glance != AMIWATCH_IGNORABLE
        if try glance != AMIWATCH_SUSPICIOUS || !readAlone(message, context, body) {
            try readBytes(message, context, isFile: false, body)
        }
        try emitRest(body)
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
        begin(file)
        try readBytes(file, Context(known: nil), isFile: true, body)
        try emitRest(body)
    }

    /// How many bytes the message or file has.
    var sourceBytes: Int { input.count }

    /// Begins a message, a file, or a part of a file, before which so many records and bytes were read.
    func begin(_ input: UnsafeRawBufferPointer, before: Int = 0, offset: Int = 0) {
        self.input = input
        envelope = nil
        inputOffset = offset
        knownAccount = nil
        read = before
        maximum = .max
        letters = .max
        overflow = nil
        uncountedLetters = 0
        unpacked = 0
        foundLine = (nil, 0, 0, 0)
        unclosed = 0
        brokenOther = UnsafeRawBufferPointer(start: nil, count: 0)
        salvage = (64 << 20) + 16 * input.count
        searchProgress = SearchProgress()
    }

    /// A search for records in what need not hold any.
    struct SearchProgress {
        /// Whether what is read now is searched.
        var isActive = false
        /// What was looked at and is no record, nor anything that may hide one.
        var skipped = 0
        /// What was found and is known to hold no records.
        var known = 0
    }

    /// What is known from outside a record.
    struct Context {
        /// Overrides the record.
        var known: AccountID?
        /// What the envelope says, for records that do not say it themselves.
        var enclosing: AccountID?
        /// How many documents this one stands in.
        var level = 0
        /// How many bytes those have that are held while this one is read.
        var held = 0
        /// Whether strings are opened as base64, and inventories are read: not where the document tells one record of
        /// another call in the clear, because the prefilter passes over it then.
        var opensBase64 = true
        /// How many wrappers of unknown form it stands in.
        var wrappers = 0
        /// Whether no value is in use any more that the parser of this level has read.
        var isLevelFree = true

        /// What is known of a document within one of so many bytes.
        func inside(_ documentBytes: Int) -> Context {
            guard !isLevelFree else { return self }
            var inner = self
            inner.level += 1
            inner.held += documentBytes
            inner.isLevelFree = true
            return inner
        }
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

    /// A record whose frame is kept until the next one.
    func keep(_ frame: SoundFrame) -> FoundRecord {
        guard let slot else {
            let slot = FrameSlot(frame)
            self.slot = slot
            return FoundRecord(slot)
        }
        slot.frame = frame
        return FoundRecord(slot)
    }

    // MARK: handing over

    /// How many records and other things were met so far.
    var met: Int { read + searchProgress.skipped }

    /// Hands over that a document holds no records, unless something was met in it.
    func emitNone(since before: Int, _ body: (Reading) throws -> Void) rethrows {
        guard met == before else { return }
        if searchProgress.isActive { searchProgress.known += 1 } else { try emitIgnored(1, body) }
    }

    func emitIgnored(_ count: Int, _ body: (Reading) throws -> Void) rethrows {
        guard count > 0, overflow == nil else { return }
        read += count
        try body(.ignored(count: count))
    }

    func emit(
        _ record: FoundRecord,
        _ bytes: UnsafeRawBufferPointer,
        _ body: (Reading) throws -> Void
    ) rethrows {
        guard overflow == nil else { return }
        read += 1
        try body(.record(record, bytes: bytes))
    }

    func emit(_ refusal: Refusal, _ bytes: UnsafeRawBufferPointer, _ body: (Reading) throws -> Void) rethrows
    {
        guard overflow == nil else { return }
        if searchProgress.isActive, refusal.isNoRecord(bytes) {
            searchProgress.skipped += 1
            return
        }
        let index = read
        read += 1
        guard letters > 0 else {
            uncountedLetters += 1
            return
        }
        letters -= 1
        // Where nothing is left of what was read, all that was read is told.
        let told = bytes.isEmpty ? input : bytes
        let letter = DeadLetter(
            reason: refusal.reason,
            text: refusal.text,
            recordIndex: index,
            bytes: told,
            byteOffset: offset(of: told),
            account: refusal.account ?? knownAccount
        )
        try body(.deadLetter(letter))
    }

    /// Where bytes begin in the message or file; nil when they are none of its own.
    public func offset(of bytes: UnsafeRawBufferPointer) -> Int? {
        guard let start = bytes.baseAddress, let base = input.baseAddress, start >= base,
            start < base + input.count
        else { return nil }
        return max(0, inputOffset + (start - base))
    }

    /// Ends the reading: from here on there is more than there may be.
    func stop(at rest: UnsafeRawBufferPointer) { if overflow == nil { overflow = rest } }

    /// Hands over what stands for everything that was not handed over one by one.
    private func emitRest(_ body: (Reading) throws -> Void) rethrows {
        if uncountedLetters > 0 {
            let letter = DeadLetter(
                reason: .tooManyDeadLetters,
                text: "\(uncountedLetters) more parts that cannot be read, after \(limits.deadLetters)",
                recordIndex: read - 1,
                bytes: input,
                byteOffset: offset(of: input),
                count: uncountedLetters,
                account: knownAccount
            )
            try body(.deadLetter(letter))
        }
        if let rest = overflow {
            overflow = nil
            letters = 1
            // What was unpacked is gone when its message is.
            let refusal = Refusal(.tooManyRecords, "more than \(limits.records) records in one message")
            try emit(refusal, offset(of: rest) != nil ? rest : input, body)
        }
        // A bomb must not cost its memory for ever.
        if unpacked > Self.keptUnpacked {
            for level in levels { level.decompressor.release(above: Self.keptUnpacked) }
        }
    }

    private static let keptUnpacked = 64 << 20
}
