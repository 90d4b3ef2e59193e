internal import CPrefilter

/// What the members of a list are.
enum Role {
    /// Records, or envelopes of them.
    case record
    /// `logEvents` of CloudWatch Logs: each has a `message`.
    case logEvent
}

/// A document of a sequence, from its beginning; where it ends is not known yet.
struct Document {
    /// The sequence, as far as the document may reach.
    let bytes: UnsafeRawBufferPointer
    let start: Int
    /// That the sequence was cut off at its end.
    let cut: EarlyEnd?

    /// What stands for all of it, up to an offset; the packed bytes where it was cut off at its end.
    func part(to end: Int) -> UnsafeRawBufferPointer {
        if let cut, end == bytes.count { return cut.source }
        return bytes.trimmed(start, end)
    }
}

/// Where a list ends.
enum ListEnd {
    /// Behind its closing bracket.
    case closed(Int)
    /// It has none, and a dead letter says so; here goes on what does not belong to it.
    case cut(Int)
}

extension RecordReader {
    /// Reads a document's list of records, and what stands behind it in the document.
    ///
    /// A document that is cut off costs itself alone: the next line that begins a value is none of it, unless it goes on
    /// as a member of the list would.
    func readList(
        _ document: Document,
        from list: Int,
        _ role: Role,
        _ context: Context,
        _ body: (Reading) throws -> Void
    ) rethrows -> ListEnd {
        let bytes = document.bytes
        note(bytes[document.start] == 0x5B ? .list : role == .logEvent ? .cloudWatchLogs : .logFile)
        var position: Int
        switch try readMembers(bytes, list, role, context, document, body) {
        case .cut(let end): return .cut(end)
        case .closed(let end): position = end
        }
        guard bytes[document.start] == 0x7B else { return .closed(position) }
        var hasName = false
        while overflow == nil {
            position = bytes.skippingSpace(from: position)
            guard position < bytes.count else { break }
            if bytes[position] == 0x7D {
                if hasName { try readFrame(bytes.part(document.start, position + 1), context, body) }
                return .closed(position + 1)
            }
            guard bytes[position] == 0x2C, let member = rawMember(bytes, position + 1), member.isClosed else {
                break
            }
            // A text never goes over lines, and a line that begins as a value does not belong to the key before it.
            let line = bytes.part(0, member.end).nextValueLine(from: position)
            guard line == nil || (bytes[member.value] | 0x20 == 0x7B && line != member.value) else { break }
            hasName = hasName || member.key == "eventName"
            // Another list of records under the same key cannot be un-read: both count.
            guard member.key == "Records", bytes[member.value] == 0x5B else {
                position = member.end
                continue
            }
            switch try readMembers(bytes, member.value + 1, .record, context, document, body) {
            case .cut(let end): return .cut(end)
            case .closed(let end): position = end
            }
        }
        let end = position < bytes.count ? valueLine(in: bytes, from: position - 1) ?? bytes.count : position
        let refusal = end == bytes.count ? document.cut?.refusal : nil
        let rest = bytes.trimmed(min(position, end), end)
        try emit(
            refusal ?? Refusal(.truncated, "the JSON document is truncated"),
            rest.isEmpty ? document.part(to: end) : rest,
            body
        )
        return .cut(end)
    }

    /// Reads the record whose frame stands behind a list of its object.
    private func readFrame(
        _ object: UnsafeRawBufferPointer,
        _ context: Context,
        _ body: (Reading) throws -> Void
    ) rethrows {
        guard object.count <= limits.message, case .success(let root) = level(context.level).parse(object)
        else { return }
        let shape = Shape(root)
        guard shape.frame.isWhole else { return }
        if case .refused(let refusal, _) = try openRecord(shape, root, object, context, body) {
            try emit(refusal, object, body)
        }
    }

    /// Reads the members of a list from the offset behind its opening bracket, each judged alone, found by
    /// their strings and brackets.
    ///
    /// Where there is no closing bracket, the rest is one dead letter.
    ///
    /// - Parameters:
    ///   - bytes: What the list stands in.
    ///   - start: The offset behind the opening bracket.
    ///   - role: What the members are.
    ///   - context: What is known from outside.
    ///   - document: The document of a sequence that the list is in; nil within a document that is sound.
    ///   - body: Called for each record.
    /// - Returns: Where the list ends.
    func readMembers(
        _ bytes: UnsafeRawBufferPointer,
        _ start: Int,
        _ role: Role,
        _ context: Context,
        _ document: Document?,
        _ body: (Reading) throws -> Void
    ) rethrows -> ListEnd {
        var position = start
        var ignored = 0
        while overflow == nil {
            let first = bytes.skippingSpace(from: position)
            let isBehindComma = position == start || bytes.skippingSeparators(from: first) != first
            position = bytes.skippingSeparators(from: first)
            guard position < bytes.count, bytes[position] != 0x5D else { break }
            if let document, isOutside(document, position, isBehindComma: isBehindComma) {
                try emitIgnored(ignored, body)
                let refusal = Refusal(.truncated, "the JSON array is truncated")
                try emit(refusal, document.part(to: position), body)
                return .cut(position)
            }
            guard read + ignored < maximum else {
                try emitIgnored(ignored, body)
                stop(at: bytes.part(position, bytes.count))
                return .cut(bytes.count)
            }
            var extent = amiwatch_extent()
            // An unclosed member costs a scan to the end: after some of them each ends at the next line.
            let isWary = unclosed >= Self.unclosedValues
            if validation == .candidates, bytes[position] == 0x7B, !isWary {
                let room = maximum - read - ignored
                let run = prefilter.ignorableMembers(in: bytes, from: position, atMost: room)
                ignored += run.count
                if run.next_end > 0 {
                    position = run.next_start
                    extent = amiwatch_extent(end: run.next_end, closed: true, in_string: false)
                } else if run.count > 0 {
                    position = bytes.skippingJunk(from: run.end)
                    continue
                }
            }
            if !extent.closed {
                extent = prefilter.extent(
                    in: isWary ? bytes.part(0, valueLine(in: bytes, from: position) ?? bytes.count) : bytes,
                    from: position
                )
            }
            try emitIgnored(ignored, body)
            ignored = 0
            guard extent.closed else {
                salvage -= bytes.count - position
                unclosed += 1
                let text = extent.in_string ? "a string is not closed" : "a bracket is not closed"
                switch try readBroken(
                    bytes,
                    position,
                    extent,
                    Refusal(.notJSON, text),
                    context,
                    document,
                    body
                ) {
                case .closed(let next): position = next
                case .cut(let end): return .cut(end)
                }
                continue
            }
            switch try readMember(bytes, position, extent, role, context, document, body) {
            case .closed(let next): position = next
            case .cut(let end): return .cut(end)
            }
        }
        try emitIgnored(ignored, body)
        guard position < bytes.count, overflow == nil else {
            try emit(
                document?.cut?.refusal ?? Refusal(.truncated, "the JSON array is truncated"),
                document?.part(to: bytes.count) ?? bytes,
                body
            )
            return .cut(bytes.count)
        }
        return .closed(position + 1)
    }

