import Compression
import TestSupport
import Testing

@Suite
struct CompressionTests {
    static func unpack(
        _ bytes: [UInt8],
        _ decompressor: Decompressor = .init(),
        limits: DecompressionLimits = .init()
    )
        -> (bytes: [UInt8], problem: CompressionError?)
    {
        bytes.withUnsafeBytes { raw in
            guard let format = Decompressor.Format(magic: raw) else { return ([], .corrupt("no magic")) }
            let output = decompressor.decompress(raw, as: format, limits: limits)
            return (Array(output.bytes), output.problem)
        }
    }

    @Test
    func membersAndFramesFollowEachOther() throws {
        let parts = [Array("one".utf8), [UInt8](repeating: 7, count: 300_000), [], Array("three".utf8)]
        let decompressor = Decompressor()
        for packed in try [parts.flatMap { try Packing.gzip($0) }, parts.flatMap { Packing.zstd($0) }] {
            let result = Self.unpack(packed, decompressor)
            #expect(result.bytes == parts.flatMap { $0 } && result.problem == nil)
        }
        let packed = try Packing.gzip(parts[1])
        #expect(Self.unpack(packed + [0, 0, 0], decompressor).problem == nil)
        #expect(Self.unpack(packed + [1], decompressor).problem != nil)
        #expect(
            Self.unpack([0x50, 0x2A, 0x4D, 0x18, 1, 0, 0, 0, 9] + Packing.zstd(parts[0])).bytes == parts[0]
        )
    }

    @Test
    func bothFormatsInOneInput() throws {
        let parts = [Array("one".utf8), [UInt8](repeating: 7, count: 300_000), Array("three".utf8)]
        let all = parts.flatMap { $0 }
        let (gzip, zstd) = (try parts.map { try Packing.gzip($0) }, parts.map { Packing.zstd($0) })
        for packed in [gzip[0] + zstd[1] + gzip[2], zstd[0] + gzip[1] + zstd[2] + [0, 0]] {
            let result = Self.unpack(packed)
            #expect(result.bytes == all && result.problem == nil)
            let rest = Self.unpack(packed + Array("junk".utf8) + gzip[0])
            #expect(rest.bytes == all && rest.problem == .corrupt("data behind the last member"))
        }
    }

    @Test
    func aCutGivesWhatStandsBeforeIt() throws {
        var random = SplitMix64(seed: 5)
        let data = (0..<50_000).map { _ in UInt8.random(in: 0...15, using: &random) }
        let member = try Packing.gzip(data)
        for packed in [member, member + member, Packing.zstd(data)] {
            let whole = Self.unpack(packed).bytes
            for end in stride(from: 4, to: packed.count, by: 997) {
                let result = Self.unpack(Array(packed[..<end]))
                // A cut between two members cannot be seen.
                #expect(
                    result.problem == .truncated || (result.problem == nil && result.bytes == data),
                    "\(end)"
                )
                #expect(whole.starts(with: result.bytes))
            }
        }
    }

    @Test
    func damageAndLimits() throws {
        var packed = try Packing.gzip(Array("some text".utf8))
        packed[packed.count - 12] ^= 0x55
        guard case .corrupt = Self.unpack(packed).problem else { Issue.record("damage went unseen"); return }
        let zeros = try Packing.gzip([UInt8](repeating: 0, count: 1_000_000))
        #expect(Self.unpack(zeros, limits: .init(size: 999_999)).problem == .tooLarge(limit: 999_999))
        #expect(Self.unpack(zeros, limits: .init(size: 1_000_000)).problem == nil)
        #expect(
            Self.unpack(zeros, limits: .init(ratio: 10, ratioFloor: 500_000)).problem
                == .ratioTooHigh(limit: 10)
        )
        let large = Packing.zstd([UInt8](repeating: 0, count: 200_000))
        #expect(Self.unpack(large, limits: .init(size: 100_000)).problem == .tooLarge(limit: 100_000))
        #expect(Self.unpack([0x1F, 0x8B]).problem == .truncated)
    }

    /// RFC 8878 has the size of a frame as that of what comes out; the library itself takes some others.
    @Test(
        arguments: [
            // 22,784 bytes, and 16 MiB, of which none comes; one byte too many.
            [0x60, 0x00, 0x58, 0x01, 0x00, 0x00], [0xA0, 0x00, 0x00, 0x00, 0x01, 0x01, 0x00, 0x00],
            [0x20, 0x01, 0x11, 0x00, 0x00, 0x41, 0x42],
        ] as [[UInt8]]
    )
    func aFrameHasTheSizeThatItTells(_ frame: [UInt8]) {
        let packed = [0x28, 0xB5, 0x2F, 0xFD] + frame
        for limits in [DecompressionLimits(), DecompressionLimits(size: 1 << 16)] {
            guard case .corrupt = Self.unpack(packed, limits: limits).problem else {
                Issue.record("it is taken at once")
                return
            }
        }
        let sound = Packing.zstd(Array("some text".utf8))
        for (packed, isSound) in [(sound, true), (packed, false), (sound + packed, false)] {
            for piece in [4, 7, 1000] {
                #expect((Self.unpack(packed, inPieces: piece) == nil) == isSound)
            }
        }
    }

    private static func unpack(_ bytes: [UInt8], inPieces size: Int) -> CompressionError? {
        let stream = StreamDecompressor()
        var room = [UInt8](repeating: 0, count: 100)
        var position = 0
        while position < bytes.count || !stream.mayEnd {
            let progress = bytes[position...].prefix(size).withUnsafeBytes { piece in
                room.withUnsafeMutableBytes { stream.decompress(piece, into: $0) }
            }
            if let problem = progress.problem { return problem }
            guard progress.consumed + progress.produced > 0 else { return .truncated }
            position += progress.consumed
        }
        return nil
    }

    @Test(
        arguments: [
            ("", nil), ("Zg==", "f"), ("Zg", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"),
            ("Zm9v\nYmFy\n", "foobar"), ("Z", nil),
            ("Zm9v!", nil), ("Zg=a", nil), ("Zg===", nil), ("_-8=", "\u{FFFD}\u{FFFD}"),
        ] as [(String, String?)]
    )
    func base64(_ text: String, _ expected: String?) {
        var decoder = Base64Decoder()
        let decoded = Array(text.utf8).withUnsafeBytes { raw in
            decoder.decode(raw) { $0.map { String(decoding: $0, as: UTF8.self) } }
        }
        #expect(decoded == expected)
    }
}
