/// The forms in which alerts are published; the raw value is the word in `--format` and in the configuration.
package enum AlertFormat: String, CaseIterable, Sendable {
    /// amiwatch's own (`NativeAlert`).
    case native
    /// OCSF Detection Finding 1.8.0, with the cloud profile.
    case ocsf

    /// What the bytes of a message are.
    package var contentType: String {
        switch self {
        case .native, .ocsf: "application/json"
        }
    }

    /// The name and version of the form: the value of the header `schema`.
    package var schema: String {
        switch self {
        case .native: NativeAlert.schema
        case .ocsf: "ocsf/1.8.0/detection_finding"
        }
    }

    /// The most bytes that whoever takes such alerts reads of one.
    package var maximumBytes: Int { .max }
}
