import CloudTrail

/// What a `State` holds.
///
/// `@unchecked Sendable`: it is changed by the one `State` that refers to it alone, and copied before a change when
/// another one does.
final class StateStorage: @unchecked Sendable {
    // Unchecked because every access goes through a `State`, whose own accesses are checked.
    @exclusivity(unchecked)
    var timelines: [FactKey: [Fact]] = [:]
    @exclusivity(unchecked)
    var instances = InstanceTable()
    @exclusivity(unchecked)
    var images: ImageTable
    @exclusivity(unchecked)
    var findings = FindingTable()
    @exclusivity(unchecked)
    var clocks: [AccountID: EventTime] = [:]
    @exclusivity(unchecked)
    var streamTime = EventTime.distantPast
    @exclusivity(unchecked)
    var seen = SeenRecords()
    @exclusivity(unchecked)
    var activity: [AccountRegion: ActivityLog] = [:]
    @exclusivity(unchecked)
    var indexes = FactIndexes()
    /// The changes since the last commit; nil when none are kept.
    @exclusivity(unchecked)
    var journal: Journal?

    init(imagesOpenAtMost count: Int) { images = ImageTable(openAtMost: count) }

    init(copying other: StateStorage) {
        timelines = other.timelines
        instances = other.instances
        images = other.images
        findings = other.findings
        clocks = other.clocks
        streamTime = other.streamTime
        seen = other.seen
        activity = other.activity
        indexes = other.indexes
        journal = other.journal
    }
}
