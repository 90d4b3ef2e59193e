import CloudTrail
import Testing

@testable import Detection

/// Holds the triggers against what the rules have really read: of every fact that comes or goes, the affected subjects must
/// contain each whose last evaluation by some rule read the fact's key, and each that the fact brings with it.
///
/// `@unchecked Sendable`: one test owns it.
final class DependencyNet: EvaluationWitness, @unchecked Sendable {
    /// One rule's evaluation of one subject.
    struct Evaluation: Hashable, CustomStringConvertible {
        let rule: String
        let subject: Subject

        var description: String { "\(rule) of \(subject)" }
    }

    /// Which facts lead to which subjects: what can be taken out of the triggers.
    struct Lead: Hashable, Comparable, CustomStringConvertible {
        let fact: Attribute
        let subject: Subject.Kind

        var description: String { "\(fact.text) → kind \(subject.tag)" }

        static func < (left: Lead, right: Lead) -> Bool { left.description < right.description }
    }

    /// What was found over one or many histories.
    struct Report: CustomStringConvertible {
        /// What the triggers miss, each with the fact and the evaluation.
        var gaps: [String] = []
        /// How often each trigger has named a subject.
        var used: [Lead: Int] = [:]
        /// Subjects that nothing but this trigger names, though they depend on the fact.
        var needed: [Lead: Int] = [:]
        /// How often each rule said what: `open`, `resolved`, `undetermined`, `nothing`.
        var said: [String: [String: Int]] = [:]
        var came: [Attribute: Int] = [:]
        var went: [Attribute: Int] = [:]
        var checked = 0
        var passedOver = 0

        mutating func add(_ other: Report) {
            gaps += other.gaps
            used.merge(other.used, uniquingKeysWith: +)
            needed.merge(other.needed, uniquingKeysWith: +)
            said.merge(other.said) { $0.merging($1, uniquingKeysWith: +) }
            came.merge(other.came, uniquingKeysWith: +)
            went.merge(other.went, uniquingKeysWith: +)
            checked += other.checked
            passedOver += other.passedOver
        }

        /// A table of what was covered.
        var description: String {
            var lines = ["\(checked) readings of a fact that came or went"]
            for (rule, outcomes) in said.sorted(by: { $0.key < $1.key }) {
                let told = outcomes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
                lines.append("\(rule): \(told.joined(separator: ", "))")
            }
            for kind in Attribute.known {
                lines.append("\(kind.text): came \(came[kind] ?? 0), went \(went[kind] ?? 0)")
            }
            for (trigger, count) in used.sorted(by: { $0.key < $1.key }) {
                lines.append("\(trigger): names \(count), alone and needed \(needed[trigger] ?? 0)")
            }
            return lines.joined(separator: "\n")
        }
    }

    private(set) var report = Report()
    /// A trigger that is taken out, to see that it is missed.
    private let gap: Lead?
    private var readers: [FactKey: [Evaluation: [FactReading]]] = [:]
    private var read: [Evaluation: Set<FactKey>] = [:]
    private var bySubject: [Subject: Set<Evaluation>] = [:]
    private var deadlines: [Evaluation: EventTime] = [:]
    /// Every subject that was named or evaluated.
    private var known: Set<Subject> = []
    /// Those that were named and wait for more facts: whatever comes until then, they read with all the rest.
    private var waiting: Set<Subject> = []
    /// The facts of which the engine has said that they came or went, since the last look.
    private var touched: Set<Touched> = []

    private struct Touched: Hashable {
        let key: FactKey
        let fact: Fact

        init(key: FactKey, fact: Fact) { (self.key, self.fact) = (key.ofTimeline(fact), fact) }
    }

    init(without gap: Lead? = nil) { self.gap = gap }

    // MARK: What the engine tells

