import CloudTrail

// What a live engine forgets, so that its state stays bounded. Replay forgets nothing.

extension Engine {
    /// Forgets what lies behind the horizon on the timelines that have just grown, and what ended long ago.
    mutating func forget(
        behind touched: [KeyedFact],
        _ forgettable: FactNumbers,
        into alerts: inout [Alert]
    ) {
        guard let horizon = settings.horizonSeconds, let account = touched.last?.fact.evidence.account else {
            return
        }
        let latest = state.clock(of: account)
        for index in touched.indices {
            let key = touched[index].key
            if key.attribute.mayEnd,
                key.attribute.lifetime == .occurrence || touched[index].fact.value.isEnd
            {
                noteEnd(key, touched[index].fact)
            }
            let fact = touched[index].fact
            guard forgettable.contains(index), owns(fact.evidence.account) else { continue }
            let clock = fact.evidence.account == account ? latest : state.clock(of: fact.evidence.account)
            let limit = clock.advanced(bySeconds: -horizon)
            if key.attribute == .activity, let scope = key.entity.scope {
                for stale in state.staleActivity(in: scope, before: limit) {
                    state.remove(stale.fact, at: stale.key)
                }
            } else {
                var timeline = timeline(key, keptWith: fact)
                if timeline.facts.count > settings.keptFacts {
                    forget(stale(timeline, before: limit), at: key, into: &alerts)
                    timeline = self.timeline(key, keptWith: fact)
                }
                forgetEarly(timeline, key, fact, into: &alerts)
            }
        }
        guard owns(account) else { return }
        state.forgetSeen(before: latest.advanced(bySeconds: -2 * horizon))
        forgetCrowds(behind: touched, into: &alerts)
        guard expiries.mayTake(of: account, at: latest, beyond: settings.endedAtMost) else { return }
        for due in expiries.takeDue(of: account, at: latest, atMost: Self.endedAtOnce) {
            let limit = latest.advanced(bySeconds: -keptSeconds(due.ended))
            forget(due.ended, latest, before: limit, into: &alerts)
        }
        forgetExcess(of: account, at: latest, into: &alerts)
    }

    /// What has ended is forgotten so much at once of an account: other accounts' records wait meanwhile.
    static var endedAtOnce: Int { 1000 }

    /// How long something is kept after its end.
    func keptSeconds(_ ended: Expiries.Ended) -> Int64 {
        if case .image = ended { Settings.deregisteredSeconds } else { settings.retentionSeconds }
    }

    /// The facts of a key among which a fact is kept or forgotten.
    ///
    /// Of the catalogue they are its own account's: what another account has told, that one's detector alone takes out of it.
    private func timeline(_ key: FactKey, keptWith fact: Fact) -> Timeline {
        let timeline = state.timeline(key)
        return key.isInCatalogue ? timeline.told(by: fact.evidence.account) : timeline
    }

    /// The facts of a timeline that are to be forgotten.
    ///
    /// Of a long one not one at a time, for each time what they led to is judged again.
    private func stale(_ timeline: Timeline, before limit: EventTime) -> ArraySlice<Fact> {
        let stale = timeline.stale(before: limit, keep: settings.keptFacts)
        return timeline.facts.count > settings.factsAtOnce && stale.count < timeline.facts.count / 8
            ? [] : stale
    }

    /// Forgets the oldest facts of the entry that a fact is in, when they are more than a message can carry.
    private mutating func forgetEarly(
        _ timeline: Timeline,
        _ key: FactKey,
        _ fact: Fact,
        into alerts: inout [Alert]
    ) {
        // The newest stays, whatever its size.
        guard timeline.facts.count > 1 else { return }
        let excess = budget(of: key).excess(of: timeline.facts)
        guard !excess.isEmpty else { return }
        forget(excess, at: key, into: &alerts)
        forgottenEarly.note(.change, excess.count, of: fact.evidence.account)
    }

    private func budget(of key: FactKey) -> EntryBudget {
        EntryBudget(bytes: settings.entryBytes, of: key.attribute)
    }

    /// Whether an account's late fact is older than all that its full timeline, or its full entry, still keeps.
    ///
    /// It may have been there, counted and forgotten, so it adds nothing.
    func isBehind(_ fact: Fact, _ key: FactKey, clock: EventTime) -> Bool {
        guard let horizon = settings.horizonSeconds, fact.time < clock, fact.time != .distantPast else {
            return false
        }
        if mayBeForgotten(fact, key, clock) { return true }
        if key.attribute == .activity { return false }
        if key.attribute == .permission, isForgottenGrant(fact, key) { return true }
        let kept = timeline(key, keptWith: fact).facts
        if fact.time < clock.advanced(bySeconds: -horizon), kept.count >= settings.keptFacts {
            return kept.first.map { fact < $0 } ?? false
        }
        return budget(of: key).isBehind(fact, kept)
    }

