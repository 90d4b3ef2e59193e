/// The forms in which alerts are published; the raw value is the word in `--format` and in the configuration.
package enum AlertFormat: String, Hashable, Sendable, CaseIterable {
    /// amiwatch's own: `Schemas/alert.schema.json`.
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
}