    func evaluated(_ subject: Subject, by rule: String, _ judgement: Judgement?, _ readings: FactReadings) {
        let evaluation = Evaluation(rule: rule, subject: subject)
        forget(evaluation)
        var keys: Set<FactKey> = []
        for reading in readings.all {
            readers[reading.key, default: [:]][evaluation, default: []].append(reading)
            keys.insert(reading.key)
        }
        read[evaluation] = keys
        bySubject[subject, default: []].insert(evaluation)
        deadlines[evaluation] = judgement?.deadline
        known.insert(subject)
        waiting.remove(subject)
        report.said[rule, default: [:]][judgement.outcome, default: 0] += 1
    }

    /// Evaluates the subject all the same: nothing is said of it that anybody would hear.
    func passedOver(_ subject: Subject, in engine: Engine) {
        guard engine.owns(subject) else { return }
        report.passedOver += 1
        for said in engine.judgements(of: subject).said {
            let identity = FindingIdentity(rule: said.rule.metadata.id, subject: subject)
            let finding = engine.published(identity, said.judgement, said.rule.metadata, said.known).finding
            if finding != nil || said.known != nil {
                report.gaps.append("\(identity) is passed over, and has something to say")
            }
        }
    }

    func affected(_ subjects: [Subject], by told: [KeyedFact], in engine: Engine) {
        let facts = told.map { KeyedFact($0.key.ofTimeline($0.fact), $0.fact) }
        var leads: [Subject: Set<Lead>] = [:]
        for fact in facts {
            touched.insert(Touched(key: fact.key, fact: fact.fact))
            for subject in engine.reached(by: [fact]) {
                let lead = Lead(fact: fact.key.attribute, subject: subject.kind)
                report.used[lead, default: 0] += 1
                leads[subject, default: []].insert(lead)
            }
        }
        var named = Set(subjects)
        if let gap { named = named.filter { leads[$0] != [gap] } }
        for fact in facts { check(fact.key, fact.fact, facts, named, leads, engine) }
        for image in Set(facts.compactMap(\.key.image)) {
            for attribute in engine.state.image(image)?.attributes ?? [] {
                check(broughtBy: .image(image, attribute), named, leads, engine)
            }
        }
        for key in Set(facts.map(\.key)) where key.image == nil {
            check(broughtBy: key, named, leads, engine)
        }
        known.formUnion(named)
        waiting.formUnion(named)
    }

    func reconciled(_ subjects: [Subject], of isConcerned: (AccountID) -> Bool, in engine: Engine) {
        let named = Set(subjects)
        func isMissing(_ subject: Subject) -> Bool {
            isConcerned(subject.scope.account) && engine.owns(subject) && !named.contains(subject)
        }
        for key in engine.state.factKeys {
            for fact in engine.state.timeline(key).facts {
                for subject in engine.subjects(broughtBy: key, fact) where isMissing(subject) {
                    report.gaps.append("reconciling names not \(subject), which \(key) brings")
                }
            }
        }
        for subject in bySubject.keys where isMissing(subject) && engine.isBrought(subject, also: []) {
            report.gaps.append("reconciling names not \(subject)")
        }
        for subject in engine.state.findings.subjects where isMissing(subject) {
            report.gaps.append("reconciling names not \(subject), of which there is a finding")
        }
        known.formUnion(subjects)
    }

    // MARK: Checking

    /// What depends on a fact must be named.
    private func check(
        _ key: FactKey,
        _ fact: Fact,
        _ all: [KeyedFact],
        _ named: Set<Subject>,
        _ leads: [Subject: Set<Lead>],
        _ engine: Engine
    ) {
        for (evaluation, reading) in dependent(on: key, fact, engine.state) {
            report.checked += 1
            let subject = evaluation.subject
            guard engine.owns(subject), engine.isBrought(subject, also: all) else { continue }
            if waiting.contains(subject) { continue }
            if named.contains(subject) {
                note(leads[subject])
            } else {
                report.gaps.append("\(key) \(fact.told) does not name \(evaluation), which read \(reading)")
            }
        }
    }