    /// Whether a fact of the catalogue that is gone was forgotten by its own account's detector, and not taken back by a
    /// copy of its record.
    ///
    /// Copies are recognised for two horizons. That account's clock is that detector's alone: stream time, and what it has
    /// told last, stand for it. What is derived goes when something else is derived.
    func isForgotten(_ gone: KeyedFact) -> Bool {
        let (key, fact) = (gone.key, gone.fact)
        guard let horizon = settings.horizonSeconds, ![.firstUse, .parentImage].contains(key.attribute),
            !state.timeline(key).facts.contains(fact)
        else { return false }
        let clock = max(state.streamTime, timeline(key, keptWith: fact).facts.last?.time ?? .distantPast)
        let limit = clock.advanced(bySeconds: -2 * horizon)
        if fact.time > .distantPast { return fact.time < limit || isBehind(fact, key, clock: clock) }
        // With its image.
        let end = key.image.flatMap { state.image($0)?.latest(.lifecycle) }
        return end.map { $0.value == .deregistered && $0.time < limit } ?? false
    }

    /// Whether a fact is so old that it may have been there, ended and been forgotten: nobody can tell, so that it adds
    /// nothing, neither a finding nor an end of one.
    private func mayBeForgotten(_ fact: Fact, _ key: FactKey, _ clock: EventTime) -> Bool {
        if key.attribute.lifetime != .standing {
            return fact.time < clock.advanced(bySeconds: -settings.retentionSeconds)
        }
        guard let image = key.image else { return false }
        return fact.time < clock.advanced(bySeconds: -Settings.deregisteredSeconds)
            && !(state.image(image)?.isDated ?? false)
    }

    // MARK: Ended things

    mutating func noteEnd(_ key: FactKey, _ fact: Fact) {
        let account = fact.evidence.account
        if key.isEnded(by: fact) {
            let end = fact.time.advanced(bySeconds: settings.retentionSeconds)
            expiries.note(.facts(key), of: account, at: end)
        } else if let image = key.image, fact.value == .deregistered {
            let end = fact.time.advanced(bySeconds: Settings.deregisteredSeconds)
            expiries.note(.image(image), of: account, at: end)
        }
    }

    /// Puts a finding, as published when the account's clock showed a time, on the list of what may end.
    mutating func noteEnd(_ identity: FindingIdentity, changed: EventTime) {
        guard settings.horizonSeconds != nil else { return }
        expiries.note(
            .finding(identity),
            of: identity.subject.scope.account,
            at: changed.advanced(bySeconds: settings.retentionSeconds)
        )
    }

    /// Forgets what ended before a time, unless it has gone on since; its account's clock shows another time.
    mutating func forget(
        _ ended: Expiries.Ended,
        _ clock: EventTime,
        before limit: EventTime,
        into alerts: inout [Alert]
    ) {
        switch ended {
        case .facts(let key):
            let facts = state.timeline(key).facts
            guard let last = facts.last, key.isEnded(by: last) else { return }
            switch key.attribute.lifetime {
            case .untilGone where last.time < limit: forgetResource(of: key)
            case .untilEnded where last.time < limit:
                // What a wider grant keeps open is judged by its facts as long as it is open; and where another engine's account
                // has ended it, or begun, the rest would tell something else.
                if isOpen(anyReachedBy: facts, key) || !ownsAll(facts) {
                    let next = clock.advanced(bySeconds: settings.retentionSeconds)
                    expiries.note(ended, of: last.evidence.account, at: next)
                } else {
                    forget(facts, at: key, into: &alerts)
                }
            case .occurrence:
                var stale = facts.filter { $0.time < limit }[...]
                // How long nothing was shared before a share that stays, or a later one.
                if key.attribute == .sharesMade {
                    stale = stale.dropLast()
                    let next = clock.advanced(bySeconds: settings.retentionSeconds)
                    if last.time < limit { expiries.note(ended, of: last.evidence.account, at: next) }
                }
                forget(stale, at: key, into: &alerts)
            case .untilGone, .untilEnded, .standing: break
            }
        case .image(let image):
            guard let known = state.image(image), let last = known.latest(.lifecycle),
                last.value == .deregistered, last.time < limit
            else { return }
            for attribute in known.attributes {
                let told = known.timeline(attribute).facts.filter { owns($0.evidence.account) }
                forget(told[...], at: .image(image, attribute), into: &alerts)
            }
        case .finding(let identity):
            guard let known = state.findings[identity], let end = end(of: identity, known) else { return }
            if end < limit {
                state.setFinding(nil, identity)
            } else {
                noteEnd(identity, changed: end)
            }
        }
    }

