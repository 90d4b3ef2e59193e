public import CloudTrail

/// The facts as rules and what they share read them.
///
/// There is no other way for a rule to a fact, so that a test can tell what a judgement depends on: with `readings` every
/// reading is noted, also of what nobody has told. In production there are none.
///
/// A class, so that what a rule hands on is one reference; it lives as long as one evaluation.
public final class FactView {
    private let state: State
    private let readings: FactReadings?
    /// How many facts were handed out to be walked; what is looked up as of a time is not counted.
    @exclusivity(unchecked)
    var walked = 0
    /// What is known of an image that was looked up before.
    private let given: KnownImage?
    /// The image that was looked up last: what judges a launch asks for one again and again.
    @exclusivity(unchecked)
    private var last: (image: ResourceID, facts: ImageFacts?)?
    /// The image of which was found that the policy approves it, as of any time.
    @exclusivity(unchecked)
    private(set) var approvedImage: ResourceID?

    init(_ state: State, knowing image: KnownImage? = nil, noting readings: FactReadings? = nil) {
        self.state = state
        self.readings = readings
        given = image
    }

    /// Stream time: deadlines at or before it have passed.
    public var now: EventTime { state.streamTime }

    /// All facts about an attribute, in order.
    public func all(of key: FactKey) -> ArraySlice<Fact> {
        note(FactReading(key, .all))
        return walking(state.timeline(key).facts)
    }

    /// The facts about an attribute at or before a time, in order.
    public func all(of key: FactKey, asOf time: EventTime) -> ArraySlice<Fact> {
        note(FactReading(key, .upTo(time)))
        return walking(state.timeline(key).prefix(asOf: time))
    }

    /// The facts about an attribute after a time, up to another one, in order.
    func all(of key: FactKey, after start: EventTime, through end: EventTime) -> ArraySlice<Fact> {
        note(FactReading(key, .during(after: start, through: end)))
        let facts = state.timeline(key)
        return walking(facts.prefix(asOf: end)[facts.prefix(asOf: start).endIndex...])
    }

    /// The last fact about an attribute at or before a time.
    public func latest(_ key: FactKey, asOf time: EventTime) -> Fact? {
        note(FactReading(key, .latest(asOf: time)))
        return state.timeline(key).latest(asOf: time)
    }

    /// An image, whether or not anything is known about it.
    public func image(_ id: ResourceID) -> ImageView {
        ImageView(lookUp(id), in: self, noting: readings.map { ImageReadings(id, in: $0) })
    }

    private func lookUp(_ id: ResourceID) -> ImageFacts? {
        if let given, given.id == id { return given.facts }
        if let last, last.image == id { return last.facts }
        let facts = state.image(id)
        last = (id, facts)
        return facts
    }

    /// The first successful watched call at or after a time, unless it is at or after the end.
    public func firstActivity(
        in scope: AccountRegion,
        from time: EventTime = .distantPast,
        before end: EventTime = .distantFuture
    ) -> Fact? {
        let first = state.firstActivity(in: scope, from: time).flatMap { $0.time < end ? $0 : nil }
        note(
            FactReading(
                .activity(scope, second: 0),
                .activity(from: time, through: first?.time ?? end.advanced(bySeconds: -1))
            )
        )
        return first
    }

    /// Whether any successful watched call of an account is known at or before a time, in whichever Region.
    func isKnown(_ account: AccountID, by time: EventTime) -> Bool {
        note(FactReading(FactKey(.activity, .account(account)), .beginning(by: time)))
        return state.firstActivity(of: account).map { $0.time <= time } ?? false
    }

    /// An instance of an image that runs in an account at a time, and what launched it: of the last 64 that were launched by
    /// then, the latest.
    func running(
        _ image: ResourceID,
        in account: AccountID,
        asOf time: EventTime
    ) -> (instance: ResourceID, launch: Fact)? {
        note(FactReading(FactKey(.instance, .image(image)), .launches(in: account, asOf: time)))
        var (found, looked): ((ResourceID, Fact)?, Int) = (nil, 0)
        state.image(image)?.launches.forEachBackwards(upTo: time) { launch in
            guard state.account(of: launch) == account, let key = state.key(of: launch),
                let instance = key.entity.id
            else { return true }
            looked += 1
            let facts = all(of: key, asOf: time)
            if !facts.contains(where: { $0.value == .terminated }),
                let fact = facts.first(where: { $0.value.launchedImage == image })
            {
                found = (instance, fact)
            }
            return found == nil && looked < Self.runningCount
        }
        return found
    }

    private static let runningCount = 64

    /// What is known of the organization that something is in; whoever asks notes it.
    func knownOrganization(around part: ExactText, _ inForce: PolicyInForce) -> KnownOrganization {
        var organization = KnownOrganization()
        state.extend(&organization, around: [part], inForce)
        return organization
    }

