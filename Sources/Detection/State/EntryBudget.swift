import CloudTrail

/// How many bytes of facts one entry of the changelog may hold, so that a message can carry it whatever is called how
/// often within the horizon; of the catalogue, those that one account has told.
struct EntryBudget {
    let bytes: Int
    /// Whether the oldest stays, of an attribute whose first fact tells something by being the first.
    let keepsFirst: Bool

    init(bytes: Int, of attribute: Attribute) {
        self.bytes = bytes
        keepsFirst = attribute == .sharesMade
    }

    /// What is left where facts are forgotten: not one at a time, for each time what they led to is judged again.
    private var rest: Int { bytes - bytes / 8 }

    /// The oldest facts of an entry that are too many.
    ///
    /// The newest is not among them, nor the creation, or the first, that all others go out from.
    func excess(of facts: ArraySlice<Fact>) -> ArraySlice<Fact> {
        guard Self.bytes(of: facts) > bytes else { return [] }
        let candidates = forgettable(facts)
        var kept = Self.bytes(of: facts[..<candidates.startIndex])
        var start = candidates.endIndex
        while start > candidates.startIndex {
            kept += candidates[start - 1].entryBytes
            guard kept <= rest || start == candidates.endIndex else { break }
            start -= 1
        }
        return candidates[..<start]
    }

    /// Whether a fact would be the first to be forgotten.
    ///
    /// It may have been there, and been forgotten already.
    func isBehind(_ fact: Fact, _ facts: ArraySlice<Fact>) -> Bool {
        guard let last = facts.last, fact < last, let oldest = forgettable(facts).first, fact < oldest else {
            return false
        }
        return Self.bytes(of: facts) + max(fact.entryBytes, Self.slack) > rest
    }

    /// Forgetting leaves a little less than `rest`: less than a usual fact takes.
    private static let slack = 2048

    private func forgettable(_ facts: ArraySlice<Fact>) -> ArraySlice<Fact> {
        guard let first = facts.first, first.phase == .creates || keepsFirst else { return facts }
        return first.entryBytes <= bytes / 8 ? facts.dropFirst() : facts
    }

    private static func bytes(of facts: ArraySlice<Fact>) -> Int { facts.reduce(0) { $0 + $1.entryBytes } }
}

extension Fact {
    /// About how many bytes the fact takes in the changelog: a few too many.
    var entryBytes: Int {
        128 + evidence.id.textBytes + evidence.origin.textBytes + evidence.actor.textBytes + value.textBytes
    }
}

extension FactValue {
    fileprivate var textBytes: Int {
        switch self {
        case .criteria(let criteria): criteria.reduce(0) { $0 + $1.textBytes }
        case .text(let text): text?.string.utf8.count ?? 0
        case .productCodes(let codes): codes.textBytes
        case .grantees(let grantees): grantees.textBytes
        case .tagSet(let text): text.string.utf8.count
        case .tagDeleted(let text): text?.string.utf8.count ?? 0
        case .allTags(let tags, let source): tags.textBytes + (source?.textBytes ?? 0)
        case .created(let tags): tags?.textBytes ?? 0
        case .launched(let image), .seen(let image): image?.textBytes ?? 0
        case .share(let image, let grantees): image.textBytes + grantees.textBytes
        case .madePublic(let image): image.textBytes
        case .unreadable(let reason), .unreadableRemoval(let reason): reason.string.utf8.count
        case .joined(let organization), .left(let organization): organization?.string.utf8.count ?? 0
        case .members(let members): 6 * members.count
        case .fields(let fields): fields.textBytes
        case .allowedImages, .blockPublicAccess, .account, .accountAlone, .date, .granted, .revoked,
            .disabled,
            .enabled, .deregistered, .restored, .terminated, .active:
            0
        }
    }
}

extension Fields {
    fileprivate var textBytes: Int {
        all.reduce(0) { bytes, field in
            let length =
                switch field.value {
                case .text(let text): text.string.utf8.count
                case .number, .flag: 8
                case .texts(let texts): texts.textBytes
                }
            return bytes + field.name.string.utf8.count + length + 8
        }
    }
}

extension EventID {
    fileprivate var textBytes: Int { if case .text(let text) = self { text.utf8.count } else { 0 } }
}

extension ImageCriterion {
    /// About how many bytes its texts take.
    var textBytes: Int {
        [providers, names, productCodes].reduce(32 + unknown.textBytes) { $0 + ($1?.textBytes ?? 0) }
    }
}

extension [ExactText] {
    fileprivate var textBytes: Int { reduce(0) { $0 + $1.string.utf8.count + 4 } }
}

extension [ExactText: ExactText] {
    fileprivate var textBytes: Int {
        reduce(0) { $0 + $1.key.string.utf8.count + $1.value.string.utf8.count + 8 }
    }
}

extension [Grantee] {
    fileprivate var textBytes: Int {
        reduce(0) { bytes, grantee in
            switch grantee {
            case .everyone: bytes + 1
            case .account: bytes + 7
            case .organization(let arn), .organizationalUnit(let arn): bytes + arn.utf8.count + 5
            }
        }
    }
}

extension ResourceID {
    fileprivate var textBytes: Int { if case .text(let text) = self { text.utf8.count + 4 } else { 24 } }
}
