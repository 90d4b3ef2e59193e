import CloudTrail
import Glibc

// Each entry stands alone, so what proved a fact is told whole with it: the record's id and time, where it is from,
// what was called and by whom. Most of that is the same in very many entries, and is shared when it is read back.

extension ByteWriter {
    mutating func evidence(_ evidence: Evidence) {
        event(evidence.id)
        unsigned(evidence.account.number)
        text(evidence.region)
        signed(evidence.time.seconds)
        if let lastOrigin, lastOrigin.origin === evidence.origin { return again(lastOrigin.bytes) }
        let start = count
        call(of: evidence.origin)
        lastOrigin = (evidence.origin, start..<count)
    }

    private mutating func call(of origin: Origin) {
        text(origin.name)
        text(origin.source)
        let actor = origin.actor
        optional(actor.arn) { $0.text($1) }
        optional(actor.type) { $0.text($1) }
        optional(actor.accountID) { $0.digits($1) }
        optional(actor.invokedBy) { $0.text($1) }
        optional(actor.sourceIP) { $0.text($1) }
        optional(actor.userAgent) { $0.text($1) }
        optional(actor.issuerARN) { $0.text($1) }
    }
}

extension ByteReader {
    mutating func evidence(_ interning: inout Interning) throws(StateError) -> Evidence {
        let id = try event()
        let start = position
        _ = try (unsigned(), utf8())
        let scope = bytesRead(from: start)
        let time = try time()
        let rest = position
        _ = try (utf8(), utf8())
        for _ in 0..<7 { _ = try optional { (reader) throws(StateError) in try reader.utf8() } }
        let call = bytesRead(from: rest)
        let known = interning.read.origin(scope, call)
        if let known { return Evidence(id: id, time: time, origin: known) }
        var reader = ByteReader(scope)
        let origin = try Self.origin(try reader.scope(), call)
        let evidence = interning.sharing(Evidence(id: id, time: time, origin: origin))
        interning.read.note(evidence.origin, scope, call)
        return evidence
    }

    private static func origin(
        _ scope: AccountRegion,
        _ call: UnsafeRawBufferPointer
    ) throws(StateError) -> Origin {
        var reader = ByteReader(call)
        let (name, source) = (try reader.text(), try reader.text())
        let actor = Actor(
            arn: try reader.optionalText(),
            type: try reader.optionalText(),
            accountID: try reader.optionalText().flatMap { AccountID($0) },
            invokedBy: try reader.optionalText(),
            sourceIP: try reader.optionalText(),
            userAgent: try reader.optionalText(),
            issuerARN: try reader.optionalText()
        )
        return Origin(
            account: scope.account,
            region: scope.region,
            name: name,
            source: source,
            actor: actor
        )
    }
}

/// Origins read from the changelog lately, by their bytes: most entries name one that was named before.
struct ReadOrigins: Sendable {
    private var known: [UInt64: (scope: [UInt8], call: [UInt8], origin: Origin)] = [:]

    /// So many are kept at most.
    private static let capacity = 8192

    func origin(_ scope: UnsafeRawBufferPointer, _ call: UnsafeRawBufferPointer) -> Origin? {
        guard let known = known[Self.fingerprint(scope, call)] else { return nil }
        return Self.isSame(known.scope, scope) && Self.isSame(known.call, call) ? known.origin : nil
    }

    mutating func note(
        _ origin: Origin,
        _ scope: UnsafeRawBufferPointer,
        _ call: UnsafeRawBufferPointer
    ) {
        if known.count >= Self.capacity { known.removeAll(keepingCapacity: true) }
        known[Self.fingerprint(scope, call)] = (Array(scope), Array(call), origin)
    }

    private static func fingerprint(
        _ scope: UnsafeRawBufferPointer,
        _ call: UnsafeRawBufferPointer
    ) -> UInt64 {
        var fingerprint = TextFingerprint()
        fingerprint.feed(scope)
        fingerprint.feed(call)
        return fingerprint.value
    }

    private static func isSame(_ known: [UInt8], _ read: UnsafeRawBufferPointer) -> Bool {
        guard let start = read.baseAddress, known.count == read.count else { return false }
        return memcmp(known, start, read.count) == 0
    }
}
