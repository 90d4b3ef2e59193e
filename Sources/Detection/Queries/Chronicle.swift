public import CloudTrail

/// What happened, call by call and in order, as far as facts tell: the timelines of a report.
public struct Chronicle: Sendable {
    /// One call, and what it told.
    public struct Entry: Sendable {
        /// The call.
        public let evidence: Evidence
        /// What it told, each in a few words.
        public internal(set) var statements: [String]

        /// In the order in which they happened.
        static func precedes(_ left: Entry, _ right: Entry) -> Bool {
            left.evidence.time != right.evidence.time
                ? left.evidence.time < right.evidence.time : left.evidence.id < right.evidence.id
        }
    }

    /// What was done in an account.
    public struct Account: Sendable {
        /// Which one.
        public let id: AccountID
        /// The Regions in which anything of it is known.
        public let regions: [String]
        /// The first and the last successful watched call; nil where there is none.
        public let activity: (first: Evidence, last: Evidence)?
        /// What is known to be its own.
        public let images: Int
        /// What it did that changed anything, and the launches that a finding is about.
        public let entries: [Entry]
        /// Other launches, and ends of instances, which are left out.
        public let launchesLeftOut: Int
    }

    /// The life of an image.
    public struct Image: Sendable {
        /// Which one.
        public let id: ResourceID
        /// Its name, where anybody told it.
        public let name: String?
        /// Its owner, where anybody told it.
        public let owner: AccountID?
        /// Its Region, where anybody told it.
        public let region: String?
        /// What was done with it.
        public let entries: [Entry]
        /// Further launches, which are left out.
        public let launchesLeftOut: Int
    }

    /// A time in which an image or a snapshot was shared with somebody.
    public struct Share: Sendable {
        /// What was shared.
        public let resource: Resource
        /// Whose it is, where that is known.
        public let owner: AccountID?
        /// With whom, as a finding's discriminator shows it: `all`, 12 digits, or an ARN.
        public let grantee: String
        /// What shared it.
        public let start: Evidence
        /// What took that back, or the image away; nil as long as it is shared.
        public let end: Evidence?
        /// What the policy says of the grantee as of the start: who it is, when it objects; nil when it trusts it.
        public let objection: String?
        /// Whether that cannot be decided.
        public let isUndetermined: Bool
    }

    /// The accounts of which anything is known, in order.
    public let accounts: [Account]
    /// Images, in order: those that were asked for, and those that were shared.
    public let images: [Image]
    /// Further images of which anything is known.
    public let otherImages: Int
    /// All shares, by account, resource and time.
    public let shares: [Share]
}

extension Engine {
    /// What happened to accounts and images.
    ///
    /// - Parameters:
    ///   - findings: Whose launches are told one by one, and whose images are told whether they were shared or not.
    ///   - launchesAtMost: Launches that are told of one image.
    /// - Returns: Timelines and shares, each in order.
    public func chronicle(of findings: [Finding], launchesAtMost: Int = 100) -> Chronicle {
        StateQuery(self, .always).chronicle(of: findings, launchesAtMost: launchesAtMost)
    }
}

extension Engine {
    /// So many images of which anything is known, behind one of them, or from the start; none at the end, and nil when that
    /// one is gone.
    ///
    /// Their order holds; those that come or go meanwhile may, or may not, be among them.
    public func knownImages(behind last: ResourceID?, atMost count: Int) -> [ResourceID]? {
        state.images.keys(behind: last, atMost: count)
    }

    /// With whom some images are shared now, in no order.
    public func standingShares(of images: some Sequence<ResourceID>) -> [Chronicle.Share] {
        StateQuery(self, .now).standingShares(of: images)
    }

    /// The life of one image, with so many of its launches; nil when nothing is known of it.
    public func chronicle(of image: ResourceID, launchesAtMost: Int) -> Chronicle.Image? {
        let query = StateQuery(self, .always, itemsAtMost: launchesAtMost)
        return state.image(image).map { _ in query.image(image, launchesAtMost) }
    }
}

extension Finding {
    /// The records that opened it, went on with it, and resolved it, as far as it names them.
    public var decisiveEvents: Set<EventID> {
        var events: Set = [event.id]
        if let resolution { events.insert(resolution.id) }
        for fact in facts where fact.time == firstSeen || fact.time == lastSeen {
            if let event = fact.eventID { events.insert(event) }
        }
        return events
    }
}

