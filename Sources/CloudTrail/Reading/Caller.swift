/// Who called, as it stands in a parsed record.
///
/// Valid as long as that.
struct Caller {
    var arn: UTF8Text?
    var type: UTF8Text?
    var accountID: AccountID?
    var invokedBy: UTF8Text?
    var sourceIP: UTF8Text?
    var userAgent: UTF8Text?
    var issuerARN: UTF8Text?

    /// Reads `userIdentity`, and what the frame says beside it.
    init(_ identity: JSONValue?, _ frame: borrowing Frame) throws(Refusal) {
        var arn: JSONValue?
        var type: JSONValue?
        var invokedBy: JSONValue?
        if let identity {
            for (key, value) in identity.members {
                switch key.count {
                case 3 where key == "arn": arn = value
                case 4 where key == "type": type = value
                case 9 where key == "accountId": accountID = AccountID(value)
                case 9 where key == "invokedBy": invokedBy = value
                case 14 where key == "sessionContext":
                    let issuer = value.member("sessionIssuer")?.member("arn")?.text
                    issuerARN = issuer.flatMap { $0.isEmpty ? nil : $0 }
                default: break
                }
            }
        }
        self.arn = try frameText(arn, "userIdentity.arn")
        self.type = try frameText(type, "userIdentity.type")
        self.invokedBy = try frameText(invokedBy, "userIdentity.invokedBy")
        sourceIP = try frameText(frame.caller.sourceIPAddress, "sourceIPAddress")
        userAgent = try frameText(frame.caller.userAgent, "userAgent")
    }

    /// A copy that outlives the record.
    var actor: Actor {
        Actor(
            arn: arn?.string,
            type: type?.string,
            accountID: accountID,
            invokedBy: invokedBy?.string,
            sourceIP: sourceIP?.string,
            userAgent: userAgent?.string,
            issuerARN: issuerARN?.string
        )
    }

    /// A number by which callers that are alike can be told apart in most cases, from the parts that differ most.
    var trait: UInt64 {
        var trait = TextFingerprint()
        if let arn { trait.feed(arn.raw) }
        if let sourceIP { trait.feed(sourceIP.raw) }
        trait.feed(accountID?.number ?? UInt64(userAgent?.count ?? 0))
        return trait.value
    }

    /// Whether an actor is the same in every part.
    func isSame(as actor: Actor) -> Bool {
        accountID == actor.accountID && Self.areSame(arn, actor.arn) && Self.areSame(type, actor.type)
            && Self.areSame(invokedBy, actor.invokedBy) && Self.areSame(sourceIP, actor.sourceIP)
            && Self.areSame(userAgent, actor.userAgent) && Self.areSame(issuerARN, actor.issuerARN)
    }

    private static func areSame(_ text: UTF8Text?, _ string: String?) -> Bool {
        guard let text, let string else { return text == nil && string == nil }
        return string.utf8.withContiguousStorageIfAvailable { UTF8Text($0) == text }
            ?? string.utf8.elementsEqual(text.bytes)
    }
}

/// The actors that called lately: one who calls again is not copied again.
///
/// Some thousand are a large organization's principals; each has about 500 bytes.
final class ActorCache {
    private static let slotBits: UInt64 = 12
    private var slots = [Actor?](repeating: nil, count: 1 << slotBits)

    /// The actor of a caller: one that is known, or else a new one in the place of whoever had its slot.
    func actor(_ caller: Caller) -> Actor {
        let slot = Int(caller.trait &>> (64 - Self.slotBits))
        if let known = slots[slot], caller.isSame(as: known) { return known }
        let actor = caller.actor
        slots[slot] = actor
        return actor
    }
}
