public import CloudTrail

// What a live engine forgets before its time, where one account has more of it than anybody needs: nothing that stands,
// and nothing on which an open finding rests.

/// What was forgotten before its time, because there was too much of it.
public struct ForgottenEarly: Sendable {
    /// Of what there was too much.
    public enum Kind: String, CaseIterable, Sendable {
        /// Changes of one thing: its oldest.
        case change
        /// Tags of one image: those deleted first.
        case tag
        /// Launch permissions of one image: those taken back first.
        case permission
        /// Deregistered images of one account.
        case image
        /// Other things of one account that are over: terminated instances, refusals, permissions taken back.
        case resource
        /// Findings of one account that are over, and of which no facts are left.
        case finding
    }

    /// How much of one kind, and whose it was last.
    public struct Tally: Hashable, Sendable {
        /// Forgotten.
        public var forgotten = 0
        /// Kept beyond the bound, because it stands, or something open rests on it.
        public var kept = 0
        /// Whose the last of it was.
        public var account = AccountID.none

        /// Of nothing.
        public init() {}
    }

    /// By kind.
    public private(set) var tallies: [Kind: Tally] = [:]

    /// How much of all kinds was forgotten.
    public var count: Int { tallies.values.reduce(0) { $0 + $1.forgotten } }

    /// Of nothing.
    public init() {}

    mutating func note(_ kind: Kind, _ count: Int, of account: AccountID) {
        tallies[kind, default: Tally()].forgotten += count
        tallies[kind]?.account = account
    }

    mutating func noteKept(_ kind: Kind, _ count: Int, of account: AccountID) {
        tallies[kind, default: Tally()].kept += count
        tallies[kind]?.account = account
    }
}

// MARK: - Ended things of an account

extension Engine {
    /// Forgets the oldest ended things of an account that has too many; what ended within the horizon stays.
    mutating func forgetExcess(of account: AccountID, at clock: EventTime, into alerts: inout [Alert]) {
        guard let horizon = settings.horizonSeconds else { return }
        for kind in [Expiries.Kind.facts, .image, .finding] {
            let excess = expiries.count(kind, of: account) - settings.endedAtMost
            if excess <= 0 { continue }
            let seconds = kind == .image ? Settings.deregisteredSeconds : settings.retentionSeconds
            // So that nothing goes that ended within the horizon.
            let end = Day(of: clock.advanced(bySeconds: seconds - horizon))
            for entry in expiries.take(kind, of: account, before: end, atMost: min(excess, Self.endedAtOnce))
            {
                forgetEarly(entry, of: account, clock, lookedAt: end, into: &alerts)
            }
        }
    }

    private mutating func forgetEarly(
        _ entry: Expiries.Entry,
        of account: AccountID,
        _ clock: EventTime,
        lookedAt end: Day,
        into alerts: inout [Alert]
    ) {
        let limit = entry.day.end.advanced(bySeconds: -keptSeconds(entry.ended))
        guard hasEnded(entry.ended, before: limit) else { return }
        let kind = ForgottenEarly.Kind(entry.kind)
        if isNeeded(entry.ended, clock) {
            expiries.keep(entry, of: account, until: end)
            return forgottenEarly.noteKept(kind, 1, of: account)
        }
        switch entry.ended {
        case .facts(let key) where key.attribute == .permission: forgetPermission(key, into: &alerts)
        case .facts(let key) where key.attribute == .sharesMade:
            // What comes next is the first again.
            for attribute in [Attribute.sharesMade, .firstShare] {
                let key = FactKey(attribute, key.entity)
                forget(state.timeline(key).facts, at: key, into: &alerts)
            }
        default: forget(entry.ended, clock, before: limit, into: &alerts)
        }
        forgottenEarly.note(kind, 1, of: account)
    }

    /// Whether something that had ended before a time has not gone on since: then it is on a later day's list.
    private func hasEnded(_ ended: Expiries.Ended, before limit: EventTime) -> Bool {
        switch ended {
        case .facts(let key):
            state.timeline(key).facts.last.map { key.isEnded(by: $0) && $0.time < limit } ?? false
        case .image(let image):
            state.image(image)?.latest(.lifecycle).map { $0.value == .deregistered && $0.time < limit }
                ?? false
        case .finding(let identity): state.findings[identity].map { $0.changed < limit } ?? false
        }
    }

