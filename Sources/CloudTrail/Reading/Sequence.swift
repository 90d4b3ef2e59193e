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

extension RecordReader {
    /// The longest message that is parsed before its brackets were looked at: what parsing takes up is many times that.
    private static let aloneBytes = 1 << 18

    /// Reads JSON values one after the other; `cut` tells that the input was cut off or damaged at its end.
    func readSequence(
        _ bytes: UnsafeRawBufferPointer,
        _ context: Context,
        cut: Refusal?,
        _ body: (Reading) throws -> Void
    ) rethrows {
        var isCutReported = cut == nil
        var position = bytes.skippingSpace(from: 0)
        while position < bytes.count {
            let before = read
            let (end, isUnclosed) = try readValue(bytes, position, context, cut, body)
            if isUnclosed { isCutReported = true }
            if read == before { try emitIgnored(1, body) }
            position = bytes.skippingSpace(from: end)
        }
        if !isCutReported, let cut { try emit(cut, bytes.part(bytes.count, bytes.count), body) }
    }

    /// Reads a message that is one document from its first byte to its last, as nearly all candidates are: then the
    /// parser also tells where it ends.
    ///
    /// False when it is not, or may be something that is cut apart by its brackets.
    func readAlone(
        _ message: UnsafeRawBufferPointer,
        _ context: Context,
        _ body: (Reading) throws -> Void
    ) rethrows -> Bool {
        guard message.count > 2, message.count <= Self.aloneBytes, message[0] == 0x7B,
            message[message.count - 1] == 0x7D, recordsArray(message, 0) == nil,
            !UTF8Text(message).hasPrefix(InventoryMessage.beginning),
            prefilter.names(in: message).suspicious,
            case .success(let root) = level(context.level).parse(message)
        else { return false }
        if case .refused(let refusal, _) = try open(root, message, .record, context, body) {
            try emit(refusal, message, body)
        }
        return true
    }

    /// Reads one value, or a line that is none.
    ///
    /// Gives the offset behind it, and whether it was cut off by the end.
    private func readValue(
        _ bytes: UnsafeRawBufferPointer,
        _ start: Int,
        _ context: Context,
        _ cut: Refusal?,
        _ body: (Reading) throws -> Void
    ) rethrows -> (end: Int, isUnclosed: Bool) {
        if let array = recordsArray(bytes, start) {
            return try readRecords(bytes, array, context, cut, body)
        }
        let byte = bytes[start]
        if byte == 0x5B {
            let (end, isClosed) = try readMembers(bytes, start + 1, .record, context, cut, body)
            return (end, !isClosed)
        }
        guard byte == 0x7B || byte == 0x22 else {
            let end = bytes.endOfLine(from: start)
            if bytes.part(start, bytes.skippingSpaceBackwards(from: end, to: start)).isNull {
                return (end, false)
            }
            try emit(Refusal(.notJSON, "neither an object nor a list"), bytes.part(start, end), body)
            return (end, false)
        }
        // Every unclosed value costs a scan to the end; after some of them no value may cross into a line that
        // looks like the next one.
        let bound = unclosed < 64 ? bytes.count : bytes.nextValueLine(from: start) ?? bytes.count
        let extent = prefilter.extent(in: bytes.part(0, bound), from: start)
        guard extent.closed else {
            return try readUnclosed(bytes, start, extent, context, cut, body)
        }
        let value = bytes.part(start, extent.end)
        guard case .refused(let refusal, let broken) = try readDocument(value, .record, context, body) else {
            return (extent.end, false)
        }
        var end = extent.end
        if broken {
            if let found = container(in: value) {
                let (_, isClosed) = try readMembers(value, found.start, found.role, context, cut, body)
                return (end, !isClosed && end == bytes.count)
            }
            if let line = bytes.nextValueLine(from: start), line < end { end = line }
        }
        try emit(refusal, bytes.part(start, end), body)
        return (end, false)
    }

    private func readUnclosed(
        _ bytes: UnsafeRawBufferPointer,
        _ start: Int,
        _ extent: amiwatch_extent,
        _ context: Context,
        _ cut: Refusal?,
        _ body: (Reading) throws -> Void
    ) rethrows -> (end: Int, isUnclosed: Bool) {
        unclosed += 1
        let rest = bytes.part(start, bytes.count)
        if let found = container(in: rest) {
            let (_, isClosed) = try readMembers(rest, found.start, found.role, context, cut, body)
            if isClosed {
                try emit(
                    cut ?? Refusal(.truncated, "the document ends too early"),
                    rest.part(rest.count, rest.count),
                    body
                )
            }
            return (bytes.count, true)
        }
        let end = bytes.nextValueLine(from: start) ?? bytes.count
        let refusal =
            end == bytes.count
            ? cut
                ?? Refusal(
                    .truncated,
                    extent.in_string ? "a string is not closed" : "a bracket is not closed"
                )
            : Refusal(.notJSON, extent.in_string ? "a string is not closed" : "a bracket is not closed")
        try emit(refusal, bytes.part(start, end), body)
        return (end, end == bytes.count)
    }

    /// Reads `{"Records":[…]}`: the members, and what stands behind them.
    private func readRecords(
        _ bytes: UnsafeRawBufferPointer,
        _ array: Int,
        _ context: Context,
        _ cut: Refusal?,
        _ body: (Reading) throws -> Void
    ) rethrows -> (end: Int, isUnclosed: Bool) {
        var (position, isClosed) = try readMembers(bytes, array, .record, context, cut, body)
        guard isClosed else { return (position, true) }
        while true {
            position = bytes.skippingSpace(from: position)
            guard position < bytes.count else { break }
            if bytes[position] == 0x7D { return (position + 1, false) }
            guard bytes[position] == 0x2C, let member = rawMember(bytes, position + 1) else { break }
            // Another list of records under the same key cannot be un-read: both count.
            if member.key == "Records", bytes[member.value] == 0x5B {
                (position, isClosed) = try readMembers(bytes, member.value + 1, .record, context, cut, body)
                guard isClosed else { return (position, true) }
            } else {
                position = member.end
            }
        }
        try emit(
            cut ?? Refusal(.truncated, "the document ends too early"),
            bytes.part(position, bytes.count),
            body
        )
        return (bytes.count, true)
    }

    /// Reads one whole document.
    func readDocument(
        _ document: UnsafeRawBufferPointer,
        _ role: Role,
        _ context: Context,
        _ body: (Reading) throws -> Void
    ) rethrows -> Outcome {
        if context.level == 0, UTF8Text(document).hasPrefix(InventoryMessage.beginning) {
            return try readInventory(document, context, body)
        }
        let names = prefilter.names(in: document)
        if validation == .candidates, document[0] == 0x7B, !names.suspicious {
            if names.plain == 1, names.escaped == 0 {
                try emitIgnored(1, body)
                return .done
            }
            if names.escaped > 0 {
                if let found = container(in: document) {
                    _ = try readMembers(document, found.start, found.role, context, nil, body)
                    return .done
                }
                if names.plain + names.escaped == 1 {
                    try emitIgnored(1, body)
                    return .done
                }
            }
        }
        guard document.count <= limits.message else {
            return .refused(
                Refusal(.tooLarge, "\(document.count) bytes, more than \(limits.message)"),
                broken: true
            )
        }
        var context = context
        if !names.suspicious, names.plain + names.escaped > 0 { context.opensBase64 = false }
        switch level(context.level).parse(document) {
        case .success(let root): return try open(root, document, role, context, body)
        case .failure(let problem): return .refused(Refusal(problem), broken: true)
        }
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
