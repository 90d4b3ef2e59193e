/// Why compressed data could not be unpacked whole.
public enum CompressionError: Error, Hashable, Sendable {
    /// The data ends in the middle of a member or frame.
    case truncated
    /// The data is damaged; the library's own words.
    case corrupt(String)
    /// It unpacks to more bytes than allowed; the limit.
    case tooLarge(limit: Int)
    /// It unpacks to more than this many times its size.
    case ratioTooHigh(limit: Int)
    /// The machine has no memory for it.
    case outOfMemory

    /// Bytes behind the last member or frame that begin no other one.
    static let behindLastMember = corrupt("data behind the last member")
    /// A zstd frame with another size than its header tells.
    ///
    /// The library itself lets one pass whose last block is empty, unless it unpacks all of it at once.
    static let otherSize = corrupt("a frame has another size than it says")

    /// A sentence for people.
    public var text: String {
        switch self {
        case .truncated: "the compressed data is cut off"
        case .corrupt(let reason): "the compressed data is damaged: \(reason)"
        case .tooLarge(let limit): "unpacks to more than \(limit) bytes"
        case .ratioTooHigh(let limit): "unpacks to more than \(limit) times its size"
        case .outOfMemory: "no memory to unpack it"
        }
    }
}

/// How much compressed data may unpack to.
public struct DecompressionLimits: Hashable, Sendable {
    /// The most bytes, 256 MiB by default.
    public var size: Int
    /// The most bytes out for each byte in; looked at only above `ratioFloor`.
    public var ratio: Int
    /// Up to this size any ratio is fine: small files of zeros are no attack.
    public var ratioFloor: Int

    /// Limits; the defaults are the product's.
    public init(size: Int = 256 << 20, ratio: Int = 200, ratioFloor: Int = 64 << 20) {
        self.size = size
        self.ratio = ratio
        self.ratioFloor = ratioFloor
    }

    /// The most bytes that an input of a size may unpack to, and what to say when it would be more.
    func allowance(for input: Int) -> (bytes: Int, error: CompressionError) {
        let (product, overflow) = input.multipliedReportingOverflow(by: max(1, ratio))
        let byRatio = max(ratioFloor, overflow ? .max : product)
        return byRatio < size
            ? (byRatio, .ratioTooHigh(limit: ratio)) : (max(0, size), .tooLarge(limit: size))
    }
}
