import CloudTrail

// What keys of the first format are about stands in the attribute's tag; later ones carry their attribute's row, so that a
// version that does not know it keeps the facts. The same holds for subjects.

/// Begins what describes itself.
private let selfDescribedTag: UInt8 = 255

extension ByteWriter {
    mutating func key(_ key: FactKey) {
        let tag = key.attribute.tag
        guard tag < Attribute.firstSelfDescribed else { return selfDescribed(key) }
        byte(tag > 255 ? Attribute.imageTag : UInt8(tag))
        entity(key.entity)
        if tag > 255 { byte(UInt8(truncatingIfNeeded: tag)) }
        qualifier(key.qualifier)
    }

    private mutating func selfDescribed(_ key: FactKey) {
        byte(selfDescribedTag)
        unsigned(UInt64(key.attribute.tag))
        byte(key.attribute.traits.0)
        byte(key.attribute.traits.1)
        byte(key.entity.shape)
        entity(key.entity)
        byte(key.qualifier.shape)
        qualifier(key.qualifier)
    }

    /// What is told of an image, whichever that is.
    mutating func imageAttribute(_ told: ImageAttribute) {
        unsigned(UInt64(told.attribute.tag))
        if told.attribute.tag >= Attribute.firstSelfDescribed {
            byte(told.attribute.traits.0)
            byte(told.attribute.traits.1)
        }
        byte(told.qualifier.shape)
        qualifier(told.qualifier)
    }

    private mutating func entity(_ entity: Entity) {
        switch entity {
        case .accountRegion(let scope): self.scope(scope)
        case .resource(let scope, let id):
            self.scope(scope)
            resource(id)
        case .account(let account): unsigned(account.number)
        case .image(let id): resource(id)
        case .organization(let organization): text(organization.string)
        }
    }

    private mutating func qualifier(_ qualifier: Qualifier) {
        switch qualifier {
        case .none: break
        case .text(let text): self.text(text.string)
        case .grantee(let grantee): self.grantee(grantee)
        case .second(let second): signed(second)
        case .requiredTag(let key, let resource):
            text(key.string)
            text(resource.rawValue)
        }
    }

    mutating func subject(_ subject: Subject) {
        let tag = subject.kind.tag
        if tag < Subject.Kind.firstSelfDescribed {
            byte(UInt8(tag))
        } else {
            byte(selfDescribedTag)
            unsigned(UInt64(tag))
            text(subject.kind.resource.rawValue)
            byte((subject.id == nil ? 0 : 16) | subject.qualifier.shape)
        }
        scope(subject.scope)
        if let id = subject.id { resource(id) }
        qualifier(subject.qualifier)
    }
}

extension ByteReader {
    mutating func key() throws(StateError) -> FactKey {
        let tag = try byte()
        switch tag {
        case selfDescribedTag: return try selfDescribedKey()
        case Attribute.imageTag:
            let entity = Entity.image(try resource())
            let own = try byte()
            guard let attribute = Attribute.known(UInt16(tag) << 8 | UInt16(own)) else {
                throw .malformed("no attribute has tag \(own)")
            }
            return FactKey(attribute, entity, try qualifier(of: attribute))
        default:
            guard let attribute = Attribute.known(UInt16(tag)) else {
                throw .malformed("no fact is about tag \(tag)")
            }
            let entity = try entity(of: attribute)
            return FactKey(attribute, entity, try qualifier(of: attribute))
        }
    }

    private mutating func selfDescribedKey() throws(StateError) -> FactKey {
        let tag = try unsigned()
        let traits = (try byte(), try byte())
        guard let tag = UInt16(exactly: tag), let attribute = Attribute(tag, traits: traits) else {
            throw .malformed("no attribute has tag \(tag)")
        }
        let entity = try entity(shape: try byte())
        return FactKey(attribute, entity, try qualifier(shape: try byte()))
    }

    mutating func imageAttribute() throws(StateError) -> ImageAttribute {
        guard let tag = UInt16(exactly: try unsigned()) else {
            throw .malformed("no attribute has such a tag")
        }
        let isKnown = tag < Attribute.firstSelfDescribed
        let attribute = isKnown ? Attribute.known(tag) : Attribute(tag, traits: (try byte(), try byte()))
        guard let attribute else { throw .malformed("no attribute has tag \(tag)") }
        let shape = try byte()
        // Otherwise its key would be written as no reader takes it.
        if isKnown, tag >> 8 != UInt16(Attribute.imageTag) || shape != Self.qualifierShape(of: attribute) {
            throw .malformed("no image has attribute \(tag) with shape \(shape)")
        }
        return ImageAttribute(attribute, try qualifier(shape: shape))
    }

