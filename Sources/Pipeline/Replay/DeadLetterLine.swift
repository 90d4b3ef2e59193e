public import CloudTrail
public import TrailArchive

/// A dead letter of a replay as one line of JSON, `amiwatch.deadletter/1`.
public enum DeadLetterLine {
    /// The line, without a newline.
    public static func encode(_ lost: LostRecord, file: TrailFile) -> [UInt8] {
        DeadLetterDocument(lost: lost, source: .file(file.name)).encode()
    }
}
