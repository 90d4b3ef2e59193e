internal import CPrefilter
internal import Glibc

/// What became of one JSON document.
enum Outcome {
    /// Its records were handed over.
    case done
    /// It holds none: a control message, a digest…
    case nothing
    /// It is a notification of S3, whose `Records` are no records.
    case notification
    /// Nothing was handed over; broken means that it is no JSON, so that more may hide behind it.
    case refused(Refusal, broken: Bool)
}

/// That an input ends before its time.
struct EarlyEnd {
    let refusal: Refusal
    /// The packed bytes that were read: what is told where no unpacked ones are left over.
    let source: UnsafeRawBufferPointer
}

extension RecordReader {
    /// The longest message that is parsed before its brackets were looked at: what parsing takes up is many times that.
    private static let aloneBytes = 1 << 18

    /// So many unclosed values may each cost a scan to the end of the input.
    static let unclosedValues = 64

    /// Reads JSON values one after the other; `cut` tells that the input was cut off or damaged at its end.
    func readSequence(
        _ bytes: UnsafeRawBufferPointer,
        _ context: Context,
        cut: EarlyEnd?,
        _ body: (Reading) throws -> Void
    ) rethrows {
        var isCutReported = cut == nil
        var position = Self.isTable(bytes) ? try readTable(bytes, body) : bytes.skippingSpace(from: 0)
        while position < bytes.count, overflow == nil {
            guard read < maximum else { return stop(at: bytes.part(position, bytes.count)) }
            let before = met
            let (end, isUnclosed) = try readValue(bytes, position, context, cut, body)
            if isUnclosed { isCutReported = true }
            try emitNone(since: before, body)
            position = bytes.skippingSpace(from: end)
        }
        if !isCutReported, let cut { try emit(cut.refusal, cut.source, body) }
    }

    /// Reads a message with suspicious names that is one document from its first byte to its last, as nearly all
    /// candidates are: then the parser also tells where it ends.
    ///
    /// False when it is not, or may be something that is cut apart by its brackets.
    func readAlone(
        _ message: UnsafeRawBufferPointer,
        _ context: Context,
        _ body: (Reading) throws -> Void
    ) rethrows -> Bool {
        guard message.count > 2, message.count <= Self.aloneBytes, message[0] == 0x7B,
            message[message.count - 1] == 0x7D,
            recordsArray(message, 0).map({ !beginsWithObject(message, $0) }) ?? true,
            !UTF8Text(message).hasPrefix(InventoryMessage.beginning),
            case .success(let root) = level(context.level).parse(message)
        else { return false }
        var context = context
        context.isLevelFree = false
        if case .refused(let refusal, _) = try open(root, message, .record, context, body) {
            try emit(refusal, message, body)
        }
        return true
    }

    /// Reads one value, or lines that are none.
    ///
    /// Gives the offset behind it, and whether it was cut off by the end.
    private func readValue(
        _ bytes: UnsafeRawBufferPointer,
        _ start: Int,
        _ context: Context,
        _ cut: EarlyEnd?,
        _ body: (Reading) throws -> Void
    ) rethrows -> (end: Int, isUnclosed: Bool) {
        // Every unclosed value costs a scan to the end; after some of them no value may cross into a line that
        // looks like the next one.
        let bound =
            unclosed < Self.unclosedValues
            ? bytes.count : valueLine(in: bytes, from: start) ?? bytes.count
        let document = Document(
            bytes: bytes.part(0, bound),
            start: start,
            cut: bound == bytes.count ? cut : nil
        )
        if let array = recordsArray(bytes, start), beginsWithObject(bytes, array) {
            return ended(try readList(document, from: array, .record, context, body), bytes)
        }
        switch bytes[start] {
        case 0x5B: return ended(try readList(document, from: start + 1, .record, context, body), bytes)
        case 0x7B, 0x22: return try readObject(document, context, body)
        default: return (try readJunk(bytes, start, body), false)
        }
    }

    private func ended(_ list: ListEnd, _ bytes: UnsafeRawBufferPointer) -> (end: Int, isUnclosed: Bool) {
        switch list {
        case .closed(let end): (end, false)
        case .cut(let end): (end, end == bytes.count)
        }
    }

