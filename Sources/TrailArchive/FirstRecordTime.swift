internal import CloudTrail
internal import Compression

/// Finds the time of the first record in a file whose name tells none.
///
/// A guess is enough: it only decides the order in which files are read, and the findings do not depend on it.
struct FirstRecordTime {
    /// How much of a file is looked at, packed and unpacked.
    private static let window = 1 << 16

    private let decompressor = Decompressor()
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: window, alignment: 64)

    /// Releases the buffer: the last call.
    func close() { buffer.deallocate() }

    /// The first bytes of a file, unpacked; valid until the next call.
    private func head(of path: String) throws(SystemError) -> UnsafeRawBufferPointer {
        let file = try OpenFile(path)
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<(try file.read(into: buffer))])
        guard let format = Decompressor.Format(magic: bytes) else { return bytes }
        let limits = DecompressionLimits(size: Self.window, ratio: .max, ratioFloor: Self.window)
        return decompressor.decompress(bytes, as: format, limits: limits).bytes
    }

    /// The first `eventTime` of a file, at any level of escaping.
    func time(of path: String) throws(SystemError) -> EventTime? { EventTime(firstIn: try head(of: path)) }

    /// Whether a file of no known name looks like a trail file: compressed, or JSON.
    func looksLikeTrail(_ path: String) throws(SystemError) -> Bool {
        let file = try OpenFile(path)
        let start = UnsafeMutableRawBufferPointer(rebasing: buffer[..<512])
        let bytes = UnsafeRawBufferPointer(rebasing: start[..<(try file.read(into: start))])
        if Decompressor.Format(magic: bytes) != nil { return true }
        let first = bytes.first { ![0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    }
}
