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
        if let lastCall, lastCall.origin === evidence.origin, lastCall.actor === evidence.actor {
            return again(lastCall.bytes)
        }
        let start = count
        call(evidence.origin, by: evidence.actor)
        lastCall = (evidence.origin, evidence.actor, start..<count)
    }

    mutating func call(_ origin: Origin, by actor: Actor) {
        text(origin.name)
        text(origin.source)
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
        if let (origin, actor) = interning.read.call(scope, call) {
            return Evidence(id: id, time: time, origin: origin, actor: actor)
        }
        var (scopeReader, callReader) = (ByteReader(scope), ByteReader(call))
        let (origin, actor) = try callReader.call(in: try scopeReader.scope(), &interning)
        interning.read.note(origin, actor, scope, call)
        return Evidence(id: id, time: time, origin: origin, actor: actor)
    }

    /// What was called in an account and Region, and by whom.
    mutating func call(
        in scope: AccountRegion,
        _ interning: inout Interning
    ) throws(StateError) -> (origin: Origin, actor: Actor) {
        let (name, source) = (try text(), try text())
        let actor = Actor(
            arn: try optionalText(),
            type: try optionalText(),
            accountID: try optionalText().flatMap { AccountID($0) },
            invokedBy: try optionalText(),
            sourceIP: try optionalText(),
            userAgent: try optionalText(),
            issuerARN: try optionalText()
        )
        return (
            interning.origin(scope.account, scope.region, name, source), interning.sharing(actor)
        )
    }
}

/// Calls and callers read from the changelog lately, by their bytes: most entries name some that were named before.
struct ReadCalls: Sendable {
    private var known: [UInt64: (scope: [UInt8], call: [UInt8], origin: Origin, actor: Actor)] = [:]

    /// So many are kept at most.
    private static let capacity = 8192

    func call(_ scope: UnsafeRawBufferPointer, _ call: UnsafeRawBufferPointer) -> (Origin, Actor)? {
        guard let known = known[Self.fingerprint(scope, call)], Self.isSame(known.scope, scope),
            Self.isSame(known.call, call)
        else { return nil }
        return (known.origin, known.actor)
    }

    mutating func note(
        _ origin: Origin,
        _ actor: Actor,
        _ scope: UnsafeRawBufferPointer,
        _ call: UnsafeRawBufferPointer
    ) {
        if known.count >= Self.capacity { known.removeAll(keepingCapacity: true) }
        known[Self.fingerprint(scope, call)] = (Array(scope), Array(call), origin, actor)
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
