internal import CCompression

/// Unpacks gzip (any number of members) and zstd (any number of frames) into a buffer that it keeps and reuses.
///
/// libdeflate does the gzip members; zlib takes over where libdeflate, which gives all or nothing, cannot: a member
/// that is cut off, damaged, or too large, or whose header has a checksum. Not Sendable: one for each thread.
public final class Decompressor {
    /// What came out: all of it, or what stands before the problem.
    public struct Output {
        /// The unpacked bytes, valid until the next call or the end of the decompressor.
        public let bytes: UnsafeRawBufferPointer
        /// Why there is no more; nil when this is all.
        public let problem: CompressionError?
    }

    /// A compressed format, told by its first bytes.
    public enum Format: Hashable, Sendable {
        /// RFC 1952.
        case gzip
        /// RFC 8878.
        case zstd

        /// The format of bytes that begin with its magic number, or nil.
        public init?(magic bytes: UnsafeRawBufferPointer) {
            if bytes.count >= 2, bytes[0] == 0x1F, bytes[1] == 0x8B {
                self = .gzip
            } else if bytes.count >= 4, bytes[1] == 0xB5, bytes[2] == 0x2F, bytes[3] == 0xFD, bytes[0] == 0x28
            {
                self = .zstd
            } else if bytes.count >= 4, bytes[0] & 0xF0 == 0x50, bytes[1] == 0x2A, bytes[2] == 0x4D,
                bytes[3] == 0x18
            {
                self = .zstd  // a skippable frame comes first
            } else {
                return nil
            }
        }
    }

    private var deflate: OpaquePointer?
    private var zstd: OpaquePointer?
    private var stream = z_stream()
    private var isStreamReady = false
    private var buffer: UnsafeMutableRawBufferPointer

    /// A decompressor with an empty buffer; the libraries' states are made when first needed.
    public init() {
        buffer = .init(start: nil, count: 0)
    }

    deinit {
        if let deflate { libdeflate_free_decompressor(deflate) }
        if let zstd { ZSTD_freeDCtx(zstd) }
        if isStreamReady { inflateEnd(&stream) }
        buffer.deallocate()
    }

    /// Unpacks one whole input: members and frames of both formats, one after the other.
    ///
    /// - Parameters:
    ///   - input: The packed bytes.
    ///   - format: What they begin with.
    ///   - limits: How much may come out.
    ///   - source: How many bytes were read from outside, where this input was packed in another one.
    ///   - spent: How many bytes those have unpacked to so far; they count too.
    /// - Returns: What came out, and why there is no more.
    public func decompress(
        _ input: UnsafeRawBufferPointer,
        as format: Format,
        limits: DecompressionLimits = .init(),
        source: Int = 0,
        spent: Int = 0
    ) -> Output {
        var allowance = limits.allowance(for: max(source, input.count))
        allowance.bytes = max(0, allowance.bytes - spent)
        let (count, problem) = unpack(input, beginningWith: format, allowance: allowance)
        return Output(bytes: UnsafeRawBufferPointer(rebasing: buffer[..<count]), problem: problem)
    }

    /// Unpacks the first gzip member of an input, and tells how many of its bytes that took.
    ///
    /// For what must be one member and nothing else.
    public func decompressMember(
        _ input: UnsafeRawBufferPointer,
        limits: DecompressionLimits = .init()
    ) -> (output: Output, used: Int) {
        let allowance = limits.allowance(for: input.count)
        let (count, used, problem) = gunzip(input, behind: 0, allowance: allowance)
        return (Output(bytes: UnsafeRawBufferPointer(rebasing: buffer[..<count]), problem: problem), used)
    }

    /// Gives a buffer back that is larger than this; what came out last is gone with it.
    public func release(above size: Int) {
        guard buffer.count > size else { return }
        buffer.deallocate()
        buffer = .init(start: nil, count: 0)
    }

    private func unpack(
        _ input: UnsafeRawBufferPointer,
        beginningWith first: Format,
        allowance: (bytes: Int, error: CompressionError)
    ) -> (count: Int, problem: CompressionError?) {
        var position = 0
        var count = 0
        while position < input.count {
            let rest = UnsafeRawBufferPointer(rebasing: input[position...])
            guard let format = position == 0 ? first : Format(magic: rest) else {
                // Tar and tape leave zeros behind the last member; anything else does not belong here.
                return (count, rest.allSatisfy { $0 == 0 } ? nil : .behindLastMember)
            }
            let part =
                switch format {
                case .gzip: gunzip(rest, behind: count, allowance: allowance)
                case .zstd: unzstd(rest, behind: count, allowance: allowance)
                }
            position += part.used
            count = part.count
            if let problem = part.problem { return (count, problem) }
        }
        return (count, nil)
    }

