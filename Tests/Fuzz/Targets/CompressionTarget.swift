import CloudTrailTestSupport
import Compression
import TestSupport

/// Compressed data: at once and piece by piece, the same comes out; and what is packed comes out again.
final class CompressionTarget: FuzzTarget {
    static let name = "compression"
    static let isText = false
    private let decompressor = Decompressor()
    private(set) var reached: [String: Int] = [:]

    static func seeds() throws -> [[UInt8]] {
        let texts = [Array(Samples.share.utf8), Array("{}".utf8), [UInt8](repeating: 0x20, count: 3000), []]
        return texts.flatMap { text in
            let (gzip, zstd) = (Gzip.pack(text), Packing.zstd(text, block: 200))
            return [gzip, zstd, gzip + zstd]
        }
    }

    func take(_ input: UnsafeRawBufferPointer) throws {
        let packed = Gzip.pack(Array(input))
        try packed.withUnsafeBytes { packed in
            let output = decompressor.decompress(packed, as: .gzip)
            try require(
                output.problem == nil && output.bytes.elementsEqual(input),
                "what was packed does not come out again"
            )
        }
        guard let format = Decompressor.Format(magic: input) else { return }
        let limits = DecompressionLimits(size: 1 << 20, ratio: .max)
        let whole = decompressor.decompress(input, as: format, limits: limits)
        reached[whole.problem.map { "\($0)" } ?? "unpacked", default: 0] += 1
        if case .tooLarge = whole.problem { return }
        let (bytes, problem) = inPieces(input)
        try require(
            (problem == nil) == (whole.problem == nil),
            "at once \(String(describing: whole.problem)), in pieces \(String(describing: problem))"
        )
        if problem == nil { try require(bytes.elementsEqual(whole.bytes), "in pieces other bytes come out") }
    }

    private func inPieces(_ input: UnsafeRawBufferPointer) -> ([UInt8], CompressionError?) {
        let stream = StreamDecompressor()
        var bytes: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 257)
        var position = 0
        while true {
            let piece = UnsafeRawBufferPointer(rebasing: input[position...].prefix(61))
            let progress = room.withUnsafeMutableBytes { stream.decompress(piece, into: $0) }
            bytes += room[..<progress.produced]
            position += progress.consumed
            if let problem = progress.problem { return (bytes, problem) }
            guard progress.consumed == 0, progress.produced == 0 else { continue }
            return (bytes, stream.mayEnd && position == input.count ? nil : .truncated)
        }
    }
}
