internal import CloudTrail
internal import Detection

/// A record of CloudTrail, or an inventory, that an alert names.
struct CommonRecord {
    var id: String
    /// What was called; nil where the alert does not tell.
    var name: String?
    /// The service that was called, by its host name.
    var source: String?
    /// Nil for what holds for ever.
    let time: EventTime?

    init(_ evidence: Evidence) {
        id = evidence.id.description
        name = evidence.name.isEmpty ? nil : evidence.name
        source = evidence.source.isEmpty ? nil : evidence.source
        time = evidence.time
    }

    init(id: String, time: EventTime?) { (self.id, self.time) = (id, time) }
}
