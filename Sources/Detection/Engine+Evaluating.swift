import CloudTrail

// From facts that came or went to what the rules say of the subjects that they affect.

extension Engine {
    /// Evaluates what facts affect that came or went, and forgets what some of them leave behind.
    mutating func evaluate(
        touched: [KeyedFact],
        _ forgettable: FactNumbers = .all,
        into alerts: inout [Alert]
    ) {
        let start = alerts.count
        defer { Alert.group(&alerts, from: start) }
        let due = agenda.timers.popDue(at: state.streamTime)
        if !due.isEmpty {
            for subject in due.prefix(settings.subjectsAtOnce) { evaluate(subject, .time, into: &alerts) }
            agenda.backlog.append(due.dropFirst(settings.subjectsAtOnce), .time)
        }
        guard let cause = touched.last.map({ EvaluationCause.record($0.fact.evidence) }) else { return }
        let subjects = reached(by: touched)
        witness?.affected(Array(subjects), by: touched, in: self)
        let onlyEnds = onlyEnd(touched)
        for subject in subjects.prefix(settings.subjectsAtOnce) where !defers(subject, cause) {
            if onlyEnds, endsUnsaid(subject) {
                witness?.passedOver(subject, in: self)
            } else {
                evaluate(subject, cause, into: &alerts)
            }
        }
        if subjects.count > settings.subjectsAtOnce {
            agenda.backlog.append(subjects.dropFirst(settings.subjectsAtOnce), cause)
        }
        forget(behind: touched, forgettable, into: &alerts)
    }

    /// Whether of some facts those that tell anything of instances tell that they are gone; with an account's first call
    /// begins its history, which may tell of others.
    private func onlyEnd(_ touched: [KeyedFact]) -> Bool {
        touched.indices.allSatisfy { index in
            let attribute = touched[index].key.attribute
            if attribute == .activity, let scope = touched[index].key.entity.scope {
                return state.isKnown(scope, before: touched[index].fact.time)
            }
            guard attribute == .instance, case .terminated = touched[index].fact.value else { return false }
            return true
        }
    }

    /// Whether nothing was ever said of an instance, and nothing waits to be: that it is gone ends nothing then.
    ///
    /// Where another call ended it before its launch, a later one moves its end, and something may have been true until then.
    private func endsUnsaid(_ subject: Subject) -> Bool {
        guard subject.kind == .launch, agenda.unsettled.isEmpty, agenda.deferral.isEmpty,
            state.findings.published(about: subject).isEmpty
        else { return false }
        let facts = state.timeline(subject.key(of: .instance)).facts
        return facts.lazy.filter { $0.value == .terminated }.count == 1
    }

    /// Whether a subject that is touched waits.
    private mutating func defers(_ subject: Subject, _ cause: EvaluationCause) -> Bool {
        if defersEvaluation {
            if owns(subject) { _ = agenda.deferral.touch(subject, by: cause) }
            return true
        }
        // Of a refused share little is walked, and much may be told later.
        guard subject.kind == .refusedShare || agenda.deferral.isLong(subject) else { return false }
        let facts = factCount(of: subject)
        guard facts > settings.factsAtOnce, owns(subject) else { return false }
        return agenda.deferral.touch(subject, by: cause) < max(1, facts / 8)
    }

    func reached(by touched: [KeyedFact]) -> SubjectList {
        var affected = AffectedSubjects(state: state, policy: inForce, rules.triggers)
        for index in touched.indices { affected.add(touched, index) }
        return affected.sorted()
    }

    func owns(_ subject: Subject) -> Bool { owns(subject.scope.account) }

    func owns(_ account: AccountID) -> Bool { isOwned.map { $0(account) } ?? true }

    /// Judges one subject by every rule that judges such, and publishes what has changed.
    mutating func evaluate(
        _ subject: Subject,
        _ cause: EvaluationCause,
        into alerts: inout [Alert]
    ) {
        agenda.deferral.remove(subject)
        guard owns(subject) else { return }
        let judged = judgements(of: subject)
        if let approved = judged.approved { state.noteApproved(approved, by: inForce.number) }
        publish(judged.said, isLong: judged.isLong, of: subject, cause, into: &alerts)
    }

