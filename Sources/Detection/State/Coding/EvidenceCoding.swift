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
        if let lastCall, lastCall.call === evidence.call { return again(lastCall.bytes) }
        let start = count
        call(evidence.call)
        lastCall = (evidence.call, start..<count)
    }

    mutating func call(_ call: CallByActor) {
        let (origin, actor) = (call.origin, call.actor)
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
        let bytes = bytesRead(from: rest)
        if let call = interning.read.call(scope, bytes) { return Evidence(id: id, time: time, call: call) }
        var (scopeReader, callReader) = (ByteReader(scope), ByteReader(bytes))
        let call = try callReader.call(in: try scopeReader.scope(), &interning)
        interning.read.note(call, scope, bytes)
        return Evidence(id: id, time: time, call: call)
    }

    /// What was called in an account and Region, and by whom.
    mutating func call(
        in scope: AccountRegion,
        _ interning: inout Interning
    ) throws(StateError) -> CallByActor {
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
        return interning.call(
            interning.origin(scope.account, scope.region, name, source),
            by: interning.sharing(actor)
        )
    }
}

/// Calls and callers read from the changelog lately, by their bytes: most entries name some that were named before.
struct ReadCalls: Sendable {
    private var known: [UInt64: (scope: [UInt8], bytes: [UInt8], call: CallByActor)] = [:]

    /// So many are kept at most.
    private static let capacity = 8192

    func call(_ scope: UnsafeRawBufferPointer, _ bytes: UnsafeRawBufferPointer) -> CallByActor? {
        guard let known = known[Self.fingerprint(scope, bytes)], Self.isSame(known.scope, scope),
            Self.isSame(known.bytes, bytes)
        else { return nil }
        return known.call
    }

    mutating func note(
        _ call: CallByActor,
        _ scope: UnsafeRawBufferPointer,
        _ bytes: UnsafeRawBufferPointer
    ) {
        if known.count >= Self.capacity { known.removeAll(keepingCapacity: true) }
        known[Self.fingerprint(scope, bytes)] = (Array(scope), Array(bytes), call)
    }

    private static func fingerprint(
        _ scope: UnsafeRawBufferPointer,
        _ bytes: UnsafeRawBufferPointer
    ) -> UInt64 {
        var fingerprint = TextFingerprint()
        fingerprint.feed(scope)
        fingerprint.feed(bytes)
        return fingerprint.value
    }

    private static func isSame(_ known: [UInt8], _ read: UnsafeRawBufferPointer) -> Bool {
        guard let start = read.baseAddress, known.count == read.count else { return false }
        return memcmp(known, start, read.count) == 0
    }
}
