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
    var images: [ResourceID: ImageFacts] = [:]
    @exclusivity(unchecked)
    var findings = FindingTable()
    @exclusivity(unchecked)
    var clocks: [AccountID: EventTime] = [:]
    @exclusivity(unchecked)
    var streamTime = EventTime.distantPast
    @exclusivity(unchecked)
    var seen = SeenRecords()
    @exclusivity(unchecked)
    var launches: [AccountRegion: LaunchIndex] = [:]
    @exclusivity(unchecked)
    var activity: [AccountRegion: ActivityLog] = [:]
    @exclusivity(unchecked)
    var sharedWith: [AccountID: Set<ResourceID>] = [:]
    /// The keys about each resource of an account, other than instances, of which something is known.
    @exclusivity(unchecked)
    var keysOfResource: [Entity: Set<FactKey>] = [:]
    /// Of those the ones that name an account as a grantee.
    @exclusivity(unchecked)
    var keysOfGrantee: [AccountID: Set<FactKey>] = [:]
    /// The timelines of calls that share something with an account, made or refused, and how many calls of each do.
    @exclusivity(unchecked)
    var sharesNaming: [AccountID: [FactKey: Int]] = [:]
    /// The images that an inventory shows to be public.
    @exclusivity(unchecked)
    var shownPublic: Set<ResourceID> = []
    @exclusivity(unchecked)
    var madeFrom: [ResourceID: Set<ResourceID>] = [:]
    /// Who told the long timelines of images.
    @exclusivity(unchecked)
    var tellers: [FactKey: Tellers] = [:]
    /// The changes since the last commit; nil when none are kept.
    @exclusivity(unchecked)
    var journal: Journal?

    init() {}

    init(copying other: StateStorage) {
        timelines = other.timelines
        images = other.images
        findings = other.findings
        clocks = other.clocks
        streamTime = other.streamTime
        seen = other.seen
        launches = other.launches
        activity = other.activity
        sharedWith = other.sharedWith
        keysOfResource = other.keysOfResource
        keysOfGrantee = other.keysOfGrantee
        sharesNaming = other.sharesNaming
        shownPublic = other.shownPublic
        madeFrom = other.madeFrom
        tellers = other.tellers
        journal = other.journal
    }
}
