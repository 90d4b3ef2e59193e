internal import CCompression

/// Unpacks gzip members and zstd frames, any number one after the other, piece by piece, for what does not fit into
/// memory.
///
/// Not Sendable: one for each stream.
public final class StreamDecompressor {
    /// What one call did.
    public struct Progress {
        /// Bytes of the input that are used up.
        public let consumed: Int
        /// Bytes that were written to the output.
        public let produced: Int
        /// Why there is no more; nil while all is well.
        public let problem: CompressionError?

        init(consumed: Int, produced: Int, problem: CompressionError? = nil) {
            self.consumed = consumed
            self.produced = produced
            self.problem = problem
        }
    }

    /// No zstd frame has a longer header.
    private static let headerBytes = 18

    /// So many bytes tell the format of what comes next.
    public static let magicBytes = 4

    /// What the present member or frame is.
    private var format = Decompressor.Format.gzip
    /// In one place for ever, for zlib remembers where it is.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private var isStreamReady = false
    private var zstd: OpaquePointer?
    /// The beginning of the present zstd frame, which tells its size, and how much of it came out.
    private var header: [UInt8] = []
    private var unpacked = 0
    /// Whether the last member or frame is complete, so that the input may end here.
    private var isBetweenMembers = true
    /// Whether the zeros have begun that tar and tape leave behind the last member.
    private var isPadding = false

    /// A decompressor for one stream, which begins with the magic number of a format.
    public init() { stream.initialize(to: z_stream()) }

    deinit {
        if isStreamReady { inflateEnd(stream) }
        if let zstd { ZSTD_freeDCtx(zstd) }
        stream.deallocate()
    }

    /// Whether the input may end here; otherwise it is cut off.
    ///
    /// What comes next is told by its first `magicBytes` bytes, which have to come together.
    public var mayEnd: Bool { isBetweenMembers }

    /// Unpacks some input into some output; either may be too small for the other.
    public func decompress(
        _ input: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) -> Progress {
        if isBetweenMembers, !input.isEmpty {
            guard !isPadding, let next = Decompressor.Format(magic: input) else {
                isPadding = true
                return Progress(
                    consumed: input.count,
                    produced: 0,
                    problem: input.allSatisfy { $0 == 0 } ? nil : .behindLastMember
                )
            }
            format = next
        }
        return switch format {
        case .gzip: gunzip(input, output)
        case .zstd: unzstd(input, output)
        }
    }

    private func gunzip(
        _ input: UnsafeRawBufferPointer,
        _ output: UnsafeMutableRawBufferPointer
    ) -> Progress {
        guard !input.isEmpty else { return Progress(consumed: 0, produced: 0) }
        if !isStreamReady {
            guard inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
            else { return Progress(consumed: 0, produced: 0, problem: .outOfMemory) }
            isStreamReady = true
        }
        isBetweenMembers = false
        let offered = min(input.count, 1 << 30)
        let room = min(output.count, 1 << 30)
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        )
        stream.pointee.avail_in = UInt32(offered)
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(room)
        let result = inflate(stream, Z_NO_FLUSH)
        func progress(_ problem: CompressionError? = nil) -> Progress {
            Progress(
                consumed: offered - Int(stream.pointee.avail_in),
                produced: room - Int(stream.pointee.avail_out),
                problem: problem
            )
        }
        switch result {
        case Z_OK, Z_BUF_ERROR: return progress()
        case Z_STREAM_END:
            let done = progress()
            inflateReset(stream)
            isBetweenMembers = true
            return done
        case Z_MEM_ERROR: return progress(.outOfMemory)
        default: return progress(.corrupt(stream.pointee.msg.map { String(cString: $0) } ?? "gzip"))
        }
    }

    private func unzstd(
        _ input: UnsafeRawBufferPointer,
        _ output: UnsafeMutableRawBufferPointer
    ) -> Progress {
        if zstd == nil { zstd = ZSTD_createDCtx() }
        guard let zstd else { return Progress(consumed: 0, produced: 0, problem: .outOfMemory) }
        // The library tells of nothing that it wrote in a call that ends in an error: so a little at a time.
        var source = ZSTD_inBuffer(src: input.baseAddress, size: min(input.count, 1 << 10), pos: 0)
        var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let result = ZSTD_decompressStream(zstd, &target, &source)
        header += input.prefix(min(source.pos, Self.headerBytes - header.count))
        unpacked += target.pos
        if source.pos > 0 || target.pos > 0 { isBetweenMembers = result == 0 }
        var problem: CompressionError?
        if ZSTD_isError(result) != 0 {
            problem = .corrupt(String(cString: ZSTD_getErrorName(result)))
        } else if isBetweenMembers {
            problem = endFrame()
        }
        return Progress(consumed: source.pos, produced: target.pos, problem: problem)
    }

    /// Whether a frame that ends here has the size that it tells.
    private func endFrame() -> CompressionError? {
        defer { (header, unpacked) = ([], 0) }
        let size = header.withUnsafeBytes { Decompressor.contentSize(ofFrame: $0) }
        return size.map { $0 == UInt64(unpacked) } ?? true ? nil : .otherSize
    }
}
