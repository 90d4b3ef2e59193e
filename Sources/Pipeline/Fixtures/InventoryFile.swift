package import CloudTrail
internal import TrailArchive

/// A file does not hold what it should: one line that says which file, what is wrong, and what to do.
package struct FileFailure: Error, Sendable, CustomStringConvertible {
    /// The line.
    package let description: String

    init(_ description: String) { self.description = description }
}

/// A file of what the AWS CLI printed.
package enum InventoryFile {
    /// Reads it; `-` is standard input.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - options: What it does not say itself.
    ///   - optionPrefix: How the names of the options begin that say such things, for a message.
    /// - Returns: Records, and the single values that could not be read.
    /// - Throws: `TrailError` when it cannot be read; ``FileFailure`` when nothing in it can be used.
    package static func read(
        _ path: String,
        options: InventoryReader.Options,
        optionPrefix: String
    ) throws -> InventoryReader.Output {
        let bytes = try WholeFile.bytes(path)
        if bytes.allSatisfy({ $0 <= 0x20 }) {
            throw FileFailure("\(path): nothing is in it; did the command that was to write it fail?")
        }
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(InventoryReader.Failure) in
                try InventoryReader.read(bytes, options: options)
            }
        }
        switch result {
        case .success(let output): return output
        case .failure(.missing(let option, let action)):
            throw FileFailure(
                "\(path): \(action) does not say its \(option): give it with \(optionPrefix)\(option)"
            )
        case .failure(let failure): throw FileFailure("\(path): \(failure.text)")
        }
    }
}
