/// Looks for the end of a value that does not fit into memory, piece by piece, by its strings and brackets.
public struct EndlessValue {
    /// Where it ends.
    public enum End: Hashable, Sendable {
        /// Behind the bracket or quote that closes it.
        case closed(Int)
        /// Before a line that begins as a value does: it was never closed.
        case line(Int)
    }

    private var depth: Int
    private var isInString = false
    private var isEscaped = false
    private var isBehindLineEnd = false

    /// A value that begins with the next piece, or within which it begins: with so many brackets open.
    public init(depth: Int = 0) { self.depth = depth }

    /// Where in the next piece the value ends; nil when it goes on behind it.
    public mutating func end(in piece: UnsafeRawBufferPointer) -> End? {
        for (offset, byte) in piece.enumerated() {
            if isBehindLineEnd, byte | 0x20 == 0x7B { return .line(offset) }
            isBehindLineEnd = byte == 0x0A
            if isEscaped {
                isEscaped = false
            } else if isInString {
                if byte == 0x5C { isEscaped = true }
                if byte == 0x22 {
                    isInString = false
                    if depth == 0 { return .closed(offset + 1) }
                }
            } else {
                switch byte {
                case 0x22: isInString = true
                case 0x7B, 0x5B: depth += 1
                case 0x7D, 0x5D:
                    depth -= 1
                    if depth <= 0 { return .closed(offset + 1) }
                default: break
                }
            }
        }
        return nil
    }
}
