public import CloudTrail

/// One entry of the state's changelog or of the catalogue.
///
/// Every entry stands alone: what a record proved carries the record's id, time and actor with it.
public struct StateEntry: Hashable, Sendable {
    /// Where an entry is kept.
    public enum Store: Hashable, Sendable {
        /// `amiwatch.state`: one account's own.
        case state
        /// `amiwatch.catalogue`: read by every detector.
        case catalogue
    }

    /// Where it is kept.
    public let store: Store
    /// The account that it belongs to, which decides the partition; of the catalogue, the account that wrote it.
    public let account: AccountID
    /// What is compacted by.
    public let key: ArraySlice<UInt8>
    /// Nil deletes.
    public let value: ArraySlice<UInt8>?

    /// An entry from its parts.
    public init(store: Store, account: AccountID, key: ArraySlice<UInt8>, value: ArraySlice<UInt8>?) {
        self.store = store
        self.account = account
        self.key = key
        self.value = value
    }
}

/// What an entry's key names.
enum StateKey: Hashable {
    /// The facts that one account's records told about one attribute, all of them.
    case facts(FactKey, writer: AccountID)
    /// What one record told about an attribute that may change often: an entry that does not grow with its history.
    case record(FactKey, RecordID)
    /// What was published about a finding.
    case finding(FindingIdentity)
    /// An account's clock.
    case clock(AccountID)

    /// First byte of every key and value.
    ///
    /// A greater one is a newer format.
    static let format: UInt8 = 1

    /// Which record told a fact.
    struct RecordID: Hashable {
        let account: AccountID
        let time: EventTime
        let id: EventID
    }

    /// The entry that a fact is kept in.
    static func of(_ fact: Fact, at key: FactKey) -> StateKey {
        guard key.attribute.hasEntryPerRecord else {
            return .facts(key.ofTimeline(fact), writer: key.account ?? fact.evidence.account)
        }
        let evidence = fact.evidence
        return .record(key, RecordID(account: evidence.account, time: fact.time, id: evidence.id))
    }

    var store: StateEntry.Store {
        switch self {
        case .facts(let key, _), .record(let key, _): key.isInCatalogue ? .catalogue : .state
        case .finding, .clock: .state
        }
    }

    var account: AccountID {
        switch self {
        case .facts(let key, let writer): key.account ?? writer
        case .record(let key, let record): key.account ?? record.account
        case .finding(let identity): identity.subject.scope.account
        case .clock(let account): account
        }
    }

    init(_ bytes: UnsafeRawBufferPointer) throws(StateError) {
        var reader = ByteReader(bytes)
        try reader.format()
        switch try reader.byte() {
        case 0:
            let writer = try reader.account()
            self = .facts(try reader.key(), writer: writer)
        case 1:
            let rule = try reader.text()
            self = .finding(FindingIdentity(rule: rule, subject: try reader.subject()))
        case 2: self = .clock(try reader.account())
        case 3:
            let account = try reader.account()
            let key = try reader.key()
            guard key.attribute.hasEntryPerRecord else {
                throw .malformed("an attribute that has no entry for each record")
            }
            self = .record(key, RecordID(account: account, time: try reader.time(), id: try reader.event()))
        case let tag: throw .malformed("no entry has tag \(tag)")
        }
        try reader.end()
    }
}

extension ByteWriter {
    mutating func entryKey(_ key: StateKey) {
        byte(StateKey.format)
        switch key {
        case .facts(let key, let account):
            byte(0)
            unsigned(account.number)
            self.key(key)
        case .record(let key, let record):
            byte(3)
            unsigned(record.account.number)
            self.key(key)
            signed(record.time.seconds)
            event(record.id)
        case .finding(let identity):
            byte(1)
            text(identity.rule)
            subject(identity.subject)
        case .clock(let account):
            byte(2)
            unsigned(account.number)
        }
    }
}