    /// A subject that is new must be named by what brings it.
    private func check(
        broughtBy key: FactKey,
        _ named: Set<Subject>,
        _ leads: [Subject: Set<Lead>],
        _ engine: Engine
    ) {
        for fact in engine.state.timeline(key).facts {
            for subject in engine.subjects(broughtBy: key, fact)
            where !known.contains(subject) && engine.owns(subject) {
                if named.contains(subject) {
                    note(leads[subject])
                } else {
                    report.gaps.append("\(key) \(fact.told) brings \(subject), and does not name it")
                }
            }
        }
    }

    private func note(_ triggers: Set<Lead>?) {
        if let triggers, triggers.count == 1, let only = triggers.first {
            report.needed[only, default: 0] += 1
        }
    }

    /// The evaluations that read what a fact has changed, each once.
    private func dependent(on key: FactKey, _ fact: Fact, _ state: State) -> [(Evaluation, FactReading)] {
        var found: [Evaluation: FactReading] = [:]
        for lookedUp in key.lookedUp(by: fact) {
            for (evaluation, readings) in readers[lookedUp] ?? [:] where found[evaluation] == nil {
                found[evaluation] = readings.first { $0.depends(on: key, fact, in: state) }
            }
        }
        return found.map { ($0.key, $0.value) }
    }

    /// Looks at what an engine has changed since its last commit, in silence too, and at which deadlines have passed.
    func look(at engine: Engine) {
        for change in engine.state.journal?.changes ?? [] {
            switch change {
            case .inserted(let facts):
                for told in facts {
                    report.came[told.key.attribute, default: 0] += 1
                    if !touched.contains(Touched(key: told.key, fact: told.fact)) {
                        report.gaps.append("\(told.key) \(told.fact.told) came in silence")
                    }
                }
            case .removed(let key, let fact):
                report.went[key.attribute, default: 0] += 1
                let gone = Touched(key: key, fact: fact)
                if !touched.contains(gone) { check(goneInSilence: gone, engine) }
            default: break
            }
        }
        touched.removeAll()
        waiting = waiting.filter { engine.isDeferred($0) }
        for (evaluation, deadline) in deadlines
        where deadline <= engine.state.streamTime && engine.owns(evaluation.subject) {
            report.gaps.append("the deadline of \(evaluation) has passed, and it is not evaluated again")
        }
    }

    /// A fact is forgotten without a word only when nothing depends on it, or its subject is forgotten with it.
    private func check(goneInSilence gone: Touched, _ engine: Engine) {
        for (evaluation, reading) in dependent(on: gone.key, gone.fact, engine.state) {
            let subject = evaluation.subject
            guard
                engine.isBrought(subject, also: [])
                    || !engine.state.findings.published(about: subject).isEmpty
            else { continue }
            report.gaps.append(
                "\(gone.key) \(gone.fact.told) was forgotten in silence; \(evaluation) read \(reading)"
            )
        }
    }

    // MARK: Forgetting

    private func forget(_ evaluation: Evaluation) {
        for key in read[evaluation] ?? [] {
            readers[key]?[evaluation] = nil
            if readers[key]?.isEmpty == true { readers[key] = nil }
        }
        read[evaluation] = nil
    }

    /// The engine begins anew from what it has stored.
    func restart() {
        (readers, read, bySubject, deadlines, known, waiting) = ([:], [:], [:], [:], [], [])
        touched.removeAll()
    }
}

extension Fact {
    /// Enough to find it in the history.
    fileprivate var told: String { "(\(value), \(phase), at \(time), by \(evidence.name) \(evidence.id))" }
}

extension Judgement? {
    fileprivate var outcome: String {
        guard let self, self.last != nil else { return "nothing" }
        if self.resolution != nil { return "resolved" }
        return self.verdict == .undetermined ? "undetermined" : "open"
    }
}
