internal import CloudTrail
internal import Compression

/// A window onto the unpacked bytes of a file that does not fit into memory, or of a stream.
struct TrailWindow: ~Copyable {
    /// What a window holds at most; larger than any record may be.
    static let usualSize = 64 << 20
    private static let chunkSize = 1 << 20
    /// Room for what is put around a part of a list.
    private static let margin = 64

    private let size: Int
    private let buffer: UnsafeMutableRawBufferPointer
    private let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkSize, alignment: 64)
    private var packed: UnsafeRawBufferPointer
    private let file: OpenFile
    private let stream: StreamDecompressor?
    private let limits: DecompressionLimits
    private var count = 0
    private var produced = 0
    /// Bytes taken from the file, packed or not.
    private(set) var consumed = 0
    private(set) var lastPacked: UnsafeRawBufferPointer
    /// Why there is no more than the window holds, when that is not the file's own end.
    private(set) var problem: CompressionError?

    /// A window at the beginning of a file, the first bytes of which were read already.
    ///
    /// - Parameters:
    ///   - head: The first bytes, which must stay where they are.
    ///   - file: The rest.
    ///   - limits: How much packed bytes may unpack to; only the ratio counts, for nothing is kept.
    ///   - size: What the window holds at most.
    init(
        head: UnsafeRawBufferPointer,
        file: consuming OpenFile,
        limits: DecompressionLimits,
        size: Int
    ) {
        self.size = size
        buffer = .allocate(byteCount: size + Self.margin, alignment: 64)
        packed = head
        lastPacked = head
        self.file = file
        self.limits = limits
        if Decompressor.Format(magic: head) != nil {
            stream = StreamDecompressor()
        } else {
            stream = nil
        }
    }

    deinit {
        buffer.deallocate()
        chunk.deallocate()
    }

    /// The unpacked bytes in the window, valid until it moves.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[..<count]) }

    /// Where the window begins in the unpacked file; earlier, by its length, where a text was put in front.
    var offset: Int { produced - count }

    /// SHA-256 of the whole file; nil when it is not hashed.
    func hashOfFile() throws(SystemError) -> String? { try file.hashOfAll() }

    /// Fills the window; false when the file has no more than what it then holds.
    mutating func fill() throws(SystemError) -> Bool {
        while count < size {
            if problem != nil { return false }
            if packed.isEmpty {
                packed = UnsafeRawBufferPointer(rebasing: chunk[..<(try file.read(into: chunk))])
                if !packed.isEmpty { lastPacked = packed }
                if packed.isEmpty {
                    if let stream, !stream.mayEnd, !drain(stream) { problem = .truncated }
                    if count < size { return false }
                    continue
                }
            }
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer[count..<size])
            guard let stream else {
                let length = min(packed.count, room.count)
                room.copyMemory(from: UnsafeRawBufferPointer(rebasing: packed[..<length]))
                advance(by: length, produced: length)
                continue
            }
            if stream.mayEnd, packed.count < StreamDecompressor.magicBytes { try refill() }
            let progress = stream.decompress(packed, into: room)
            advance(by: progress.consumed, produced: progress.produced)
            problem = progress.problem
            if produced > limits.ratioFloor, produced / max(1, limits.ratio) > consumed {
                problem = .ratioTooHigh(limit: limits.ratio)
            }
        }
        return true
    }

    /// Puts what comes next in the file behind the last few packed bytes.
    private mutating func refill() throws(SystemError) {
        let kept = Array(packed)
        chunk.copyBytes(from: kept)
        let more = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: chunk[kept.count...]))
        packed = UnsafeRawBufferPointer(rebasing: chunk[..<(kept.count + more)])
        lastPacked = packed
    }

    /// Takes what the library still holds back when the input has ended; whether there was any.
    private mutating func drain(_ stream: StreamDecompressor) -> Bool {
        let room = UnsafeMutableRawBufferPointer(rebasing: buffer[count..<size])
        let progress = stream.decompress(UnsafeRawBufferPointer(start: nil, count: 0), into: room)
        advance(by: 0, produced: progress.produced)
        return progress.produced > 0 || stream.mayEnd
    }

    private mutating func advance(by taken: Int, produced more: Int) {
        packed = UnsafeRawBufferPointer(rebasing: packed[taken...])
        consumed += taken
        count += more
        produced += more
    }

    /// Moves the window to the end of a value; tells which end it is, nil when the file ends first.
    mutating func dropEndless(_ value: EndlessValue) throws(SystemError) -> EndlessValue.End? {
        var value = value
        while true {
            let end = value.end(in: bytes)
            switch end {
            case .closed(let offset), .line(let offset):
                drop(offset)
                return end
            case nil: drop(count)
            }
            if !(try fill()), count == 0 { return nil }
        }
    }

    /// Moves the window forward by so many bytes.
    mutating func drop(_ length: Int) { replace(length, with: "") }

    /// Moves the window forward, and puts a text in front of what is left.
    mutating func replace(_ length: Int, with text: StaticString) {
        let rest = UnsafeRawBufferPointer(rebasing: buffer[length..<count])
        let target = UnsafeMutableRawBufferPointer(rebasing: buffer[text.utf8CodeUnitCount...])
        target.copyMemory(from: rest)
        text.withUTF8Buffer { buffer.copyMemory(from: UnsafeRawBufferPointer($0)) }
        count = rest.count + text.utf8CodeUnitCount
    }

    /// The first bytes of the window with a text behind them, while the body runs.
    mutating func withPart<Failure: Error>(
        _ length: Int,
        endingWith text: StaticString,
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        let end = length + text.utf8CodeUnitCount
        let kept = Array(buffer[length..<end])
        text.withUTF8Buffer { text in
            UnsafeMutableRawBufferPointer(rebasing: buffer[length..<end])
                .copyMemory(from: UnsafeRawBufferPointer(text))
        }
        defer { UnsafeMutableRawBufferPointer(rebasing: buffer[length..<end]).copyBytes(from: kept) }
        try body(UnsafeRawBufferPointer(rebasing: buffer[..<end]))
    }
}