    /// Reads lines that begin no value: all that follow each other are one dead letter.
    private func readJunk(
        _ bytes: UnsafeRawBufferPointer,
        _ start: Int,
        _ body: (Reading) throws -> Void
    ) rethrows -> Int {
        var line = start
        var end = start
        while line < bytes.count, bytes[line] != 0x22, bytes[line] | 0x20 != 0x7B {
            let next = bytes.endOfLine(from: line)
            if bytes.trimmed(line, next).isNull {
                if line == start { return next }
                break
            }
            end = next
            line = bytes.skippingSpace(from: next)
        }
        try emit(Refusal(.notJSON, "neither an object nor a list"), bytes.trimmed(start, end), body)
        return end
    }

    /// Reads an object or a string.
    private func readObject(
        _ document: Document,
        _ context: Context,
        _ body: (Reading) throws -> Void
    ) rethrows -> (end: Int, isUnclosed: Bool) {
        let (bytes, start) = (document.bytes, document.start)
        let extent = prefilter.extent(in: bytes, from: start)
        guard extent.closed else { return try readUnclosed(document, extent, context, body) }
        let value = bytes.part(start, extent.end)
        guard case .refused(let refusal, let broken) = try readDocument(value, .record, context, body) else {
            return (extent.end, false)
        }
        var end = extent.end
        if broken {
            if let found = container(in: value) {
                let whole = Document(bytes: bytes.part(0, extent.end), start: start, cut: nil)
                let list = try readList(whole, from: start + found.start, found.role, context, body)
                return (ended(list, bytes).end, false)
            }
            if let line = value.nextValueLine(from: 0) { end = start + line }
        }
        try emit(refusal, bytes.trimmed(start, end), body)
        return (end, false)
    }

    private func readUnclosed(
        _ document: Document,
        _ extent: amiwatch_extent,
        _ context: Context,
        _ body: (Reading) throws -> Void
    ) rethrows -> (end: Int, isUnclosed: Bool) {
        unclosed += 1
        let (bytes, start) = (document.bytes, document.start)
        if let found = container(in: bytes.part(start, bytes.count)) {
            return ended(try readList(document, from: start + found.start, found.role, context, body), bytes)
        }
        let end = valueLine(in: bytes, from: start) ?? bytes.count
        let text = extent.in_string ? "a string is not closed" : "a bracket is not closed"
        let refusal =
            end == bytes.count ? document.cut?.refusal ?? Refusal(.truncated, text) : Refusal(.notJSON, text)
        try emit(refusal, bytes.trimmed(start, end), body)
        return (end, end == bytes.count)
    }

    /// Reads one whole document.
    func readDocument(
        _ document: UnsafeRawBufferPointer,
        _ role: Role,
        _ context: Context,
        _ body: (Reading) throws -> Void
    ) rethrows -> Outcome {
        var context = context
        if brokenOther.contains(document) { context.opensBase64 = false }
        if context.level == 0, context.opensBase64, UTF8Text(document).hasPrefix(InventoryMessage.beginning) {
            return try readInventory(document, context, body)
        }
        let names = prefilter.names(in: document)
        if validation == .candidates, document[0] == 0x7B, !names.suspicious {
            if names.escaped > 0, let found = container(in: document) {
                _ = try readMembers(document, found.start, found.role, context, nil, body)
                return .done
            }
            if names.one_other_call {
                try emitIgnored(1, body)
                return .done
            }
        }
        context.isLevelFree = false
        let isOfOther = names.one_other_call && (names.escaped == 0 || container(in: document) == nil)
        if isOfOther { context.opensBase64 = false }
        let refusal: Refusal
        if document.count > limits.message {
            refusal = Refusal(.tooLarge, "\(document.count) bytes, more than \(limits.message)")
        } else {
            switch level(context.level).parse(document) {
            case .success(let root): return try open(root, document, role, context, body)
            case .failure(let problem): refusal = Refusal(problem)
            }
        }
        if isOfOther, !brokenOther.contains(document) { brokenOther = document }
        return .refused(refusal, broken: true)
    }

    /// Reads what `amiwatch inventory` publishes: a document that stands alone, and begins with its key, so that the
    /// prefilter knows it.
    private func readInventory(
        _ document: UnsafeRawBufferPointer,
        _ context: Context,
        _ body: (Reading) throws -> Void
    ) rethrows -> Outcome {
        let decoded = level(context.level).parse(document).mapError { Refusal($0) }
            .flatMap { root in Result { () throws(Refusal) in try InventoryMessage.decode(root) } }
        switch decoded {
        case .success(let record): try emit(FoundRecord(record), document, body)
        case .failure(let refusal): return .refused(refusal, broken: false)
        }
        return .done
    }
}
