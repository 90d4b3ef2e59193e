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
    public let key: [UInt8]
    /// Nil deletes.
    public let value: [UInt8]?

    /// An entry from its parts.
    public init(store: Store, account: AccountID, key: [UInt8], value: [UInt8]?) {
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

    var bytes: [UInt8] {
        var writer = ByteWriter()
        writer.byte(Self.format)
        switch self {
        case .facts(let key, let account):
            writer.byte(0)
            writer.unsigned(account.number)
            writer.key(key)
        case .finding(let identity):
            writer.byte(1)
            writer.text(identity.rule)
            writer.subject(identity.subject)
        case .clock(let account):
            writer.byte(2)
            writer.unsigned(account.number)
        }
        return writer.bytes
    }

    init(_ bytes: [UInt8]) throws(StateError) {
        var reader = ByteReader(bytes)
        let format = try reader.byte()
        guard format <= Self.format else { throw .newerFormat(format) }
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

extension Timeline {
    /// The facts that one account's records told, as a value of the changelog; nil when there are none.
    func encoded(writer: AccountID?) -> [UInt8]? {
        let told = writer.map { account in facts.filter { $0.evidence.account == account } } ?? Array(facts)
        guard !told.isEmpty else { return nil }
        var bytes = ByteWriter()
        bytes.byte(StateKey.format)
        bytes.list(told) {
            $0.signed($1.time.seconds)
            $0.byte($1.phase.rawValue)
            $0.value($1.value)
            $0.evidence($1.evidence)
        }
        return bytes.bytes
    }

    /// Facts from a value of the changelog.
    static func decode(_ value: [UInt8]) throws(StateError) -> [Fact] {
        var reader = ByteReader(value)
        let format = try reader.byte()
        guard format <= StateKey.format else { throw .newerFormat(format) }
        return try reader.list { (reader) throws(StateError) in
            let time = try reader.time()
            guard let phase = Fact.Phase(rawValue: try reader.byte()) else {
                throw .malformed("a fact has no such phase")
            }
            let value = try reader.value()
            return Fact(time: time, phase: phase, value: value, evidence: try reader.evidence())
        }
    }
}

extension FindingState {
    var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.byte(StateKey.format)
        writer.text(status.rawValue)
        writer.unsigned(UInt64(revision))
        writer.unsigned(fingerprint)
        writer.unsigned(UInt64(occurrences))
        writer.unsigned(UInt64(forgotten))
        writer.signed(firstSeen.seconds)
        writer.signed(lastSeen.seconds)
        writer.signed(changed.seconds)
        return writer.bytes
    }

    init(_ value: [UInt8]) throws(StateError) {
        var reader = ByteReader(value)
        let format = try reader.byte()
        guard format <= StateKey.format else { throw .newerFormat(format) }
        guard let status = FindingStatus(rawValue: try reader.text()) else {
            throw .malformed("a finding has no such status")
        }
        self.init(
            status: status,
            revision: Int(clamping: try reader.unsigned()),
            fingerprint: try reader.unsigned(),
            occurrences: Int(clamping: try reader.unsigned()),
            forgotten: Int(clamping: try reader.unsigned()),
            firstSeen: try reader.time(),
            lastSeen: try reader.time(),
            changed: try reader.time()
        )
    }
}
