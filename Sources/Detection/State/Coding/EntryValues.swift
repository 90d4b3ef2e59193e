import CloudTrail

// The values of the changelog's entries, one form for each kind of key.

extension ByteWriter {
    /// The facts that one account's records told, or all; false, and nothing written, when there are none.
    mutating func facts(_ facts: ArraySlice<Fact>, of writer: AccountID?) -> Bool {
        var count = facts.count
        if let writer { count = facts.count { $0.evidence.account == writer } }
        guard count > 0 else { return false }
        byte(StateKey.format)
        unsigned(UInt64(count))
        for fact in facts where count == facts.count || fact.evidence.account == writer {
            signed(fact.time.seconds)
            byte(fact.phase.rawValue)
            value(fact.value)
            evidence(fact.evidence)
        }
        return true
    }

    mutating func finding(_ finding: FindingState) {
        byte(StateKey.format)
        text(finding.status.rawValue)
        unsigned(UInt64(finding.revision))
        unsigned(finding.fingerprint)
        unsigned(UInt64(finding.occurrences))
        unsigned(UInt64(finding.forgotten))
        signed(finding.firstSeen.seconds)
        signed(finding.lastSeen.seconds)
        signed(finding.changed.seconds)
        byte(finding.hasToldChange ? 1 : 0)
        optional(finding.severity) { $0.text($1.rawValue) }
        optional(finding.verdict) { $0.text($1.rawValue) }
        optional(finding.lastAlert) { writer, last in
            writer.event(last.event)
            writer.text(last.cause.rawValue)
        }
    }

    mutating func clock(_ time: EventTime, judgedBy policy: UInt64) {
        byte(StateKey.format)
        signed(time.seconds)
        unsigned(policy)
    }
}

extension ByteReader {
    mutating func facts(_ interning: inout Interning) throws(StateError) -> [Fact] {
        try format()
        var last: Fact?
        let facts = try list { (reader) throws(StateError) in
            let time = try reader.time()
            guard let phase = Fact.Phase(rawValue: try reader.byte()) else {
                throw .malformed("a fact has no such phase")
            }
            let value = try reader.value()
            let fact = Fact(time: time, phase: phase, value: value, evidence: try reader.evidence(&interning))
            guard last.map({ $0 < fact }) ?? true else { throw .malformed("facts are not in order") }
            last = fact
            return fact
        }
        guard !facts.isEmpty else { throw .malformed("there are no facts") }
        return facts
    }

    mutating func finding() throws(StateError) -> FindingState {
        try format()
        guard let status = FindingStatus(rawValue: try text()) else {
            throw .malformed("a finding has no such status")
        }
        var finding = FindingState(
            status: status,
            revision: try counted("a finding's revision"),
            fingerprint: try unsigned(),
            occurrences: try counted("a number of occurrences"),
            forgotten: try counted("a number of forgotten occurrences"),
            firstSeen: try time(),
            lastSeen: try time(),
            changed: try time()
        )
        // Older versions end here.
        guard !isAtEnd else { return finding }
        finding.hasToldChange = try byte() != 0
        finding.severity = try word("severity")
        finding.verdict = try word("verdict")
        guard !isAtEnd else { return finding }
        finding.lastAlert = try optional { (reader) throws(StateError) in
            let event = try reader.event()
            guard let cause = AlertCause(rawValue: try reader.text()) else {
                throw .malformed("an alert has no such cause")
            }
            return LastAlert(event: event, cause: cause)
        }
        return finding
    }

    /// One of a few words, or none.
    private mutating func word<Word: RawRepresentable<String>>(
        _ what: String
    ) throws(StateError) -> Word? {
        guard let text = try optionalText() else { return nil }
        guard let word = Word(rawValue: text) else { throw .malformed("a finding has no such \(what)") }
        return word
    }

    /// An account's clock, and the fingerprint of the policy that judged it; 0 where an older version wrote it.
    mutating func clock() throws(StateError) -> (time: EventTime, policy: UInt64) {
        try format()
        return (try time(), isAtEnd ? 0 : try unsigned())
    }

    /// The first byte of every key and value.
    mutating func format() throws(StateError) {
        let format = try byte()
        guard format <= StateKey.format else { throw .newerFormat(format) }
        guard format > 0 else { throw .malformed("the format is 0") }
    }
}
