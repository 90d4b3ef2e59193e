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
    /// The facts that one account's records told about one attribute.
    case facts(FactKey, writer: AccountID)
    /// What was published about a finding.
    case finding(FindingIdentity)
    /// An account's clock.
    case clock(AccountID)

    /// First byte of every key and value.
    ///
    /// A greater one is a newer format.
    static let format: UInt8 = 1

    var store: StateEntry.Store {
        if case .facts(let key, _) = self, key.isInCatalogue { .catalogue } else { .state }
    }

    var account: AccountID {
        switch self {
        case .facts(let key, let writer): key.account ?? writer
        case .finding(let identity): identity.subject.place.account
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

extension FactKey {
    /// The account whose state this is part of; nil in the catalogue.
    var account: AccountID? {
        switch self {
        case .allowedImages(let place), .imageCriteria(let place), .managedBy(let place),
            .blockPublicAccess(let place), .madePublic(let place), .activity(let place, _),
            .unreadable(let place, _), .instance(let place, _), .refusedShare(let place, _, _):
            place.account
        case .refusals(let account, _): account
        case .image, .members: nil
        }
    }
}
