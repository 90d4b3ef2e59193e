public import CloudTrail

/// Where, by what call and by whom: what many records have in common.
///
/// A class, because the engine keeps one instance for equal values.
public final class Origin: Hashable, Sendable {
    /// Whose trail the record is from, and its Region.
    let scope: AccountRegion
    /// Its event name; the API action for an inventory.
    public let name: String
    /// Its event source.
    public let source: String
    /// Who called.
    public let actor: Actor
    /// Whose trail the record is from.
    public var account: AccountID { scope.account }
    /// Its Region.
    public var region: String { scope.region }
    /// How many bytes its texts have.
    let textBytes: Int

    /// An origin from its parts.
    public init(account: AccountID, region: String, name: String, source: String, actor: Actor) {
        scope = AccountRegion(account, region)
        self.name = name
        self.source = source
        self.actor = actor
        textBytes = region.utf8.count + name.utf8.count + source.utf8.count + actor.textBytes
    }

    /// A fingerprint of what tells origins apart in practice.
    static func fingerprint(_ account: AccountID, _ region: String, _ name: String, _ actor: Actor) -> UInt64
    {
        var fingerprint = TextFingerprint()
        fingerprint.feed(account.number)
        fingerprint.feed(region)
        fingerprint.feed(name)
        fingerprint.feed(actor.fingerprint)
        return fingerprint.value
    }

    /// Whether a record is of this origin.
    func isOf(_ record: Record) -> Bool {
        account == record.account && region.hasSameBytes(as: record.region)
            && name.hasSameBytes(as: record.name) && source.hasSameBytes(as: record.source)
            && actor == record.actor
    }

    /// Equal in every part, byte for byte.
    public static func == (left: Origin, right: Origin) -> Bool {
        left === right
            || (left.account == right.account && left.region.hasSameBytes(as: right.region)
                && left.name.hasSameBytes(as: right.name) && left.source.hasSameBytes(as: right.source)
                && left.actor == right.actor)
    }

    /// Feeds what tells origins apart in practice.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(Self.fingerprint(account, region, name, actor))
    }
}

extension Actor {
    /// How many bytes its texts have.
    fileprivate var textBytes: Int {
        func count(_ text: String?) -> Int { text?.utf8.count ?? 0 }
        return count(arn) + count(type) + count(invokedBy) + count(sourceIP) + count(userAgent)
            + count(issuerARN)
    }
}

/// What is remembered of the record that proved something: enough to name it, and who made it, in an alert.
///
/// A class, because all facts of one record share it.
public final class Evidence: Hashable, Sendable {
    /// The record's id.
    public let id: EventID
    /// Its time.
    public let time: EventTime
    /// What it has in common with others.
    public let origin: Origin

    /// Whose trail the record is from.
    public var account: AccountID { origin.account }
    /// Its Region.
    public var region: String { origin.region }
    /// Its event name; the API action for an inventory.
    public var name: String { origin.name }
    /// Its event source.
    public var source: String { origin.source }
    /// Who called.
    public var actor: Actor { origin.actor }

    /// Evidence from its parts.
    public init(id: EventID, time: EventTime, origin: Origin) {
        self.id = id
        self.time = time
        self.origin = origin
    }

    /// The account and Region that it is from.
    var scope: AccountRegion { origin.scope }

    /// Whether this is a snapshot and no event: it tells what is, not what happened.
    public var isInventory: Bool {
        if case .text(let id) = self.id { id.hasBytes(prefix: "inventory/") } else { false }
    }

    /// Equal in every part.
    public static func == (left: Evidence, right: Evidence) -> Bool {
        left === right
            || (left.id == right.id && left.time == right.time && left.origin == right.origin)
    }

    /// Feeds what tells records apart.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(id)
        hasher.combine(account)
    }
}
