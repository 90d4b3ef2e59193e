import CloudTrail

/// A fact whose value is known from its place, in 32 bytes: with evidence of its own it takes 120.
struct PackedCall: Sendable {
    private enum Teller: Sendable {
        /// Of a record with a UUID, at the fact's time.
        case call(CallByActor)
        /// Of any other: the evidence itself.
        case evidence(Evidence)
        /// The fact itself, where its value is another one.
        case fact(WholeFact)
    }

    private final class WholeFact: Sendable {
        let fact: Fact

        init(_ fact: Fact) { self.fact = fact }
    }

    // The digits of the record's id.
    private let high: UInt64
    private let low: UInt64
    /// The fact's time.
    let time: EventTime
    private let teller: Teller

    /// A fact at a place where facts have a value and a phase.
    init(_ fact: Fact, _ value: FactValue, _ phase: Fact.Phase) {
        time = fact.time
        guard fact.value == value, fact.phase == phase else {
            (high, low, teller) = (0, 0, .fact(WholeFact(fact)))
            return
        }
        if case .uuid(let high, let low) = fact.evidence.id, fact.evidence.time == fact.time {
            (self.high, self.low, teller) = (high, low, .call(fact.evidence.call))
        } else {
            (high, low, teller) = (0, 0, .evidence(fact.evidence))
        }
    }

    /// Where the record is from, and what was called.
    var origin: Origin {
        switch teller {
        case .call(let call): call.origin
        case .evidence(let evidence): evidence.origin
        case .fact(let whole): whole.fact.evidence.origin
        }
    }

    /// The fact, with the value and the phase of its place.
    func fact(_ value: FactValue, _ phase: Fact.Phase) -> Fact {
        let evidence: Evidence
        switch teller {
        case .fact(let whole): return whole.fact
        case .evidence(let known): evidence = known
        case .call(let call): evidence = Evidence(id: .uuid(high, low), time: time, call: call)
        }
        return Fact(time: time, phase: phase, value: value, evidence: evidence)
    }
}