    /// Whether an open finding rests on something that has ended, or others may ask for it.
    private func isNeeded(_ ended: Expiries.Ended, _ clock: EventTime) -> Bool {
        switch ended {
        case .facts(let key):
            if key.attribute == .sharesMade, let last = state.timeline(key).facts.last,
                last.time > FirstTime(policy).limit(before: clock)
            {
                return true
            }
            if key.attribute == .permission,
                key.ofImage.grantee == .everyone || !ownsAll(state.timeline(key).facts)
            {
                return true
            }
            // With a resource that is gone its findings go; others stand as they were told when their facts are gone, but
            // for those that go on.
            if key.attribute.lifetime == .untilGone { return isOpen(anyReachedBy: facts(ofResource: key)) }
            return isGoingOn(anyReachedBy: state.timeline(key).facts.map { KeyedFact(key, $0) })
        case .image(let image): return isNeeded(image)
        case .finding(let identity):
            // What its facts still tell would be told once more.
            guard let known = state.findings[identity] else { return false }
            return known.status == .open
                || judgements(of: identity.subject).said.contains {
                    $0.rule.metadata.id == identity.rule && $0.judgement?.last != nil
                }
        }
    }

    /// Whether any finding is open that facts reach, and that is about more than what happened once.
    private func isGoingOn(anyReachedBy facts: [KeyedFact]) -> Bool {
        reached(by: facts).contains { subject in
            state.findings.published(about: subject).contains {
                $0.finding.status == .open && rules.rule($0.rule)?.metadata.lifetime != .occurrence
            }
        }
    }

    /// Whether a deregistered image was used, is part of others' history, or comes back shared from the Recycle Bin.
    private func isNeeded(_ image: ResourceID) -> Bool {
        guard let known = state.image(image) else { return false }
        return known.hasGrantees || !known.launches.isEmpty || known.latest(.firstUse) != nil
            || !state.descendants(of: image).isEmpty || state.indexes.keysNamingImage[image] != nil
            || state.indexes.callsUsing[image] != nil
            || isOpen(
                anyReachedBy: known.attributes.flatMap { attribute in
                    known.timeline(attribute).facts.map { KeyedFact(.image(image, attribute), $0) }
                }
            )
    }
}

// MARK: - Tags and launch permissions of an image

extension Engine {
    /// Forgets what was deleted or taken back first of images that have had very many tags or launch permissions.
    mutating func forgetCrowds(behind touched: [KeyedFact], into alerts: inout [Alert]) {
        var last: (image: ResourceID, attribute: Attribute)?
        for told in touched {
            let attribute = told.key.attribute
            guard told.fact.value.endsOne(of: attribute), let image = told.key.image,
                last.map({ $0 != (image, attribute) }) ?? true
            else { continue }
            last = (image, attribute)
            forgetCrowd(of: attribute, image, told.fact.evidence.account, into: &alerts)
        }
    }

    private mutating func forgetCrowd(
        of attribute: Attribute,
        _ image: ResourceID,
        _ account: AccountID,
        into alerts: inout [Alert]
    ) {
        let isTag = attribute == .tag
        let most = isTag ? settings.endedOfImage.tags : settings.endedOfImage.permissions
        let crowd = FactKey(attribute, .image(image))
        guard let known = state.image(image), known.namedCount > max(most, crowds[crowd] ?? 0) else { return }
        let ended = known.ended(attribute, by: account)
        // Not one at a time, for each time all are looked at.
        crowds[crowd] = known.namedCount + max(1, most / 8)
        let excess = ended.count - most
        if excess <= 0 { return }
        var forgotten = 0
        var lastEnd: Fact?
        let (wanted, base) = (excess + most / 8, isTag ? known.tagKeysAtOnce : [])
        for (attribute, end) in ended.sorted(by: { $0.end < $1.end }) where forgotten < wanted {
            let key = FactKey.image(image, attribute)
            if isTag {
                guard case .text(let name) = attribute.qualifier, !base.contains(name),
                    !inForce.asksForTag(name)
                else { continue }
                for fact in known.timeline(attribute).facts { state.remove(fact, at: key) }
                lastEnd = end
            } else {
                let facts = known.timeline(attribute).facts
                if isGoingOn(anyReachedBy: facts.map { KeyedFact(key, $0) }) { continue }
                forgetPermission(key, into: &alerts)
            }
            forgotten += 1
        }
        if let lastEnd { noteForgotten(at: .image(image, .forgottenTags), until: lastEnd) }
        crowds[crowd] = (state.image(image)?.namedCount ?? 0) + max(1, most / 8)
        let kind = isTag ? ForgottenEarly.Kind.tag : .permission
        if forgotten > 0 { forgottenEarly.note(kind, forgotten, of: account) }
        if forgotten < excess { forgottenEarly.noteKept(kind, excess - forgotten, of: account) }
    }

    /// Forgets a launch permission that was taken back, and notes until when some of the image were.
    mutating func forgetPermission(_ key: FactKey, into alerts: inout [Alert]) {
        let facts = state.timeline(key).facts
        guard let image = key.image, let last = facts.last else { return }
        forget(facts, at: key, into: &alerts)
        noteForgotten(at: .image(image, .forgottenPermissions), until: last)
    }