extension StateQuery {
    fileprivate func chronicle(of findings: [Finding], launchesAtMost: Int) -> Chronicle {
        let shares = imageShares() + snapshotShares()
        var images = Set(shares.filter { $0.resource.type == .image }.map { ResourceID($0.resource.id) })
        for finding in findings { images.formUnion(imagesNamed(by: finding)) }
        let known = images.filter { state.image($0) != nil }.sorted()
        return Chronicle(
            accounts: accounts(of: findings),
            images: known.map { image($0, launchesAtMost) },
            otherImages: state.images.count - known.count,
            shares: shares.sorted(by: Self.precedes)
        )
    }

    private func imagesNamed(by finding: Finding) -> [ResourceID] {
        let resource = finding.identity.subject.resource
        let texts = [resource.id] + finding.facts.filter { $0.what.hasSameBytes(as: "image") }.map(\.value)
        return texts.map { ResourceID($0) }
    }

    // MARK: Shares

    private func imageShares() -> [Chronicle.Share] {
        state.images.all.flatMap { id, known in shares(of: id, known) { _ in true } }
    }

    fileprivate func standingShares(of images: some Sequence<ResourceID>) -> [Chronicle.Share] {
        images.flatMap { id in state.image(id).map { shares(of: id, $0) { $0.end == nil } } ?? [] }
    }

    private func shares(
        of id: ResourceID,
        _ known: ImageFacts,
        where isWanted: (ShareInterval) -> Bool
    ) -> [Chronicle.Share] {
        guard known.hasGrantees else { return [] }
        return ShareInterval.all(of: facts.image(id), with: known.grantees).filter(isWanted).map {
            share($0, of: Resource(type: .image, id: id.description), owner: known.owner?.account)
        }
    }

    private func snapshotShares() -> [Chronicle.Share] {
        var subjects: Set<Subject> = []
        for key in state.timelineKeys {
            guard case .resource(let scope, let id) = key.entity, case .grantee = key.qualifier,
                state.timeline(key).facts.contains(where: { $0.value == .granted })
            else { continue }
            subjects.insert(Subject(.snapshotShare, scope, id, key.qualifier))
        }
        return subjects.flatMap { subject -> [Chronicle.Share] in
            guard let history = SnapshotShare(of: subject, in: context) else { return [] }
            return ShareInterval.all(of: history.steps).filter { $0.grantee == history.grantee }.map {
                share($0, of: subject.resource, owner: subject.scope.account)
            }
        }
    }

    private func share(
        _ interval: ShareInterval,
        of resource: Resource,
        owner: AccountID?
    ) -> Chronicle.Share {
        let trust = ShareTrust(
            owner: owner ?? interval.start.evidence.account,
            time: interval.start.time,
            context: context
        )
        let objection = trust.objection(to: interval.grantee)
        return Chronicle.Share(
            resource: resource,
            owner: owner,
            grantee: interval.grantee.description,
            start: interval.start.evidence,
            end: interval.end?.evidence,
            objection: objection?.description,
            isUndetermined: objection?.verdict == .undetermined
        )
    }

    private static func precedes(_ left: Chronicle.Share, _ right: Chronicle.Share) -> Bool {
        let owners = [left, right].map { $0.owner ?? $0.start.account }
        if owners[0] != owners[1] { return owners[0] < owners[1] }
        if left.resource != right.resource { return left.resource.id.bytesPrecede(right.resource.id) }
        if left.start.time != right.start.time { return left.start.time < right.start.time }
        return left.grantee.bytesPrecede(right.grantee)
    }

    // MARK: Images

