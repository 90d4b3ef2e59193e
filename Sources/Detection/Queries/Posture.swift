public import CloudTrail

/// The guardrails of one account and Region now, in short: a row of a grid.
public struct Posture: Sendable {
    /// A setting, and since when it is so.
    public struct Setting: Sendable {
        /// As AWS calls it: `enabled`, `block-new-sharing`.
        public let value: String
        /// Nil where that is not known.
        public let since: EventTime?
    }

    /// The account and Region.
    public let scope: AccountRegion
    /// Allowed AMIs; nil when nobody told.
    public let allowedImages: Setting?
    /// Block public access for images; nil when nobody told.
    public let blockPublicAccess: Setting?
    /// `logging`, `stopped`, `deleted`, or `narrowed`: the worst of the trails that were changed here; nil when none was.
    public let trail: Setting?
    /// The last record of the account, whichever Region it was in; nil when none is known.
    public let lastEvent: EventTime?

    /// Of a place of which nothing is known.
    public init(of scope: AccountRegion) {
        self.init(scope, allowedImages: nil, blockPublicAccess: nil, trail: nil, lastEvent: nil)
    }

    fileprivate init(
        _ scope: AccountRegion,
        allowedImages: Setting?,
        blockPublicAccess: Setting?,
        trail: Setting?,
        lastEvent: EventTime?
    ) {
        (self.scope, self.allowedImages, self.blockPublicAccess) = (scope, allowedImages, blockPublicAccess)
        (self.trail, self.lastEvent) = (trail, lastEvent)
    }
}

/// What was published of a finding, in short: a row of a list.
public struct PublishedFinding: Sendable {
    /// Which one.
    public let identity: FindingIdentity
    /// `open`, `resolved` or `retracted`.
    public let status: FindingStatus
    /// What the judgement is; `allowed` once resolved or retracted.
    public let verdict: Verdict
    /// How bad it is.
    public let severity: Severity
    /// One line about the rule.
    public let title: String
    /// The least time of an occurrence.
    public let firstSeen: EventTime
    /// The greatest time of an occurrence.
    public let lastSeen: EventTime
    /// Distinct records judged violating or undetermined, when the last alert was published.
    public let occurrences: Int
    /// Alerts published about it.
    public let revision: Int
}

// What can be asked of an engine at work: nothing is changed, and what is long can be had in parts.

extension Engine {
    /// The accounts that are judged here and of which anything is known, in order.
    public var judgedAccounts: [AccountID] {
        Set(state.clocks.keys).union(state.indexes.activeRegions.keys).union(state.indexes.guardrails.keys)
            .filter(isJudged).sorted()
    }

    /// Whether an account's subjects are judged here.
    func isJudged(_ account: AccountID) -> Bool { isOwned.map { $0(account) } ?? true }

    /// The guardrails of every Region of some accounts in which calls or guardrails are known, in order.
    public func posture(of accounts: some Sequence<AccountID>) -> [Posture] {
        let query = StateQuery(self, .now)
        return accounts.flatMap { account in query.scopes(of: account).sorted().map(query.posture) }
    }

    /// So many subjects of published findings, behind one of them, or from the start: as ``knownImages(behind:atMost:)``.
    public func findingSubjects(behind last: Subject?, atMost count: Int) -> [Subject]? {
        state.findings.subjects(behind: last, atMost: count)
    }

    /// Another number when the findings are kept in another order.
    public var findingsCapacity: Int { state.findings.capacity }

    /// What was published of the findings about some subjects, of accounts that are judged here.
    public func publishedFindings(about subjects: some Sequence<Subject>) -> [PublishedFinding] {
        subjects.filter { isJudged($0.scope.account) }.flatMap { subject in
            state.findings.published(about: subject).compactMap { published in
                let known = published.finding
                guard !known.isUnsaid, let rule = rules.rule(published.rule)?.metadata else { return nil }
                return PublishedFinding(
                    identity: FindingIdentity(rule: published.rule, subject: subject),
                    status: known.status,
                    verdict: known.status == .open ? known.verdict ?? .undetermined : .allowed,
                    severity: known.severity ?? severity(of: rule),
                    title: rule.title,
                    firstSeen: known.firstSeen,
                    lastSeen: known.lastSeen,
                    occurrences: known.occurrences,
                    revision: known.revision
                )
            }
        }
    }