    /// Notes what ended last of what is forgotten, of each account that told it.
    private mutating func noteForgotten(at mark: FactKey, until end: Fact) {
        let known = state.timeline(mark).told(by: end.evidence.account).facts
        if let until = known.last?.time, until >= end.time { return }
        for fact in known { state.remove(fact, at: mark) }
        var noted: [KeyedFact] = []
        let fact = Fact(time: end.time, phase: .ends, value: .date(end.time), evidence: end.evidence)
        state.insert(fact, at: mark, touched: &noted)
    }

    // MARK: Late grants

    /// Whether a late grant was there before, was taken back, and is forgotten, as its finding tells: it adds nothing.
    func isForgottenGrant(_ fact: Fact, _ key: FactKey) -> Bool {
        guard fact.value == .granted, let image = key.image, let grantee = key.ofImage.grantee,
            mayBeForgotten(grantOf: key, at: fact.time) != nil
        else { return false }
        return state.findings.published(about: .share(fact.evidence.scope, image, grantee)).contains {
            $0.finding.forgotten > 0 && fact.time <= $0.finding.lastSeen
        }
    }

    /// Puts a doubt beside each late grant of which nobody knows whether it was taken back: a date until which it may have
    /// been, on the same timeline.
    func doubtingLateGrants(_ told: [KeyedFact]) -> [KeyedFact] {
        if settings.horizonSeconds == nil { return told }
        var doubts: [KeyedFact] = []
        for told in told
        where told.key.attribute == .permission && told.fact.value == .granted
            && !told.fact.evidence.isInventory
        {
            guard let until = mayBeForgotten(grantOf: told.key, at: told.fact.time) else { continue }
            let (fact, key) = (told.fact, told.key)
            if isForgottenGrant(fact, key) { continue }
            let doubt = Fact(time: fact.time, phase: .ends, value: .date(until), evidence: fact.evidence)
            doubts.append(KeyedFact(key, doubt))
        }
        return doubts.isEmpty ? told : told + doubts
    }

    /// Until when a permission may have been taken back that was granted at a time, of which nothing else is known; of
    /// everybody's nothing is forgotten early.
    private func mayBeForgotten(grantOf key: FactKey, at time: EventTime) -> EventTime? {
        guard key.ofImage.grantee != .everyone, let image = key.image, let known = state.image(image),
            let until = known.timeline(.forgottenPermissions).facts.last?.time, time <= until,
            known.timeline(key.ofImage).isEmpty
        else { return nil }
        return until
    }
}

extension FactValue {
    /// Whether it ends one of the tags, or of the launch permissions, of an image.
    fileprivate func endsOne(of attribute: Attribute) -> Bool {
        switch self {
        case .tagDeleted: attribute == .tag
        case .revoked: attribute == .permission
        default: false
        }
    }
}

extension ImageFacts {
    /// The tags that are deleted, or launch permissions that are taken back, of which only one account has told, with what
    /// ended each.
    fileprivate func ended(
        _ attribute: Attribute,
        by account: AccountID
    ) -> [(attribute: ImageAttribute, end: Fact)] {
        attributes.compactMap { named in
            guard named.attribute == attribute, named != .permission(.everyone),
                let last = timeline(named).facts.last, last.value.endsOne(of: attribute),
                timeline(named).facts.allSatisfy({ $0.evidence.account == account })
            else { return nil }
            return (named, last)
        }
    }

    /// The keys of all tags that were ever told at once: that one of them is absent only its deletion tells.
    fileprivate var tagKeysAtOnce: Set<ExactText> {
        Set(
            timeline(.allTags).facts.flatMap { fact -> [ExactText] in
                if case .allTags(let tags, _) = fact.value { Array(tags.keys) } else { [] }
            }
        )
    }
}

extension ForgottenEarly.Kind {
    fileprivate init(_ kind: Expiries.Kind) {
        switch kind {
        case .image: self = .image
        case .finding: self = .finding
        case .facts, .kept: self = .resource
        }
    }
}

extension Attribute {
    /// Until when launch permissions of an image were taken back that are forgotten.
    static let forgottenPermissions = Attribute(0x1070, isInCatalogue: true, hasEntryPerRecord: false)
    /// Until when tags of an image were deleted that are forgotten.
    static let forgottenTags = Attribute(0x1071, isInCatalogue: true, hasEntryPerRecord: false)
}

extension ImageAttribute {
    /// Until when launch permissions were taken back that are forgotten.
    static var forgottenPermissions: ImageAttribute { ImageAttribute(.forgottenPermissions) }
    /// Until when tags were deleted that are forgotten.
    static var forgottenTags: ImageAttribute { ImageAttribute(.forgottenTags) }
}
