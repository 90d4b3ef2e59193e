import CloudTrail
import Compression
import Configuration

extension RecordReader {
    /// A reader with the limits of a configuration.
    convenience init(_ input: RunConfiguration.Input) {
        let limits = input.limits
        self.init(
            limits: Limits(
                message: limits.messageBytes,
                decompression: DecompressionLimits(
                    size: limits.decompressedBytes,
                    ratio: limits.ratio
                ),
                depth: limits.depth,
                records: limits.recordsPerMessage
            ),
            validate: input.validation == .all ? .all : .candidates
        )
    }
}