    /// Reads one member that needs a closer look.
    ///
    /// `closed` gives the offset at which the next one may begin.
    private func readMember(
        _ bytes: UnsafeRawBufferPointer,
        _ start: Int,
        _ extent: amiwatch_extent,
        _ role: Role,
        _ context: Context,
        _ document: Document?,
        _ body: (Reading) throws -> Void
    ) rethrows -> ListEnd {
        let before = met
        switch try readDocument(bytes.part(start, extent.end), role, context, body) {
        case .done, .nothing:
            try emitNone(since: before, body)
        case .notification: break
        case .refused(let refusal, broken: true):
            return try readBroken(bytes, start, extent, refusal, context, document, body)
        case .refused(let refusal, broken: false): try emit(refusal, bytes.part(start, extent.end), body)
        }
        return .closed(bytes.skippingJunk(from: extent.end))
    }

    /// The list that makes an object a container, by its keys as they are spelled.
    func container(in object: UnsafeRawBufferPointer) -> (start: Int, role: Role)? {
        guard object.count > 2, object[0] == 0x7B else { return nil }
        var found: (start: Int, role: Role)?
        var position = 1
        while let member = rawMember(object, position) {
            if bytes(object, at: member.value, are: 0x5B) {
                switch member.key {
                case "Records": return (member.value + 1, .record)
                case "logEvents": found = (member.value + 1, .logEvent)
                case "Events": if found == nil { found = (member.value + 1, .record) }
                default: break
                }
            }
            position = object.skippingSpace(from: member.end)
            guard bytes(object, at: position, are: 0x2C) else { break }
            position += 1
        }
        return found
    }

    /// The member of an object that begins at an offset, by its strings and brackets; nil where there is none.
    func rawMember(
        _ bytes: UnsafeRawBufferPointer,
        _ start: Int
    ) -> (key: RawKey, value: Int, end: Int, isClosed: Bool)? {
        let open = bytes.skippingSpace(from: start)
        guard self.bytes(bytes, at: open, are: 0x22) else { return nil }
        let key = prefilter.extent(in: bytes, from: open)
        let colon = bytes.skippingSpace(from: key.end)
        guard key.closed, self.bytes(bytes, at: colon, are: 0x3A) else { return nil }
        let value = bytes.skippingSpace(from: colon + 1)
        guard value < bytes.count else { return nil }
        let extent = prefilter.extent(in: bytes, from: value)
        return (
            RawKey(text: UTF8Text(bytes.part(open + 1, key.end - 1))), value, extent.end, extent.closed
        )
    }

    /// The bytes of an object's member, by its place among the members.
    func rawValue(_ object: UnsafeRawBufferPointer, _ ordinal: Int) -> UnsafeRawBufferPointer {
        var position = object.skippingSpace(from: 0) + 1
        var index = 0
        while let member = rawMember(object, position) {
            if index == ordinal { return object.part(member.value, member.end) }
            index += 1
            position = object.skippingSpace(from: member.end) + 1
        }
        return object
    }

    private func bytes(_ bytes: UnsafeRawBufferPointer, at position: Int, are byte: UInt8) -> Bool {
        position < bytes.count && bytes[position] == byte
    }

    /// Whether the first member of a list is an object, or its beginning is all there is.
    ///
    /// Any other list may stand beside a record's own frame, which decides then.
    func beginsWithObject(_ bytes: UnsafeRawBufferPointer, _ list: Int) -> Bool {
        let first = bytes.skippingSpace(from: list)
        guard first < bytes.count else { return true }
        let next = bytes.skippingSpace(from: first + 1)
        return bytes[first] == 0x7B && (next == bytes.count || bytes[next] == 0x22)
    }

    /// The offset behind `{"Records":[` when that stands at an offset.
    func recordsArray(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Int? {
        guard bytes[start] == 0x7B else { return nil }
        let quote = bytes.skippingSpace(from: start + 1)
        guard bytes.count - quote > 11, UTF8Text(bytes.part(quote, quote + 9)) == "\"Records\"" else {
            return nil
        }
        let colon = bytes.skippingSpace(from: quote + 9)
        guard self.bytes(bytes, at: colon, are: 0x3A) else { return nil }
        let bracket = bytes.skippingSpace(from: colon + 1)
        return self.bytes(bytes, at: bracket, are: 0x5B) ? bracket + 1 : nil
    }
}
