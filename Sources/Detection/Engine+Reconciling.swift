public import CloudTrail

// Work that is done in slices, or on the whole state: after a restore, a new policy, for what has waited.

extension Engine {
    /// Publishes the undetermined verdicts that have waited, unless they are settled by now.
    public mutating func settle(_ subjects: [Subject], into alerts: inout [Alert]) {
        let start = alerts.count
        for subject in subjects { evaluate(subject, .settling, into: &alerts) }
        Alert.group(&alerts, from: start)
    }

    /// Subjects whose first undetermined verdict waits, in the order in which they came.
    public var unsettled: [Subject] { agenda.unsettled }

    /// Hands over the subjects that wait.
    public mutating func takeUnsettled() -> [Subject] { agenda.takeUnsettled() }

    /// Judges everything again and publishes what differs from what was published: after a restore, a new policy, a
    /// new version.
    public mutating func reconcile(into alerts: inout [Alert]) {
        startReconciling()
        evaluateBacklog(atMost: .max, into: &alerts)
    }

    /// Puts everything owned on the backlog, to be judged again in slices; or what of it belongs to some accounts.
    public mutating func startReconciling(
        of isConcerned: @escaping @Sendable (AccountID) -> Bool = { _ in true }
    ) {
        startReconciling(of: isConcerned) { [judges] in judges.knows($0) ? .restored : .policy }
    }

    /// Puts on the backlog what may be judged otherwise than when a snapshot was taken.
    ///
    /// That is what was read back since, and what waited then; everything, when that is not known, or when it is very
    /// much. Rules and policy are those of then.
    public mutating func startReconcilingSinceSnapshot(
        of isConcerned: @escaping @Sendable (AccountID) -> Bool
    ) {
        guard let since = unjudged else { return startReconciling(of: isConcerned) }
        startReconciling(of: isConcerned, since: since) { [judges] in judges.knows($0) ? .restored : .policy }
    }

    private mutating func startReconciling(
        of isConcerned: @escaping @Sendable (AccountID) -> Bool,
        since: Unjudged? = nil,
        because cause: @escaping @Sendable (AccountID) -> EvaluationCause
    ) {
        catchUpStreamTime()
        // Of accounts that are not concerned too: their time has moved with the others'.
        agenda.backlog.append(agenda.timers.popDue(at: state.streamTime), .time)
        let subjects = subjects(since: since)
        for subject in subjects where owns(subject) && isConcerned(subject.scope.account) {
            agenda.backlog.append(CollectionOfOne(subject), cause(subject.scope.account))
        }
        if since == nil {
            witness?.reconciled(allSubjects(), of: isConcerned, in: self)
            let listed = Set(subjects)
            let published = state.findings.subjects.filter {
                !listed.contains($0) && owns($0) && isConcerned($0.scope.account)
            }
            agenda.backlog.append(
                Sweep(isConcerned: isConcerned, cause: cause, published: published.sorted())
            )
        }
        judges.forget(accountsWhere: isConcerned)
        agenda.underived += underivedTargets(of: isConcerned, since: since)
    }

    /// What is judged since a snapshot was taken, or of everything what no sweep comes to; in the order of judging.
    private func subjects(since: Unjudged?) -> SubjectList {
        var affected = AffectedSubjects(state: state, policy: inForce, rules.triggers)
        if let since {
            for index in since.facts.indices { affected.add(since.facts, index) }
            for subject in since.subjects { affected.insert(subject) }
        } else {
            affected.addBroughtByAccounts()
        }
        for subject in rules.subjects(of: policy) { affected.insert(subject) }
        return affected.sorted()
    }

    /// Every subject that is judged again when all are.
    func allSubjects() -> [Subject] {
        var affected = AffectedSubjects(state: state, policy: inForce, rules.triggers)
        affected.addAll()
        for subject in rules.subjects(of: policy) { affected.insert(subject) }
        return Array(affected.sorted())
    }

    /// Judges the next of what a sweep comes to; returns how much that was, and nil when nothing is left.
    private mutating func advanceSweep(atMost count: Int, into alerts: inout [Alert]) -> Int? {
        guard let sweep = agenda.backlog.sweeps.first else { return nil }
        if let row = sweep.nextImage {
            let next = state.images.next(from: row)
            agenda.backlog.advance { $0.nextImage = next.map { $0.row + 1 } }
            guard let next else { return 0 }
            return judgeAll(KnownImage(id: next.id, facts: next.facts), sweep, atMost: count, into: &alerts)
        }
        var published: ArraySlice<Subject> = []
        agenda.backlog.advance { published = $0.takePublished(atMost: count) }
        for subject in published where !isBroughtByImage(subject) {
            evaluate(subject, sweep.cause(subject.scope.account), into: &alerts)
        }
        return published.count
    }

    /// Derives what follows for an image, and judges everything about it; returns how much that was.
    private mutating func judgeAll(
        _ image: KnownImage,
        _ sweep: Sweep,
        atMost count: Int,
        into alerts: inout [Alert]
    ) -> Int {
        var image = image
        let derived = derive(underivedTargets(of: image, sweep.isConcerned))
        if !derived.isEmpty {
            evaluate(touched: derived, into: &alerts)
            image.facts = state.image(image.id) ?? ImageFacts()
        }
        let subjects = brought(by: image).filter { owns($0) && sweep.isConcerned($0.scope.account) }
        for subject in subjects.prefix(count) {
            evaluate(subject, sweep.cause(subject.scope.account), knowing: &image, into: &alerts)
        }
        for subject in subjects.dropFirst(count) {
            agenda.backlog.append(CollectionOfOne(subject), sweep.cause(subject.scope.account))
        }
        return max(1, min(count, subjects.count))
    }

