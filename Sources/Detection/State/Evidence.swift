public import CloudTrail

/// What is remembered of the record that proved something: enough to name it, and who made it, in an alert.
///
/// A class, because all facts of one record share it.
public final class Evidence: Hashable, Sendable {
    /// The record's id.
    public let id: EventID
    /// Whose trail the record is from.
    public let account: AccountID
    /// Its Region.
    public let region: String
    /// Its time.
    public let time: EventTime
    /// Its event name; the API action for an inventory.
    public let name: String
    /// Its event source.
    public let source: String
    /// Who called.
    public let actor: Actor

    /// Evidence from its parts.
    public init(
        id: EventID,
        account: AccountID,
        region: String,
        time: EventTime,
        name: String,
        source: String,
        actor: Actor
    ) {
        self.id = id
        self.account = account
        self.region = region
        self.time = time
        self.name = name
        self.source = source
        self.actor = actor
    }

    /// What a record leaves behind.
    public convenience init(_ record: Record) {
        self.init(
            id: record.id,
            account: record.account,
            region: record.region,
            time: record.time,
            name: record.name,
            source: record.source,
            actor: record.actor
        )
    }

    /// The account and Region that it is from.
    var place: Place { Place(account, region) }

    /// Whether this is a snapshot and no event: it tells what is, not what happened.
    public var isInventory: Bool {
        if case .text(let id) = self.id { id.hasPrefix("inventory/") } else { false }
    }

    /// Equal in every part.
    public static func == (left: Evidence, right: Evidence) -> Bool {
        left === right
            || (left.id == right.id && left.account == right.account && left.region == right.region
                && left.time == right.time && left.name == right.name && left.source == right.source
                && left.actor == right.actor)
    }

    /// Feeds what tells records apart.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(id)
        hasher.combine(account)
    }
}
