package import Configuration

extension AlertFormat {
    /// What the bytes of a message are.
    package var contentType: String {
        switch self {
        case .cef: "text/plain; charset=utf-8"
        case .native, .ocsf, .ecs, .asff, .splunk, .asim, .udm: "application/json"
        }
    }

    /// The name and version of the form: the value of the header `schema`.
    package var schema: String {
        switch self {
        case .native: NativeAlert.schema
        case .ocsf: "ocsf/1.8.0/detection_finding"
        case .ecs: "ecs/9.4.0"
        case .asff: "asff/2018-10-08"
        case .cef: "cef/0"
        case .splunk: "splunk-hec/cim-alerts"
        case .asim: "asim/AlertEvent/0.1"
        case .udm: "udm/event"
        }
    }

    /// The most bytes that whoever takes such alerts reads of one.
    package var maximumBytes: Int { self == .asff ? 240_000 : .max }
}
