internal import CPrefilter

// A list that is broken somewhere: where sound records go on in it.

extension RecordReader {
    /// Ends a broken member where the next sound record begins (a bracket too few makes one member of several), at a
    /// line that begins a value, or where its brackets say.
    func readBroken(
        _ bytes: UnsafeRawBufferPointer,
        _ start: Int,
        _ extent: amiwatch_extent,
        _ refusal: Refusal,
        _ context: Context,
        _ document: Document?,
        _ body: (Reading) throws -> Void
    ) rethrows -> ListEnd {
        let part = bytes.part(0, extent.end)
        let line = part.nextValueLine(from: start)
        let end = line ?? extent.end
        if !extent.in_string, let next = nextRecord(in: bytes.part(0, end), from: start + 1, context) {
            try emit(refusal, bytes.part(start, next), body)
            return .closed(next)
        }
        guard line == nil, !extent.closed else {
            try emit(refusal, bytes.trimmed(start, end), body)
            guard let line else { return .closed(bytes.skippingJunk(from: end)) }
            return document.map { isOutside($0, line) } ?? false ? .cut(line) : .closed(line)
        }
        try emit(
            document?.cut?.refusal ?? Refusal(.truncated, refusal.text),
            bytes.trimmed(start, end),
            body
        )
        return .cut(end)
    }

    /// Whether a value that begins a line is none of the document's list: a member would be followed by a comma or by
    /// the end of the list.
    ///
    /// Where a comma stands before it, it may be a broken member, too: only what is whole on its line is told to be none.
    func isOutside(_ document: Document, _ position: Int, isBehindComma: Bool = false) -> Bool {
        let bytes = document.bytes
        guard position > document.start, position < bytes.count, bytes[position] | 0x20 == 0x7B,
            bytes[position - 1] == 0x0A
        else { return false }
        let isWary = isBehindComma || unclosed >= Self.unclosedValues
        let part = isWary ? bytes.part(0, valueLine(in: bytes, from: position) ?? bytes.count) : bytes
        let extent = prefilter.extent(in: part, from: position)
        guard extent.closed else {
            if !isWary { unclosed += 1 }
            return !isBehindComma
        }
        if isBehindComma, extent.end > bytes.endOfLine(from: position) { return false }
        let next = bytes.skippingSpace(from: extent.end)
        return next == bytes.count || !(bytes[next] == 0x2C || bytes[next] == 0x5D)
    }

    /// The next line that begins with an opening bracket, behind the line that an offset is in.
    ///
    /// What was found last is remembered: where there is none, each broken line would be followed by a search to the end.
    func valueLine(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        let known = foundLine
        if known.base == bytes.baseAddress, known.count == bytes.count, known.from <= start,
            start < known.line
        {
            return known.line < bytes.count ? known.line : nil
        }
        let line = bytes.nextValueLine(from: start)
        foundLine = (bytes.baseAddress, bytes.count, start, line ?? bytes.count)
        return line
    }

    /// The offset of the next object behind a comma that is a sound record, looked for behind a broken one.
    func nextRecord(in bytes: UnsafeRawBufferPointer, from start: Int, _ context: Context) -> Int? {
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

    func isRecord(_ bytes: UnsafeRawBufferPointer, _ context: Context) -> Bool {
        let names = prefilter.names(in: bytes)
        guard names.suspicious || names.plain + names.escaped > 0, bytes.count <= limits.message,
            case .success(let root) = level(context.level).parse(bytes)
        else { return false }
        return root.member("eventName") != nil && root.member("eventSource") != nil
    }
}
