import CloudTrail
import Compression
import Configuration

extension RunConfiguration {
    /// Whether this process reads the input for others: where that is keyed by account the detectors do.
    var hasIntake: Bool { roles.contains(.intake) && !input.isKeyedByAccount }

    /// The topics that the detector reads records from.
    var recordTopics: [String] { input.isKeyedByAccount ? input.topics : [topics.events] }
}

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
