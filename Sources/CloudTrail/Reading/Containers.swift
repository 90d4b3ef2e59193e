internal import CPrefilter
internal import Glibc

/// What the members of a list are.
enum Role {
    /// Records, or envelopes of them.
    case record
    /// `logEvents` of CloudWatch Logs: each has a `message`.
    case logEvent
}

extension RecordReader {
    /// Reads the members of a list from the offset behind its opening bracket, each judged alone, found by
    /// their strings and brackets.
    ///
    /// Gives the offset behind the closing bracket. Where there is none, the rest is one dead letter.
    func readMembers(
        _ bytes: UnsafeRawBufferPointer,
        _ start: Int,
        _ role: Role,
        _ context: Context,
        _ cut: Refusal?,
        _ body: (Reading) throws -> Void
    ) rethrows -> (end: Int, isClosed: Bool) {
        var position = start
        var ignored = 0
        while true {
            position = bytes.skippingSeparators(from: position)
            guard position < bytes.count, bytes[position] != 0x5D else { break }
            guard read + ignored < maximum else {
                try emitIgnored(ignored, body)
                let text = "more than \(limits.records) records"
                try emit(Refusal(.tooManyRecords, text), bytes.part(position, bytes.count), body)
                return (bytes.count, false)
            }
            var extent = amiwatch_extent()
            if validation == .candidates, bytes[position] == 0x7B {
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
            if !extent.closed { extent = prefilter.extent(in: bytes, from: position) }
            guard extent.closed else {
                salvage -= bytes.count - position
                try emitIgnored(ignored, body)
                ignored = 0
                guard !extent.in_string, let next = nextRecord(in: bytes, from: position + 1, context) else {
                    let text = extent.in_string ? "a string is not closed" : "a bracket is not closed"
                    try emit(cut ?? Refusal(.truncated, text), bytes.part(position, bytes.count), body)
                    return (bytes.count, false)
                }
                try emit(Refusal(.notJSON, "a bracket is not closed"), bytes.part(position, next), body)
                position = next
                continue
            }
            try emitIgnored(ignored, body)
            ignored = 0
            position = try readMember(bytes, position, extent.end, role, context, body)
        }
        try emitIgnored(ignored, body)
        guard position < bytes.count else {
            try emit(
                cut ?? Refusal(.truncated, "the list ends too early"),
                bytes.part(bytes.count, bytes.count),
                body
            )
            return (bytes.count, false)
        }
        return (position + 1, true)
    }

    /// Reads one member that needs a closer look.
    ///
    /// Gives the offset at which the next one may begin.
    private func readMember(
        _ bytes: UnsafeRawBufferPointer,
        _ start: Int,
        _ end: Int,
        _ role: Role,
        _ context: Context,
        _ body: (Reading) throws -> Void
    ) rethrows -> Int {
        let before = read
        switch try readDocument(bytes.part(start, end), role, context, body) {
        case .done, .nothing:
            if read == before { try emitIgnored(1, body) }
        case .notification: break
        case .refused(let refusal, let broken):
            // A bracket too few makes one member of several: the next sound record ends the broken one.
            if broken, let next = nextRecord(in: bytes.part(0, end), from: start + 1, context) {
                try emit(refusal, bytes.part(start, next), body)
                return next
            }
            try emit(refusal, bytes.part(start, end), body)
        }
        return bytes.skippingJunk(from: end)
    }

    /// The offset of the next object behind a comma that is a sound record, looked for behind a broken one.
    private func nextRecord(in bytes: UnsafeRawBufferPointer, from start: Int, _ context: Context) -> Int? {
        var position = start
        var isBehindComma = false
        while position < bytes.count, salvage > 0 {
            switch bytes[position] {
            case 0x22:
                position = prefilter.extent(in: bytes, from: position).end
                isBehindComma = false
                continue
            case 0x2C: isBehindComma = true
            case 0x20, 0x09, 0x0A, 0x0D: break
            case 0x7B where isBehindComma:
                let extent = prefilter.extent(in: bytes, from: position)
                salvage -= extent.end - position
                if extent.closed, isRecord(bytes.part(position, extent.end), context) { return position }
                isBehindComma = false
            default: isBehindComma = false
            }
            position += 1
        }
        return nil
    }

    private func isRecord(_ bytes: UnsafeRawBufferPointer, _ context: Context) -> Bool {
        let names = prefilter.names(in: bytes)
        guard names.suspicious || names.plain + names.escaped > 0, bytes.count <= limits.message,
            case .success(let root) = level(context.level).parse(bytes)
        else { return false }
        return root.member("eventName") != nil && root.member("eventSource") != nil
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
    func rawMember(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> (key: RawKey, value: Int, end: Int)? {
        let open = bytes.skippingSpace(from: start)
        guard self.bytes(bytes, at: open, are: 0x22) else { return nil }
        let key = prefilter.extent(in: bytes, from: open)
        let colon = bytes.skippingSpace(from: key.end)
        guard key.closed, self.bytes(bytes, at: colon, are: 0x3A) else { return nil }
        let value = bytes.skippingSpace(from: colon + 1)
        guard value < bytes.count else { return nil }
        return (
            RawKey(text: UTF8Text(bytes.part(open + 1, key.end - 1))), value,
            prefilter.extent(in: bytes, from: value).end
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

/// A key as it is spelled in the input.
struct RawKey {
    let text: UTF8Text

    static func == (key: RawKey, name: StaticString) -> Bool { key.text == name }

    static func ~= (name: StaticString, key: RawKey) -> Bool { key.text == name }
}

extension UnsafeRawBufferPointer {
    fileprivate func skippingSeparators(from start: Int) -> Int {
        var position = skippingSpace(from: start)
        while position < count, self[position] == 0x2C { position = skippingSpace(from: position + 1) }
        return position
    }

    /// Behind a member only a comma, the end of the list or (a comma forgotten) the next member can stand.
    fileprivate func skippingJunk(from start: Int) -> Int {
        var position = skippingSpace(from: start)
        while position < count {
            switch self[position] {
            case 0x2C, 0x5D, 0x7B: return position
            default: position += 1
            }
        }
        return position
    }

    /// The offset behind the line that an offset is in.
    func endOfLine(from start: Int) -> Int {
        guard let base = baseAddress, start < count, let found = memchr(base + start, 0x0A, count - start)
        else {
            return count
        }
        return base.distance(to: UnsafeRawPointer(found)) + 1
    }

    /// The next line that begins with an opening bracket.
    func nextValueLine(from start: Int) -> Int? {
        var line = endOfLine(from: start)
        while line < count {
            if self[line] | 0x20 == 0x7B { return line }
            line = endOfLine(from: line)
        }
        return nil
    }

    func skippingSpaceBackwards(from end: Int, to start: Int) -> Int {
        var position = end
        while position > start, self[position - 1] <= 0x20 { position -= 1 }
        return position
    }

    var isNull: Bool { UTF8Text(self) == "null" }
}
