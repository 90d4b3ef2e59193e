internal import Glibc

/// A key as it is spelled in the input.
struct RawKey {
    let text: UTF8Text

    static func == (key: RawKey, name: StaticString) -> Bool { key.text == name }

    static func ~= (name: StaticString, key: RawKey) -> Bool { key.text == name }
}

extension UnsafeRawBufferPointer {
    func skippingSeparators(from start: Int) -> Int {
        var position = skippingSpace(from: start)
        while position < count, self[position] == 0x2C { position = skippingSpace(from: position + 1) }
        return position
    }

    /// Behind a member only a comma, the end of the list or (a comma forgotten) the next member can stand.
    func skippingJunk(from start: Int) -> Int {
        var position = skippingSpace(from: start)
        while position < count {
            switch self[position] {
            case 0x2C, 0x5D, 0x7B: return position
            case 0x5B where position > 0 && self[position - 1] == 0x0A: return position
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

    /// A part of it, by offsets, without the white space at its end.
    func trimmed(_ start: Int, _ end: Int) -> UnsafeRawBufferPointer {
        var end = end
        while end > start, self[end - 1] <= 0x20 { end -= 1 }
        return part(start, end)
    }

    /// Whether other bytes are a part of these.
    func contains(_ part: UnsafeRawBufferPointer) -> Bool {
        guard let base = baseAddress, let start = part.baseAddress else { return false }
        return start >= base && start + part.count <= base + count
    }

    var isNull: Bool { UTF8Text(self) == "null" }
}
