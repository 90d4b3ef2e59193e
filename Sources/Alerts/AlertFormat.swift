/// The forms in which alerts are published; the raw value is the word in `--format` and in the configuration.
package enum AlertFormat: String, CaseIterable, Sendable {
    /// amiwatch's own (`NativeAlert`).
    case native
    /// OCSF Detection Finding 1.8.0, with the cloud profile.
    case ocsf
    /// Elastic Common Schema 9.4.0.
    case ecs
    /// The AWS Security Finding Format, which Security Hub takes.
    case asff
    /// ArcSight's Common Event Format.
    case cef
    /// An event for Splunk's HTTP Event Collector, in the words of its Common Information Model.
    case splunk
    /// Microsoft Sentinel's ASIM AlertEvent 0.1.
    case asim
    /// An event of Google SecOps' Unified Data Model.
    case udm

    /// Those of other products.
    package static let foreign = allCases.filter { $0 != .native }

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