    private mutating func entity(of attribute: Attribute) throws(StateError) -> Entity {
        switch attribute {
        case .instance, .refusedShare: try entity(shape: Entity.Shape.resource)
        case .refusals, .membership: try entity(shape: Entity.Shape.account)
        case .members: try entity(shape: Entity.Shape.organization)
        default: try entity(shape: Entity.Shape.accountRegion)
        }
    }

    private mutating func qualifier(of attribute: Attribute) throws(StateError) -> Qualifier {
        try qualifier(shape: Self.qualifierShape(of: attribute))
    }

    private static func qualifierShape(of attribute: Attribute) -> UInt8 {
        switch attribute {
        case .activity: Qualifier.Shape.second
        case .unreadable, .refusals, .tag: Qualifier.Shape.text
        case .refusedShare, .permission: Qualifier.Shape.grantee
        default: Qualifier.Shape.none
        }
    }

    private mutating func entity(shape: UInt8) throws(StateError) -> Entity {
        switch shape {
        case Entity.Shape.accountRegion: .accountRegion(try scope())
        case Entity.Shape.resource: .resource(try scope(), try resource())
        case Entity.Shape.account: .account(try account())
        case Entity.Shape.image: .image(try resource())
        case Entity.Shape.organization: .organization(ExactText(try text()))
        default: throw .malformed("no entity has shape \(shape)")
        }
    }

    private mutating func qualifier(shape: UInt8) throws(StateError) -> Qualifier {
        switch shape {
        case Qualifier.Shape.none: return .none
        case Qualifier.Shape.text: return .text(ExactText(try text()))
        case Qualifier.Shape.grantee: return .grantee(try grantee())
        case Qualifier.Shape.second: return .second(try signed())
        case Qualifier.Shape.requiredTag:
            let key = ExactText(try text())
            guard let resource = Policy.RequiredTag.Resource(rawValue: try text()) else {
                throw .malformed("tags are required of images and snapshots only")
            }
            return .requiredTag(key, resource)
        default: throw .malformed("no qualifier has shape \(shape)")
        }
    }

    mutating func subject() throws(StateError) -> Subject {
        let tag = try byte()
        if tag == selfDescribedTag { return try selfDescribedSubject() }
        guard let kind = Subject.Kind.known(UInt16(tag)) else {
            throw .malformed("no subject has tag \(tag)")
        }
        let scope = try scope()
        let id = kind.resource == .accountRegion ? nil : try resource()
        let shape =
            switch kind {
            case .unreadable, .approvalTag: Qualifier.Shape.text
            case .share, .refusedShare: Qualifier.Shape.grantee
            case .requiredTag: Qualifier.Shape.requiredTag
            default: Qualifier.Shape.none
            }
        return Subject(kind, scope, id, try qualifier(shape: shape))
    }

    private mutating func selfDescribedSubject() throws(StateError) -> Subject {
        let tag = try unsigned()
        guard let tag = UInt16(exactly: tag), tag >= Subject.Kind.firstSelfDescribed,
            let resource = Resource.Kind(rawValue: try text())
        else { throw .malformed("no subject has tag \(tag)") }
        let shape = try byte()
        guard shape < 32 else { throw .malformed("no subject has shape \(shape)") }
        let scope = try scope()
        let id = shape & 16 == 0 ? nil : try self.resource()
        return Subject(Subject.Kind(tag, resource), scope, id, try qualifier(shape: shape & 15))
    }
}

extension Entity {
    fileprivate enum Shape {
        static let accountRegion: UInt8 = 0
        static let resource: UInt8 = 1
        static let account: UInt8 = 2
        static let image: UInt8 = 3
        static let organization: UInt8 = 4
    }

    fileprivate var shape: UInt8 {
        switch self {
        case .accountRegion: Shape.accountRegion
        case .resource: Shape.resource
        case .account: Shape.account
        case .image: Shape.image
        case .organization: Shape.organization
        }
    }
}

extension Qualifier {
    fileprivate enum Shape {
        static let none: UInt8 = 0
        static let text: UInt8 = 1
        static let grantee: UInt8 = 2
        static let second: UInt8 = 3
        static let requiredTag: UInt8 = 4
    }

    fileprivate var shape: UInt8 {
        switch self {
        case .none: Shape.none
        case .text: Shape.text
        case .grantee: Shape.grantee
        case .second: Shape.second
        case .requiredTag: Shape.requiredTag
        }
    }
}
