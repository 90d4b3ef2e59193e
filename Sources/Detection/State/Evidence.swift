public import CloudTrail

/// Where, and by what call: what very many records have in common.
///
/// A class, because the engine keeps one instance for equal values.
public final class Origin: Hashable, Sendable {
    /// Whose trail the record is from, and its Region.
    let scope: AccountRegion
    /// Its event name; the API action for an inventory.
    public let name: String
    /// Its event source.
    public let source: String
    /// What its calls are a use of; here, because nearly every record tells it.
    let activity: FactKey
    /// Which state Allowed AMIs is in; here, because it is asked for with every call and launch.
    let allowedImages: FactKey
    /// What calls of this name tell beyond what several rules know; nil where that is nothing.
    let told: ToldByCall?
    /// Whose trail the record is from.
    public var account: AccountID { scope.account }
    /// Its Region.
    public var region: String { scope.region }

    /// An origin from its parts.
    init(account: AccountID, region: String, name: String, source: String, told: ToldByCall? = nil) {
        scope = AccountRegion(account, region)
        activity = .activity(scope)
        allowedImages = .allowedImages(scope)
        self.told = told
        self.name = name
        self.source = source
    }

    /// A fingerprint of what tells origins apart in practice.
    static func fingerprint(_ account: AccountID, _ region: String, _ name: String) -> UInt64 {
        var fingerprint = TextFingerprint()
        fingerprint.feed(account.number)
        fingerprint.feed(region)
        fingerprint.feed(name)
        return fingerprint.value
    }

    /// Whether it is this account and Region, and this call.
    func isSame(_ account: AccountID, _ region: String, _ name: String, _ source: String) -> Bool {
        self.account == account && self.region.hasSameBytes(as: region)
            && self.name.hasSameBytes(as: name) && self.source.hasSameBytes(as: source)
    }

    /// Equal in every part, byte for byte.
    public static func == (left: Origin, right: Origin) -> Bool {
        left === right || left.isSame(right.account, right.region, right.name, right.source)
    }

    /// Feeds what tells origins apart in practice.
    public func hash(into hasher: inout Hasher) { hasher.combine(Self.fingerprint(account, region, name)) }

    /// How many bytes its texts have.
    var textBytes: Int { region.utf8.count + name.utf8.count + source.utf8.count }
}

/// A call from one place by one actor: what very many records have in common.
///
/// A class, because the engine keeps one instance for the same origin and actor: where it is referred to, that is 8 bytes.
final class CallByActor: Sendable {
    let origin: Origin
    let actor: Actor

    init(_ origin: Origin, by actor: Actor) { (self.origin, self.actor) = (origin, actor) }
}

/// What is remembered of the record that proved something: enough to name it, and who made it, in an alert.
///
/// A class, because all facts of one record share it.
public final class Evidence: Hashable, Sendable {
    /// The record's id.
    public let id: EventID
    /// Its time.
    public let time: EventTime
    let call: CallByActor

    /// Where it is from, and what was called.
    public var origin: Origin { call.origin }
    /// Who called.
    public var actor: Actor { call.actor }

    /// Whose trail the record is from.
    public var account: AccountID { origin.account }
    /// Its Region.
    public var region: String { origin.region }
    /// Its event name; the API action for an inventory.
    public var name: String { origin.name }
    /// Its event source.
    public var source: String { origin.source }

    /// Evidence from its parts.
    public convenience init(id: EventID, time: EventTime, origin: Origin, actor: Actor) {
        self.init(id: id, time: time, call: CallByActor(origin, by: actor))
    }

    init(id: EventID, time: EventTime, call: CallByActor) {
        self.id = id
        self.time = time
        self.call = call
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
            || (left.id == right.id && left.time == right.time
                && (left.call === right.call
                    || (left.origin == right.origin && left.actor == right.actor)))
    }

    /// Feeds what tells records apart.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(id)
        hasher.combine(account)
    }
}
