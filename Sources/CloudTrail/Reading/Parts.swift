public import Compression
internal import CPrefilter

/// Reading files that do not fit into memory, part by part.
extension RecordReader {
    /// Where a window onto a long file can be cut, so that what stands before can be read on its own.
    public enum Cut: Hashable, Sendable {
        /// Behind a value.
        case value(end: Int)
        /// Behind a member of the list that the window begins with: the rest begins as another member of such a list.
        case member(end: Int, of: LongList)
        /// Behind a list whose object goes on behind the window.
        case list(end: Int, of: LongList)
        /// Nowhere: what begins at an offset, a value or a member of the list, fills the window, or is broken.
        case nowhere(start: Int, of: LongList?)
    }

    /// A list of records that does not fit into a window: how a part of it is made a document again.
    public enum LongList: Hashable, Sendable {
        /// `{"Records":[…]}`.
        case records
        /// `{"logEvents":[…]}`.
        case logEvents
        /// `{"Events":[…]}`.
        case events
        /// `[…]`.
        case bare

        init?(key: RawKey) {
            switch key {
            case "Records": self = .records
            case "logEvents": self = .logEvents
            case "Events": self = .events
            default: return nil
            }
        }

        /// What stands before the members.
        public var opening: StaticString {
            switch self {
            case .records: "{\"Records\":["
            case .logEvents: "{\"logEvents\":["
            case .events: "{\"Events\":["
            case .bare: "["
            }
        }

        /// What stands behind them.
        public var closing: StaticString { self == .bare ? "]" : "]}" }
    }

    /// Finds the last place to cut a window that begins with a value.
    public func cut(_ window: UnsafeRawBufferPointer) -> Cut {
        unclosed = 0
        var end = 0
        var position = window.skippingSpace(from: 0)
        while position < window.count {
            guard let next = valueEnd(window, position) else { break }
            end = next
            position = window.skippingSpace(from: next)
        }
        if position == window.count { end = position }
        if end > 0 { return .value(end: end) }
        guard let list = longList(window, position) else { return .nowhere(start: position, of: nil) }
        return cut(window, document: position, list.kind, from: list.start)
    }

    /// Finds the last place to cut between the members of a list.
    private func cut(
        _ window: UnsafeRawBufferPointer,
        document: Int,
        _ list: LongList,
        from start: Int
    ) -> Cut {
        let document = Document(bytes: window, start: document, cut: nil)
        // The last member found stays in the window, so that the rest is never a list of none.
        var ends = (last: 0, beforeLast: 0)
        var position = window.skippingSeparators(from: start)
        while position < window.count, window[position] != 0x5D {
            let extent = prefilter.extent(in: window, from: position)
            guard extent.closed, extent.end < window.count else { break }
            ends = (extent.end, ends.last)
            let next = window.skippingSpace(from: extent.end)
            if isOutside(document, next) { return .value(end: next) }
            position = window.skippingSeparators(from: next)
        }
        // Another member follows, or its beginning.
        if ends.last > 0, position < window.count, window[position] != 0x5D {
            return .member(end: ends.last, of: list)
        }
        if ends.beforeLast > 0 { return .member(end: ends.beforeLast, of: list) }
        if position < window.count, window[position] == 0x5D { return .list(end: position + 1, of: list) }
        return .nowhere(start: window.skippingSeparators(from: start), of: list)
    }

    /// The list of records that makes a document too long: the first one that is not closed.
    private func longList(
        _ window: UnsafeRawBufferPointer,
        _ start: Int
    ) -> (kind: LongList, start: Int)? {
        if window[start] == 0x5B { return (.bare, start + 1) }
        guard window[start] == 0x7B else { return nil }
        var position = start + 1
        while let member = rawMember(window, position) {
            if window[member.value] == 0x5B, let list = LongList(key: member.key) {
                return (list, member.value + 1)
            }
            guard member.isClosed else { return nil }
            position = window.skippingSpace(from: member.end)
            guard position < window.count, window[position] == 0x2C else { return nil }
            position += 1
        }
        return nil
    }

    /// Whether a value, with which a line begins, goes on as a member of a list does: with a comma, or the list's end.
    public func isMember(_ window: UnsafeRawBufferPointer, at line: Int) -> Bool {
        guard line < window.count else { return false }
        let extent = prefilter.extent(in: window, from: line)
        let next = window.skippingSpace(from: extent.end)
        return extent.closed && next < window.count && (window[next] == 0x2C || window[next] == 0x5D)
    }

    /// Where a value ends, when something stands behind it that can stand between values.
    ///
    /// Anything else tells that a quote is missing somewhere, and that the end is none.
    private func valueEnd(_ window: UnsafeRawBufferPointer, _ start: Int) -> Int? {
        let first = window[start]
        guard first == 0x7B || first == 0x5B || first == 0x22 else {
            let end = window.endOfLine(from: start)
            return end < window.count ? end : nil
        }
        let extent = prefilter.extent(in: window, from: start)
        guard extent.closed, extent.end < window.count else { return nil }
        switch window[extent.end] {
        case 0x20, 0x09, 0x0A, 0x0D, 0x7B, 0x5B: return extent.end
        default: return nil
        }
    }

    /// The last line of a window that begins as a value does, for when there is no place to cut.
    public func lastValueLine(_ window: UnsafeRawBufferPointer) -> Int? {
        var position = window.count - 1
        while position > 0 {
            if window[position - 1] == 0x0A, window[position] | 0x20 == 0x7B { return position }
            position -= 1
        }
        return nil
    }

    /// The first line of a window that begins as a value does, behind the line that an offset is in.
    public func nextValueLine(_ window: UnsafeRawBufferPointer, from start: Int) -> Int? {
        window.nextValueLine(from: start)
    }

    /// The first offset from one on that is no white space, and no comma.
    public func skippingSeparators(_ window: UnsafeRawBufferPointer, from start: Int) -> Int {
        window.skippingSeparators(from: start)
    }

    /// Reads a part of a file that was cut by `cut`.
    ///
    /// - Parameters:
    ///   - part: Unpacked bytes.
    ///   - before: How many records of the file were read before it.
    ///   - offset: Where it begins in the unpacked file.
    ///   - problem: Why the file has no more than this part, when it was cut off or damaged, and the packed bytes
    ///     that were read last.
    ///   - body: Called for each record; what it throws ends the reading.
    public func read(
        part: UnsafeRawBufferPointer,
        before: Int,
        offset: Int = 0,
        problem: (error: CompressionError, packed: UnsafeRawBufferPointer)? = nil,
        _ body: (Reading) throws -> Void
    ) rethrows {
        begin(part, before: before, offset: offset)
        let cut = problem.map { EarlyEnd(refusal: Refusal($0.error), source: $0.packed) }
        try readSequence(part, Context(known: nil), cut: cut, body)
    }
}