    fileprivate func image(_ id: ResourceID, _ launchesAtMost: Int) -> Chronicle.Image {
        let known = state.image(id) ?? ImageFacts()
        var entries = EntriesByCall()
        for attribute in known.attributes {
            for fact in known.timeline(attribute).facts {
                entries.add(fact, FactWords(attribute.attribute, attribute.qualifier).words(fact))
            }
        }
        for key in keysNaming(id) ?? [] {
            for fact in state.timeline(key).facts where FactIndexes.imagesNamed(by: fact).contains(id) {
                guard !fact.value.isLaunch else { continue }
                entries.add(fact, FactWords(key).words(fact))
            }
        }
        var launches = 0
        for launch in known.launches.last(itemsAtMost) {
            guard let subject = state.subject(of: launch), let record = LaunchRecord(subject, in: facts)
            else {
                continue
            }
            launches += 1
            guard launches <= launchesAtMost else { continue }
            entries.add(record.evidence, "launched as \(record.instance) in \(record.scope)")
            if let end = record.end { entries.add(end, "\(record.instance) is terminated") }
        }
        return Chronicle.Image(
            id: id,
            name: known.latest(.name).flatMap {
                if case .text(let name) = $0.value { name?.string } else { nil }
            },
            owner: known.owner?.account,
            region: known.region,
            entries: entries.inOrder,
            launchesLeftOut: max(0, launches - launchesAtMost) + max(0, known.launches.count - itemsAtMost)
        )
    }

    // MARK: Accounts

    private func accounts(of findings: [Finding]) -> [Chronicle.Account] {
        var decided: Set<EventID> = []
        for finding in findings { decided.formUnion(finding.decisiveEvents) }
        var entries: [AccountID: EntriesByCall] = [:]
        var leftOut: [AccountID: Int] = [:]
        for key in state.keys where !Self.attributesToldTwice.contains(key.attribute) {
            let words = FactWords(key)
            for fact in state.timeline(key).facts where !fact.evidence.isInventory {
                let account = fact.evidence.account
                if Self.attributesOfUse.contains(key.attribute), !decided.contains(fact.evidence.id) {
                    if key.attribute == .instance { leftOut[account, default: 0] += 1 }
                    continue
                }
                entries[account, default: EntriesByCall()].add(fact, words.words(fact, about: key.entity))
            }
        }
        var owned: [AccountID: Int] = [:]
        for (id, image) in state.images.all {
            if let owner = image.owner?.account { owned[owner, default: 0] += 1 }
            for attribute in image.attributes {
                let words = FactWords(attribute.attribute, attribute.qualifier)
                for fact in image.timeline(attribute).facts where !fact.evidence.isInventory {
                    guard let told = words.words(fact, about: .image(id)) else { continue }
                    entries[fact.evidence.account, default: EntriesByCall()].add(fact, told)
                }
            }
        }
        var regions: [AccountID: Set<ExactText>] = [:]
        for scope in scopes { regions[scope.account, default: []].insert(ExactText(scope.region)) }
        let accounts = Set(state.clocks.keys).union(regions.keys).union(owned.keys).union(entries.keys)
        return accounts.sorted().map { account in
            let calls = (regions[account] ?? []).compactMap {
                state.activity[AccountRegion(account, $0.string)]
            }.flatMap { log in [Array(log.all).first, Array(log.all).last].compactMap(\.self) }
            return Chronicle.Account(
                id: account,
                regions: (regions[account] ?? []).sorted().map(\.string),
                activity: calls.min().flatMap { first in calls.max().map { (first.evidence, $0.evidence) } },
                images: owned[account] ?? 0,
                entries: entries[account]?.inOrder ?? [],
                launchesLeftOut: leftOut[account] ?? 0
            )
        }
    }

    /// What other facts of the same call tell, too.
    private static let attributesToldTwice: [Attribute] = [
        .madePublic, .sharesMade, .firstShare, .refusals, .deniedChangesOfPrincipal, .members,
    ]

    /// Of what is used every day only those calls are told that a finding is about.
    private static let attributesOfUse: [Attribute] = [.instance, .calls]
}

/// What was told, by the call that told it.
private struct EntriesByCall {
    private struct Key: Hashable {
        let id: EventID
        let account: AccountID
    }

    private var entries: [Key: Chronicle.Entry] = [:]

    mutating func add(_ fact: Fact, _ statement: String?) {
        if let statement { add(fact.evidence, statement) }
    }

    mutating func add(_ evidence: Evidence, _ statement: String) {
        let key = Key(id: evidence.id, account: evidence.account)
        entries[key, default: Chronicle.Entry(evidence: evidence, statements: [])].statements.append(
            statement
        )
    }

    var inOrder: [Chronicle.Entry] {
        entries.values.map { entry in
            // A call tells the same of several keys now and then.
            let statements = Set(entry.statements.map { ExactText($0) }).sorted().map(\.string)
            return Chronicle.Entry(evidence: entry.evidence, statements: statements)
        }.sorted(by: Chronicle.Entry.precedes)
    }
}
