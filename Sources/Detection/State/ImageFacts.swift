public import CloudTrail

/// All that is known about one image, told by whichever accounts.
public struct ImageFacts: Sendable {
    /// The timelines, by attribute.
    public internal(set) var timelines: [ImageAttribute: Timeline] = [:]
    /// The instances launched from it.
    var launches = LaunchIndex()
    /// The images that are copies of it and took its tags along.
    var copies: Set<ResourceID> = []

    /// The grantees that stand for many accounts, of those that any fact names: few, where accounts may be thousands.
    var groups: Set<Grantee> = []

    /// Whether nothing is known.
    var isEmpty: Bool { timelines.isEmpty && launches.isEmpty && copies.isEmpty }

    /// The timeline of an attribute; empty when nothing is known.
    public func timeline(_ attribute: ImageAttribute) -> Timeline { timelines[attribute] ?? Timeline() }

    /// The last fact about an attribute as of a time; what never changes holds for all times.
    public func latest(_ attribute: ImageAttribute, asOf time: EventTime = .distantFuture) -> Fact? {
        timelines[attribute]?.latest(asOf: attribute.isConstant ? .distantFuture : time)
    }

    /// The owner, and the fact that tells it.
    public var owner: (account: AccountID, fact: Fact)? {
        guard let fact = latest(.owner), case .account(let account) = fact.value else { return nil }
        return (account, fact)
    }

    /// The grantees that any fact names.
    var grantees: [Grantee] {
        timelines.keys.compactMap { if case .permission(let grantee) = $0 { grantee } else { nil } }
    }

    /// The Region, as the first record that names one tells.
    var region: String? { tellingRegion.min()?.evidence.region }

    /// Every Region that a record names; there is more than one only when records contradict each other.
    var regions: Set<String> { Set(tellingRegion.map(\.evidence.region)) }

    private var tellingRegion: [Fact] {
        [ImageAttribute.lifecycle, .owner].flatMap { timelines[$0]?.facts ?? [] }
            .filter { !$0.evidence.region.isEmpty }
    }
}
