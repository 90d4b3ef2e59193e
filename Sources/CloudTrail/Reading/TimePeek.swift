internal import Compression

extension RecordReader {
    /// The time of the first record in a message value, without parsing it: for the clock, which an ignored
    /// message moves too.
    ///
    /// Nil when it cannot be seen from outside.
    public func eventTime(of message: UnsafeRawBufferPointer) -> EventTime? {
        if let format = Decompressor.Format(magic: message) {
            let few = DecompressionLimits(size: 1 << 16, ratio: .max)
            let output = level(0).decompressor.decompress(message, as: format, limits: few)
            return EventTime(firstIn: output.bytes)
        }
        return EventTime(firstIn: message)
    }
}

extension EventTime {
    /// The first `eventTime` in the bytes, at any level of escaping; nil when there is none that is a time.
    public init?(firstIn bytes: UnsafeRawBufferPointer) {
        let key = "eventTime".utf8
        guard bytes.count > key.count else { return nil }
        for start in 0..<(bytes.count - key.count)
        where bytes[start] == 0x65 && bytes[start + 5] == 0x54 && bytes[start...].starts(with: key) {
            // Quotes, a colon and white space, with backslashes before them inside a string.
            var position = start + key.count
            while position < bytes.count, position - start < 32, !(0x30...0x39).contains(bytes[position]) {
                position += 1
            }
            var end = position
            while end < bytes.count, end - position < 40, bytes[end] != 0x22, bytes[end] != 0x5C { end += 1 }
            if let time = EventTime(utf8: UTF8Text(bytes.part(position, end)).bytes) {
                self = time
                return
            }
        }
        return nil
    }
}
