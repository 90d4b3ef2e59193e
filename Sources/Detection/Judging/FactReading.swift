import CloudTrail

/// What an evaluation looked at: some of the facts of one key.
struct FactReading: Hashable {
    /// Which of them: a fact that is no such part changes nothing.
    enum Part: Hashable {
        case all
        case upTo(EventTime)
        /// The last at or before a time: whichever another one follows by then does not count.
        case latest(asOf: EventTime)
        /// Those after a time, from one of them on if given, to another one.
        case between(after: EventTime, from: Fact?, through: Fact)
        /// Those after a time, up to another one.
        case during(after: EventTime, through: EventTime)
        /// Those that say that an image came into being.
        case creations
        /// Those about launch permissions of any group.
        case anyGroup
        /// Those about an account's instances of the key's image, launched at or before a time.
        case launches(in: AccountID, asOf: EventTime)
        /// All that is known of the organization which the key's entity is a part of.
        case organization
        /// Which policies were ever attached to the key's entity, or below it, up to a time.
        case attachments(asOf: EventTime)
        /// Whether there is any call in the account at or before a time.
        case beginning(by: EventTime)
        /// Calls of these seconds.
        case activity(from: EventTime, through: EventTime)
    }

    let key: FactKey
    let part: Part

    init(_ key: FactKey, _ part: Part) {
        self.key = key
        self.part = part
    }
}

/// What one evaluation has read.
final class FactReadings {
    private(set) var all: Set<FactReading> = []

    func insert(_ reading: FactReading) { all.insert(reading) }
}

/// Sees which subjects facts affect and what is evaluated; only tests have one.
protocol EvaluationWitness: AnyObject, Sendable {
    /// Facts came or went, or are about to go; subjects of any account are affected.
    func affected(_ subjects: [Subject], by facts: [KeyedFact], in engine: Engine)
    /// Everything is evaluated again that some accounts own.
    func reconciled(_ subjects: [Subject], of isConcerned: (AccountID) -> Bool, in engine: Engine)
    /// Facts can change nothing of what is said of a subject, which is not evaluated.
    func passedOver(_ subject: Subject, in engine: Engine)
    /// A rule has evaluated a subject.
    func evaluated(_ subject: Subject, by rule: String, _ judgement: Judgement?, _ readings: FactReadings)
}
