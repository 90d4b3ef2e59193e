package import CloudTrail
package import TrailArchive

/// A dead letter of a replay as one line of JSON, `amiwatch.deadletter/1`.
package enum DeadLetterLine {
    /// The line, without a newline.
    package static func encode(_ lost: LostRecord, file: TrailFile) -> [UInt8] {
        DeadLetterDocument(lost: lost, source: .file(file.name)).encode()
    }
}
