import CloudTrail

/// Facts about one attribute in a few words, for a timeline.
struct FactWords {
    private let attribute: Attribute
    private let qualifier: Qualifier

    init(_ attribute: Attribute, _ qualifier: Qualifier) {
        (self.attribute, self.qualifier) = (attribute, qualifier)
    }

    init(_ key: FactKey) { self.init(key.attribute, key.qualifier) }

    /// What a fact says, and of what; nil when it says nothing that a reader needs.
    func words(_ fact: Fact, about entity: Entity) -> String? {
        guard let words = words(fact) else { return nil }
        switch entity {
        case .image(let id), .resource(_, let id): return "\(id): \(words)"
        case .account(let account): return "account \(account): \(words)"
        case .organization(let organization): return "\(organization): \(words)"
        case .accountRegion: return words
        }
    }

    /// What a fact says; nil when it says nothing that a reader needs.
    func words(_ fact: Fact) -> String? {
        switch fact.value {
        case .allowedImages(let state): "Allowed AMIs: \(state.rawValue)"
        case .criteria(let criteria): "image criteria of Allowed AMIs: \(criteria.summary)"
        case .blockPublicAccess(let state): "block public access for images: \(state.rawValue)"
        case .text(let text): words(ofText: text)
        case .date(let date) where attribute == .deprecation:
            date.map { "deprecated from \($0)" } ?? "no longer deprecated"
        case .granted: "shared with \(who)"
        case .revoked: "no longer shared with \(who)"
        case .grantees(let grantees):
            grantees.isEmpty
                ? "shared with nobody any more"
                : "shared with nobody but \(grantees.map(\.description).joined(separator: ", "))"
        case .tagSet(let value): "tag \(who) = \(value)"
        case .tagDeleted: "tag \(who) removed"
        case .allTags(let tags, let source): words(ofTags: tags, copiedFrom: source)
        case .created: "created"
        case .disabled: "disabled"
        case .enabled: "enabled"
        case .deregistered: "deregistered"
        case .restored: "restored"
        case .launched(let image), .seen(let image):
            "launched from \(image?.description ?? "an image that no record names")"
        case .terminated: attribute == .instance ? "terminated" : "removed"
        case .share(let image, let grantees):
            (attribute == .refusedShare ? "refused: " : "")
                + "\(image) shared with \(grantees.map(\.description).joined(separator: ", "))"
        case .unreadable(let why), .unreadableRemoval(let why): "could not be read: \(why)"
        case .joined(let organization): "joined \(organization?.string ?? "the organization")"
        case .left(let organization): "left \(organization?.string ?? "the organization")"
        case .active where attribute == .firstUse: "used for the first time"
        case .active where attribute != .activity: "used by another account"
        case .fields(let fields): words(of: fields)
        // Who owns it is said above each timeline.
        case .account, .accountAlone, .date, .productCodes, .madePublic, .active, .members: nil
        }
    }

    /// The tag, the grantee, the name that it is about.
    private var who: String {
        if case .grantee(.everyone) = qualifier { return "everybody" }
        return qualifier.description ?? "?"
    }

    private func words(ofText text: ExactText?) -> String? {
        guard let text else { return nil }
        switch attribute {
        case .name: return "name: \(text)"
        case .origin: return "made from \(text)"
        case .managedBy: return "Allowed AMIs are managed by \(text)"
        default: return nil
        }
    }

    private func words(ofTags tags: [ExactText: ExactText], copiedFrom source: ResourceID?) -> String? {
        var parts = tags.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }
        if let source { parts.append("those of \(source)") }
        return parts.isEmpty ? nil : "tags: \(parts.joined(separator: ", "))"
    }

    private func words(of fields: Fields) -> String {
        fields.all.map { field in
            switch field.value {
            case .text(let text): "\(field.name) = \(text)"
            case .number(let number): "\(field.name) = \(number)"
            case .flag(let flag): "\(field.name) = \(flag ? "yes" : "no")"
            case .texts(let texts): "\(field.name) = \(texts.map(\.string).joined(separator: ", "))"
            }
        }.joined(separator: "; ")
    }
}