    private func brought(by image: KnownImage) -> SubjectList {
        var affected = AffectedSubjects(state: state, policy: inForce, rules.triggers)
        affected.addBrought(by: image.id, image.facts)
        return affected.sorted()
    }

    /// Whether a sweep has judged a subject with its image.
    private func isBroughtByImage(_ subject: Subject) -> Bool {
        guard let id = subject.id else { return false }
        if subject.kind == .launch {
            let facts = state.timeline(subject.key(of: .instance)).facts
            return facts.contains { $0.value.isLaunch }
        }
        return state.image(id).map { brought(by: KnownImage(id: id, facts: $0)).contains(subject) } ?? false
    }

    /// Puts stream time to the latest clock of any account: a restore moves none.
    mutating func catchUpStreamTime() {
        for clock in state.clocks.values { state.advanceStreamTime(to: clock) }
    }

    /// Puts stream time to where it had come when what was restored was judged; ``startReconciling(of:)`` judges by it.
    public mutating func catchUpStreamTime(to time: EventTime) { state.advanceStreamTime(to: time) }

    /// Whether subjects wait for `evaluateBacklog`.
    public var hasBacklog: Bool { !agenda.backlog.isEmpty || !agenda.underived.isEmpty }

    /// Judges subjects that wait.
    public mutating func evaluateBacklog(atMost count: Int, into alerts: inout [Alert]) {
        let start = alerts.count
        if !agenda.underived.isEmpty {
            let derived = derive(agenda.underived)
            agenda.underived.removeAll()
            if !derived.isEmpty { evaluate(touched: derived, into: &alerts) }
        }
        var left = count
        while left > 0, !agenda.backlog.isEmpty {
            let waiting = agenda.backlog.take(atMost: left)
            left -= waiting.count
            for waiting in waiting { evaluate(waiting.subject, waiting.cause, into: &alerts) }
            if left > 0, agenda.backlog.hasNoSubjects {
                guard let judged = advanceSweep(atMost: left, into: &alerts) else { break }
                left -= judged
            }
        }
        Alert.group(&alerts, from: start)
    }

    /// Whether subjects wait for `takeUpDeferred`.
    public var hasDeferred: Bool { !agenda.deferral.isEmpty }

    /// Whether a subject waits for `takeUpDeferred`.
    func isDeferred(_ subject: Subject) -> Bool { agenda.deferral.cause(of: subject) != nil }

    /// Puts the subjects that wait for more facts on the agenda.backlog.
    public mutating func takeUpDeferred() {
        for waiting in agenda.deferral.takeAll() {
            agenda.backlog.append(CollectionOfOne(waiting.subject), waiting.cause)
        }
    }

    /// Judges whatever waits, for nothing more is to come.
    public mutating func evaluateDeferred(into alerts: inout [Alert]) {
        takeUpDeferred()
        evaluateBacklog(atMost: .max, into: &alerts)
    }

    /// Judges those of some subjects that wait for more facts.
    mutating func evaluateDeferred(_ subjects: [Subject], into alerts: inout [Alert]) {
        for subject in subjects {
            if let cause = agenda.deferral.cause(of: subject) { evaluate(subject, cause, into: &alerts) }
        }
    }

    /// Puts another policy in force, as if it had always been.
    public mutating func replacePolicy(_ policy: Policy, into alerts: inout [Alert]) {
        startReplacingPolicy(policy)
        evaluateBacklog(atMost: .max, into: &alerts)
    }

    /// What tells the next policy apart; never 0.
    var nextPolicyNumber: UInt32 { inForce.number &+ 1 == 0 ? 1 : inForce.number &+ 1 }

    /// Puts another policy in force, and everything on the backlog, to be judged again in slices.
    public mutating func startReplacingPolicy(_ policy: Policy) {
        inForce = PolicyInForce(policy, number: nextPolicyNumber)
        judges.policy = JudgesOfAccounts.fingerprint(of: policy)
        startReconciling(of: { _ in true }) { _ in .policy }
    }

    /// How many accounts are known to be silent now, as it was published.
    public var silentAccounts: Int { state.findings.open[AccountSilent.id]?.values.reduce(0, +) ?? 0 }

    /// The final form of every finding that stands or stood, retracted and suppressed ones left out, by finding id.
    public func findings() -> [(id: String, finding: Finding)] {
        var result: [(id: String, finding: Finding)] = []
        for (identity, known) in state.findings.all where known.status != .retracted {
            guard let rule = rules.rule(identity.rule),
                let judgement = rule.evaluate(
                    identity.subject,
                    in: RuleContext(FactView(state), policy: inForce, of: identity.subject)
                ),
                let finding = form(of: identity, judgement, rule.metadata, known)
            else { continue }
            result.append((identity.findingID, finding))
        }
        return result.sorted { $0.id < $1.id }
    }
}