    /// An image's name, and whose it is, as far as anybody told; nil when nothing is known of the image.
    public func nameAndOwner(of image: ResourceID) -> (name: String?, owner: AccountID?)? {
        guard let known = state.image(image) else { return nil }
        var name: String?
        if case .text(let text)? = known.latest(.name)?.value { name = text?.string }
        return (name, known.owner?.account)
    }

    /// What is known of the guardrails of one account's Regions, as ``StateQuestion/guardrails(_:region:)`` tells it, found
    /// without a look at everything else.
    public func guardrails(of account: AccountID) -> [StateReport] {
        let query = StateQuery(self, .now)
        return query.scopes(of: account).sorted().map(query.guardrails)
    }
}

extension Dictionary {
    /// So many keys behind one of them, or from the start; nil when that one is gone.
    func keys(behind last: Key?, atMost count: Int) -> [Key]? {
        var place = startIndex
        if let last {
            guard let known = index(forKey: last) else { return nil }
            place = index(after: known)
        }
        var piece: [Key] = []
        while place != endIndex, piece.count < count {
            piece.append(keys[place])
            place = index(after: place)
        }
        return piece
    }
}

extension StateQuery {
    /// The Regions of an account in which calls or guardrails are known.
    fileprivate func scopes(of account: AccountID) -> Set<AccountRegion> {
        let guardrails = (state.indexes.guardrails[account] ?? []).compactMap(\.entity.scope)
        return (state.indexes.activeRegions[account] ?? []).union(guardrails).filter { !$0.region.isEmpty }
    }

    fileprivate func posture(of scope: AccountRegion) -> Posture {
        func setting(_ attribute: Attribute, _ words: (FactValue) -> String?) -> Posture.Setting? {
            let item = item("", state.timeline(FactKey(attribute, .accountRegion(scope))), words)
            return item.value.map { Posture.Setting(value: $0, since: item.since) }
        }
        let clock = state.clock(of: scope.account)
        return Posture(
            scope,
            allowedImages: setting(.allowedImages) {
                if case .allowedImages(let state) = $0 { state.rawValue } else { nil }
            },
            blockPublicAccess: setting(.blockPublicAccess) {
                if case .blockPublicAccess(let state) = $0 { state.rawValue } else { nil }
            },
            trail: trail(of: scope),
            lastEvent: clock == .distantPast ? nil : clock
        )
    }

    /// The worst of the trails that were changed in a place, as the rule `trail-blinded` sees them.
    private func trail(of scope: AccountRegion) -> Posture.Setting? {
        var logging: [ExactText: (isOn: Bool, fact: Fact)] = [:]
        for fact in state.timeline(FactKey(.trails, .accountRegion(scope))).facts {
            guard let fields = fact.value.fields, let name = fields.text("trail"),
                let isOn = fields.flag("logging"), logging[name]?.isOn != isOn
            else { continue }
            logging[name] = (isOn, fact)
        }
        if let stopped = logging.values.filter({ !$0.isOn }).map(\.fact).max() {
            let isDeleted = stopped.value.fields?.flag("deleted") == true
            return Posture.Setting(value: isDeleted ? "deleted" : "stopped", since: stopped.time)
        }
        let identity = FindingIdentity(
            rule: TrailBlinded.id,
            subject: Subject(TrailBlinded.kind, scope)
        )
        if let blinded = state.findings[identity], blinded.status == .open {
            return Posture.Setting(value: "narrowed", since: blinded.lastSeen)
        }
        return logging.values.map(\.fact).min().map { Posture.Setting(value: "logging", since: $0.time) }
    }
}