    /// The same with what is known of an image at hand; that the policy approves it is noted there alone.
    mutating func evaluate(
        _ subject: Subject,
        _ cause: EvaluationCause,
        knowing image: inout KnownImage,
        into alerts: inout [Alert]
    ) {
        agenda.deferral.remove(subject)
        guard owns(subject) else { return }
        let judged = judgements(of: subject, knowing: image)
        if judged.approved == image.id { image.facts.noteApproved(by: inForce.number) }
        publish(judged.said, isLong: judged.isLong, of: subject, cause, into: &alerts)
    }

    private mutating func publish(
        _ all: [Said],
        isLong: Bool,
        of subject: Subject,
        _ cause: EvaluationCause,
        into alerts: inout [Alert]
    ) {
        let settles = if case .settling = cause { true } else { false }
        agenda.deferral.note(subject, isLong: isLong)
        var deadlines: [Timers.Deadline] = []
        for said in all {
            let (rule, judgement, known) = (said.rule.metadata, said.judgement, said.known)
            let identity = FindingIdentity(rule: rule.id, subject: subject)
            let (finding, suppressionEnd) = published(identity, judgement, rule, known)
            if let deadline = said.deadline(suppressedUntil: suppressionEnd) { deadlines.append(deadline) }
            if let finding {
                if settings.delaysUndetermined, !settles, known == nil, finding.verdict == .undetermined {
                    agenda.addUnsettled(subject)
                } else if let judgement {
                    publish(finding, judgement, known, cause, into: &alerts)
                }
            } else if let known, known.status != .retracted, !isFrozen(known, judgement) {
                retract(identity, known, judgement, rule, cause, into: &alerts)
            }
        }
        agenda.timers.set(deadlines, of: subject)
    }

    /// What the rules that judge such subjects say of one, and what was published: those that say something, or
    /// said something before.
    ///
    /// With whether there are so many facts about it that it is not judged for each new one; and the image that was found
    /// to be approved as of any time.
    func judgements(
        of subject: Subject,
        knowing image: KnownImage? = nil
    ) -> (said: [Said], isLong: Bool, approved: ResourceID?) {
        let context = RuleContext(FactView(state, knowing: image), policy: inForce, of: subject)
        let published = state.findings.published(about: subject)
        let begun = context.facts.walked
        var walked = begun
        var said: [Said] = []
        func known(_ rule: AppliedRule) -> FindingState? {
            published.first { $0.rule.hasSameBytes(as: rule.metadata.id) }?.finding
        }
        for rule in rules.rules(evaluating: subject) {
            context.facts.walked = begun
            defer { walked = max(walked, context.facts.walked) }
            if inForce.isEnabled(rule.metadata.id),
                var judgement = judgement(of: subject, by: rule, in: context)
            {
                let known = published.isEmpty ? nil : known(rule)
                if judgement.saysNothing, known == nil { continue }
                judgement.putIntoWords()
                said.append(Said(rule: rule, judgement: judgement, known: known))
            } else if !published.isEmpty, let known = known(rule) {
                said.append(Said(rule: rule, judgement: nil, known: known))
            }
        }
        // Some facts are walked more than once.
        let isLong = walked > settings.factsAtOnce && factCount(of: subject) > settings.factsAtOnce
        return (said, isLong, context.facts.approvedImage)
    }

    /// What one rule says of a subject; where somebody watches, with what it has read.
    private func judgement(of subject: Subject, by rule: AppliedRule, in context: RuleContext) -> Judgement? {
        guard let witness else { return rule.rule.evaluate(subject, in: context) }
        let readings = FactReadings()
        let noting = RuleContext(FactView(state, noting: readings), policy: inForce, of: subject)
        var judgement = rule.rule.evaluate(subject, in: noting)
        judgement?.putIntoWords()
        context.facts.walked = noting.facts.walked
        witness.evaluated(subject, by: rule.metadata.id, judgement, readings)
        return judgement
    }

    /// What a rule says of a subject now, and what was published before.
    struct Said {
        let rule: AppliedRule
        let judgement: Judgement?
        let known: FindingState?

        /// When the subject is to be judged again, by the rule or because a suppression ends.
        func deadline(suppressedUntil end: EventTime? = nil) -> Timers.Deadline? {
            guard let time = [judgement?.deadline, end].compactMap(\.self).min() else { return nil }
            return Timers.Deadline(rule: rule.metadata.id, time: time)
        }
    }

    private func factCount(of subject: Subject) -> Int {
        state.factCount(of: subject, inForce)
    }
}
