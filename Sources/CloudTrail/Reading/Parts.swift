public import Compression
internal import CPrefilter

/// Reading files that do not fit into memory, part by part.
extension RecordReader {
    /// Where a window onto a long file can be cut, so that what stands before can be read on its own.
    public enum Cut: Hashable, Sendable {
        /// Behind a value.
        case value(end: Int)
        /// Behind a member of `{"Records":[…]}`, with which the window begins: the rest begins as another member.
        case member(end: Int)
        /// Nowhere: one value fills the window, or it is broken.
        case nowhere
    }

    /// Finds the last place to cut a window that begins with a value.
    public func cut(_ window: UnsafeRawBufferPointer) -> Cut {
        var end = 0
        var position = window.skippingSpace(from: 0)
        while position < window.count {
            guard let next = valueEnd(window, position) else { break }
            end = next
            position = window.skippingSpace(from: next)
        }
        if position == window.count { end = position }
        if end > 0 { return .value(end: end) }
        guard position < window.count, let array = recordsArray(window, position) else { return .nowhere }
        // The last member found stays in the window, so that the rest is never a list of none.
        var ends = (last: 0, beforeLast: 0)
        position = array
        while true {
            position = window.skippingSpace(from: position)
            while position < window.count, window[position] == 0x2C {
                position = window.skippingSpace(from: position + 1)
            }
            guard position < window.count, window[position] == 0x7B else { break }
            let extent = prefilter.extent(in: window, from: position)
            guard extent.closed else { break }
            ends = (extent.end, ends.last)
            position = extent.end
        }
        return ends.beforeLast > 0 ? .member(end: ends.beforeLast) : .nowhere
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

    /// The first line of a window that begins as a value does, behind the line that the window begins with.
    public func firstValueLine(_ window: UnsafeRawBufferPointer) -> Int? { window.nextValueLine(from: 0) }

    /// Reads a part of a file that was cut by `cut`.
    ///
    /// - Parameters:
    ///   - part: Unpacked bytes.
    ///   - before: How many records of the file were read before it.
    ///   - problem: Why the file has no more than this part, when it was cut off or damaged.
    ///   - body: Called for each record; what it throws ends the reading.
    public func read(
        part: UnsafeRawBufferPointer,
        before: Int,
        problem: CompressionError? = nil,
        _ body: (Reading) throws -> Void
    ) rethrows {
        read = before
        unclosed = 0
        salvage = (64 << 20) + 16 * part.count
        maximum = .max
        try readSequence(part, Context(known: nil), cut: problem.map { Refusal($0) }, body)
    }
}