    /// Makes room for at least one byte behind `count`, within the allowance, keeping what is there.
    private func grow(
        behind count: Int,
        hint: Int,
        allowance: (bytes: Int, error: CompressionError)
    )
        -> CompressionError?
    {
        if buffer.count > count, hint <= buffer.count { return nil }
        guard count < allowance.bytes else { return allowance.error }
        let wanted = min(allowance.bytes, max(hint, buffer.count * 2, 1 << 18))
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: wanted, alignment: 64)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        buffer.deallocate()
        buffer = larger
        return nil
    }

    // MARK: gzip

    /// Unpacks one member behind what came out so far.
    private func gunzip(
        _ input: UnsafeRawBufferPointer,
        behind start: Int,
        allowance: (bytes: Int, error: CompressionError)
    ) -> (count: Int, used: Int, problem: CompressionError?) {
        guard !Self.hasHeaderChecksum(input) else {
            return inflateMember(input, behind: start, allowance: allowance)
        }
        if deflate == nil { deflate = libdeflate_alloc_decompressor() }
        guard let deflate else { return (start, 0, .outOfMemory) }
        if let error = grow(behind: start, hint: start + sizeHint(input), allowance: allowance) {
            return (start, 0, error)
        }
        var used = 0
        var produced = 0
        let result = libdeflate_gzip_decompress_ex(
            deflate,
            input.baseAddress,
            input.count,
            buffer.baseAddress.map { $0 + start },
            min(buffer.count, allowance.bytes) - start,
            &used,
            &produced
        )
        guard result == LIBDEFLATE_SUCCESS, used > 0 else {
            return inflateMember(input, behind: start, allowance: allowance)
        }
        return (start + produced, used, nil)
    }

    /// Whether a gzip header carries a checksum of itself (FHCRC in RFC 1952): zlib checks it, libdeflate passes over it.
    private static func hasHeaderChecksum(_ member: UnsafeRawBufferPointer) -> Bool {
        member.count > 3 && member[3] & 0x02 != 0
    }

    /// The size that a gzip trailer at the very end gives, if it is believable; it is right for a single member.
    private func sizeHint(_ member: UnsafeRawBufferPointer) -> Int {
        guard member.count >= 18 else { return 0 }
        let size = Int(
            UInt32(littleEndian: member.loadUnaligned(fromByteOffset: member.count - 4, as: UInt32.self))
        )
        return size <= member.count * 32 ? size : member.count * 8
    }

    private func inflateMember(
        _ input: UnsafeRawBufferPointer,
        behind start: Int,
        allowance: (bytes: Int, error: CompressionError)
    ) -> (count: Int, used: Int, problem: CompressionError?) {
        var count = start
        if isStreamReady {
            inflateReset(&stream)
        } else {
            guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
            else {
                return (count, 0, .outOfMemory)
            }
            isStreamReady = true
        }
        var used = 0
        while true {
            if let error = grow(behind: count, hint: 0, allowance: allowance) { return (count, used, error) }
            let offered = min(input.count - used, 1 << 30)
            let room = min(min(buffer.count, allowance.bytes) - count, 1 << 30)
            guard room > 0 else { return (count, used, allowance.error) }
            stream.next_in = UnsafeMutablePointer(
                mutating: input.baseAddress.map { ($0 + used).assumingMemoryBound(to: UInt8.self) }
            )
            stream.avail_in = UInt32(offered)
            stream.next_out = buffer.baseAddress.map { ($0 + count).assumingMemoryBound(to: UInt8.self) }
            stream.avail_out = UInt32(room)
            let result = inflate(&stream, Z_NO_FLUSH)
            used += offered - Int(stream.avail_in)
            count += room - Int(stream.avail_out)
            switch result {
            case Z_STREAM_END: return (count, used, nil)
            case Z_OK where stream.avail_out == 0 || used < input.count: continue
            case Z_OK, Z_BUF_ERROR:
                if stream.avail_out == 0 { continue }
                return (count, used, .truncated)
            case Z_MEM_ERROR: return (count, used, .outOfMemory)
            default: return (count, used, .corrupt(stream.msg.map { String(cString: $0) } ?? "gzip"))
            }
        }
    }

    // MARK: zstd

    /// Unpacks one frame behind what came out so far.
    private func unzstd(
        _ input: UnsafeRawBufferPointer,
        behind start: Int,
        allowance: (bytes: Int, error: CompressionError),
        step: Int = .max
    ) -> (count: Int, used: Int, problem: CompressionError?) {
        if zstd == nil { zstd = ZSTD_createDCtx() }
        guard let zstd else { return (start, 0, .outOfMemory) }
        ZSTD_DCtx_reset(zstd, ZSTD_reset_session_only)
        var source = ZSTD_inBuffer(src: input.baseAddress, size: min(input.count, step), pos: 0)
        var count = start
        let size = Self.contentSize(ofFrame: input)
        var hint = size.flatMap { $0 < UInt64(max(0, allowance.bytes - start)) ? start + Int($0) : nil } ?? 0
        while true {
            if let error = grow(behind: count, hint: hint, allowance: allowance) {
                return (count, source.pos, error)
            }
            hint = 0
            let room = min(buffer.count, allowance.bytes)
            guard room > count else { return (count, source.pos, allowance.error) }
            var target = ZSTD_outBuffer(dst: buffer.baseAddress, size: room, pos: count)
            let result = ZSTD_decompressStream(zstd, &target, &source)
            count = target.pos
            if ZSTD_isError(result) != 0 {
                // The library tells of nothing that it wrote in the call that failed: again, a little at a time.
                if step == .max {
                    return unzstd(input, behind: start, allowance: allowance, step: 1 << 10)
                }
                return (count, source.pos, .corrupt(String(cString: ZSTD_getErrorName(result))))
            }
            // The frame is flushed when the result is 0.
            if result == 0 {
                let isWhole = size.map { $0 == UInt64(count - start) } ?? true
                return (count, source.pos, isWhole ? nil : .otherSize)
            }
            if source.pos == input.count, target.pos < target.size { return (count, source.pos, .truncated) }
            if source.pos == source.size {
                source.size = min(input.count, source.pos + min(step, input.count))
            }
        }
    }

    /// The size that the header of a zstd frame tells of what it unpacks to; nil when it tells none, or is cut off.
    static func contentSize(ofFrame header: UnsafeRawBufferPointer) -> UInt64? {
        let size = ZSTD_getFrameContentSize(header.baseAddress, header.count)
        // The two largest numbers stand for an unknown size and for an error.
        return size < .max - 1 ? size : nil
    }
}