    /// Whether anything is known of an organization's policies; where readings are noted, that is found out again.
    var knowsOrganizations: Bool { readings != nil || !state.indexes.ofOrganizations.isEmpty }

    /// The keys of the policies that were attached to something, or below it, up to a time.
    func attachmentKeys(_ place: AttachmentPlace, asOf time: EventTime) -> [FactKey] {
        note(FactReading(place.noted, .attachments(asOf: time)))
        return Array(state.indexes.attachments[place] ?? [])
    }

    /// The roots that the account which manages an organization has named, by what stands for them.
    func roots(_ standIn: ExactText) -> [ExactText] {
        note(FactReading(FactKey(.placeInOrganization, .organization(standIn)), .all))
        return state.indexes.rootsNamed[standIn]?.keys.sorted() ?? []
    }

    /// All facts about an attribute; whoever asks notes which of them it has looked at.
    func unnoted(_ key: FactKey) -> ArraySlice<Fact> { state.timeline(key).facts }

    func walking(_ facts: ArraySlice<Fact>) -> ArraySlice<Fact> {
        walked += facts.count
        return facts
    }

    /// Notes that the policy approves an image, as of any time, as long as nothing more is known about it.
    func noteApproved(_ image: ResourceID) { approvedImage = image }

    /// Notes a reading, where readings are noted.
    func note(_ reading: @autoclosure () -> FactReading) { readings?.insert(reading()) }
}

/// What is known of an image, at hand so that it is looked up once.
struct KnownImage {
    let id: ResourceID
    var facts: ImageFacts
}

/// What rules read of one image.
public struct ImageView {
    private let known: ImageFacts?
    private let view: FactView
    private let readings: ImageReadings?

    fileprivate init(_ known: ImageFacts?, in view: FactView, noting readings: ImageReadings?) {
        self.known = known
        self.view = view
        self.readings = readings
    }

    /// All facts about an attribute, in order.
    public func all(of attribute: ImageAttribute) -> ArraySlice<Fact> {
        note(attribute, .all)
        return view.walking(known?.timeline(attribute).facts ?? [])
    }

    /// The facts about an attribute at or before a time, in order.
    public func all(of attribute: ImageAttribute, asOf time: EventTime) -> ArraySlice<Fact> {
        note(attribute, .upTo(time))
        return view.walking(known?.timeline(attribute).prefix(asOf: time) ?? [])
    }

    /// The last fact about an attribute at or before a time; of constant ones the best known at any time.
    public func latest(_ attribute: ImageAttribute, asOf time: EventTime = .distantFuture) -> Fact? {
        note(attribute, attribute.isConstant ? .all : .latest(asOf: time))
        return known?.latest(attribute, asOf: time)
    }

    /// Whether a policy was found to approve it, as of any time; where readings are noted, that is found out again.
    func isApproved(by policy: PolicyInForce) -> Bool {
        readings == nil && known?.isApproved(by: policy.number) ?? false
    }

    /// Who owns it, if that is known.
    public var owner: (account: AccountID, fact: Fact)? {
        note(.owner, .all)
        return known?.owner
    }

    /// Whether nobody told if the owner has an alias: an owner known by its own calls has none.
    var isOwnerAliasUnknown: Bool {
        func isAlone(_ fact: Fact) -> Bool { if case .accountAlone = fact.value { true } else { false } }
        return all(of: .ownerAlias).isEmpty && all(of: .owner).allSatisfy(isAlone)
    }

    /// What says that it came into being.
    var creation: Fact? {
        note(.lifecycle, .creations)
        return known?.timeline(.lifecycle).facts.first { $0.value.isCreation }
    }

    /// The groups of which something was ever said in its launch permissions.
    var groups: Set<Grantee> {
        note(.permission(.everyone), .anyGroup)
        return known?.groups ?? []
    }

    /// The account and Region to which a launch permission belongs.
    func scope(of permission: Fact) -> AccountRegion {
        guard let known, permission.evidence.isInventory else { return permission.evidence.scope }
        note(.owner, .all)
        if permission.evidence.region.isEmpty { note(.lifecycle, .all) }
        return known.scope(of: permission)
    }

    private func note(
        _ attribute: @autoclosure () -> ImageAttribute,
        _ part: @autoclosure () -> FactReading.Part
    ) {
        readings?.note(attribute(), part())
    }
}

/// What one evaluation reads of one image.
private final class ImageReadings {
    private let id: ResourceID
    private let readings: FactReadings

    init(_ id: ResourceID, in readings: FactReadings) {
        self.id = id
        self.readings = readings
    }

    func note(_ attribute: ImageAttribute, _ part: FactReading.Part) {
        readings.insert(FactReading(.image(id, attribute), part))
    }
}