    /// All that is known of a resource that is gone, and the findings about it, without a word.
    private mutating func forgetResource(of key: FactKey) {
        let leaving = facts(ofResource: key)
        let subjects = reached(by: leaving).filter {
            $0.scope == key.entity.scope && $0.id == key.entity.id
        }
        for told in leaving { state.remove(told.fact, at: told.key) }
        for subject in subjects {
            for published in state.findings.published(about: subject) {
                state.setFinding(nil, FindingIdentity(rule: published.rule, subject: subject))
            }
        }
    }

    /// All facts about the resource of a key.
    func facts(ofResource key: FactKey) -> [KeyedFact] {
        state.indexes.keysOfResource[key.entity, default: []].union([key]).flatMap { key in
            state.timeline(key).facts.map { KeyedFact(key, $0) }
        }
    }

    /// Whether nobody else's detector keeps any of some facts.
    func ownsAll(_ facts: ArraySlice<Fact>) -> Bool { facts.allSatisfy { owns($0.evidence.account) } }

    private func isOpen(anyReachedBy facts: ArraySlice<Fact>, _ key: FactKey) -> Bool {
        isOpen(anyReachedBy: facts.map { KeyedFact(key, $0) })
    }

    /// Whether any finding is open that facts reach.
    func isOpen(anyReachedBy facts: [KeyedFact]) -> Bool {
        reached(by: facts).contains { subject in
            state.findings.published(about: subject).contains { $0.finding.status == .open }
        }
    }

    /// What the account's clock showed when a finding ended; nil when it has not.
    ///
    /// What was seen since the last alert is not in the finding's state: the facts tell it.
    private func end(of identity: FindingIdentity, _ known: FindingState) -> EventTime? {
        if known.status != .open, !known.isUnsaid { return known.changed }
        guard let rule = rules.rule(identity.rule) else { return nil }
        let context = RuleContext(FactView(state), policy: inForce, of: identity.subject)
        let judgement = rule.evaluate(identity.subject, in: context)
        if known.isUnsaid, judgement?.last == nil { return known.changed }
        guard rule.metadata.lifetime == .occurrence else { return nil }
        return max(known.changed, known.lastSeen, judgement?.lastSeen ?? .distantPast)
    }

    /// Whether a finding that is not kept any more ended so long ago that it is not published again.
    func isForgotten(_ finding: Finding, _ rule: RuleMetadata) -> Bool {
        guard settings.horizonSeconds != nil else { return false }
        let limit = state.clock(of: finding.identity.subject.scope.account)
            .advanced(bySeconds: -settings.retentionSeconds)
        let hasEnded = finding.status == .resolved || rule.lifetime == .occurrence
        return hasEnded && max(finding.lastSeen, finding.event.time) < limit
    }
}

extension State {
    /// Activity before a time that is not the first under its state of Allowed AMIs.
    func staleActivity(in scope: AccountRegion, before limit: EventTime) -> [KeyedFact] {
        guard let log = activity[scope], log.isLong(before: limit) else { return [] }
        let settings = timeline(.allowedImages(scope))
        var stale: [KeyedFact] = []
        var before: Fact?
        for call in log.all {
            guard call.time < limit else { break }
            if let before, settings.latest(asOf: before.time) == settings.latest(asOf: call.time) {
                stale.append(KeyedFact(.activity(scope, second: call.time.seconds), call))
            }
            before = call
        }
        return stale
    }
}

/// Which of a record's facts are meant, by their numbers; those from 64 on always are.
struct FactNumbers {
    private var missing: UInt64 = 0

    static let all = FactNumbers()

    mutating func remove(_ number: Int) { if number < 64 { missing |= 1 << UInt64(number) } }

    func contains(_ number: Int) -> Bool { number >= 64 || missing & (1 << UInt64(number)) == 0 }
}

extension Attribute {
    /// Whether a fact may be the end of something.
    fileprivate var mayEnd: Bool {
        switch lifetime {
        case .standing: self == .lifecycle
        case .occurrence: keeping != .firstOfSecond
        case .untilEnded, .untilGone: true
        }
    }
}

extension FactValue {
    /// Whether something is over: it can be the last of what is ever told of it.
    fileprivate var isEnd: Bool {
        switch self {
        case .revoked, .terminated, .deregistered: true
        default: false
        }
    }
}

extension FactKey {
    /// Whether with a fact begins the time after which the key's facts are forgotten.
    func isEnded(by fact: Fact) -> Bool {
        switch attribute.lifetime {
        case .standing: false
        case .occurrence: attribute.keeping != .firstOfSecond
        case .untilEnded, .untilGone: fact.value == .revoked || fact.value == .terminated
        }
    }
}
