internal import CloudTrail
public import TrailArchive

/// A dead letter of a replay as one line of JSON.
public enum DeadLetterLine {
    /// The line, without a newline: why, where, and the bytes (as text, or in base64 when they are no UTF-8) up to
    /// a cap, with the SHA-256 of all of them.
    public static func encode(_ lost: LostRecord, file: TrailFile) -> [UInt8] {
        let document = DeadLetterDocument(
            reason: lost.reason.rawValue,
            text: lost.text,
            place: .file(file.name),
            recordIndex: lost.recordIndex,
            size: lost.size,
            sha256: lost.sha256
        )
        return lost.bytes.withUnsafeBytes { document.encode($0, isText: true) }
    }
}
