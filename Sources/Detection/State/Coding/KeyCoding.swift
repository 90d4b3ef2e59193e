import CloudTrail

extension ByteWriter {
    mutating func key(_ key: FactKey) {
        switch key {
        case .allowedImages(let place): tagged(0) { $0.place(place) }
        case .imageCriteria(let place): tagged(1) { $0.place(place) }
        case .managedBy(let place): tagged(2) { $0.place(place) }
        case .blockPublicAccess(let place): tagged(3) { $0.place(place) }
        case .madePublic(let place): tagged(4) { $0.place(place) }
        case .activity(let place, let second):
            tagged(5) {
                $0.place(place)
                $0.signed(second)
            }
        case .unreadable(let place, let name):
            tagged(6) {
                $0.place(place)
                $0.text(name.string)
            }
        case .instance(let place, let id):
            tagged(7) {
                $0.place(place)
                $0.resource(id)
            }
        case .refusedShare(let place, let image, let grantee):
            tagged(8) {
                $0.place(place)
                $0.resource(image)
                $0.grantee(grantee)
            }
        case .refusals(let account, let principal):
            tagged(9) {
                $0.unsigned(account.number)
                $0.text(principal.string)
            }
        case .image(let id, let attribute):
            tagged(10) {
                $0.resource(id)
                $0.attribute(attribute)
            }
        case .members(let organization): tagged(11) { $0.text(organization.string) }
        case .membership(let account): tagged(12) { $0.unsigned(account.number) }
        }
    }

    private mutating func attribute(_ attribute: ImageAttribute) {
        switch attribute {
        case .owner: byte(0)
        case .ownerAlias: byte(1)
        case .name: byte(2)
        case .creationDate: byte(3)
        case .origin: byte(4)
        case .productCodes: byte(5)
        case .deprecation: byte(6)
        case .lifecycle: byte(7)
        case .tag(let key): tagged(8) { $0.text(key.string) }
        case .allTags: byte(9)
        case .permission(let grantee): tagged(10) { $0.grantee(grantee) }
        case .allPermissions: byte(11)
        }
    }

    mutating func subject(_ subject: Subject) {
        switch subject {
        case .guardrails(let place): tagged(0) { $0.place(place) }
        case .activity(let place): tagged(1) { $0.place(place) }
        case .unreadable(let place, let name):
            tagged(2) {
                $0.place(place)
                $0.text(name.string)
            }
        case .launch(let place, let id):
            tagged(3) {
                $0.place(place)
                $0.resource(id)
            }
        case .share(let place, let image, let grantee):
            tagged(4) {
                $0.place(place)
                $0.resource(image)
                $0.grantee(grantee)
            }
        case .refusedShare(let place, let image, let grantee):
            tagged(5) {
                $0.place(place)
                $0.resource(image)
                $0.grantee(grantee)
            }
        case .requiredTag(let place, let image, let key, let resource):
            tagged(6) {
                $0.place(place)
                $0.resource(image)
                $0.text(key.string)
                $0.text(resource.rawValue)
            }
        case .approvalTag(let place, let image, let key):
            tagged(7) {
                $0.place(place)
                $0.resource(image)
                $0.text(key.string)
            }
        }
    }
}

extension ByteReader {
    mutating func key() throws(StateError) -> FactKey {
        switch try byte() {
        case 0: .allowedImages(try place())
        case 1: .imageCriteria(try place())
        case 2: .managedBy(try place())
        case 3: .blockPublicAccess(try place())
        case 4: .madePublic(try place())
        case 5: .activity(try place(), second: try signed())
        case 6: .unreadable(try place(), name: ExactText(try text()))
        case 7: .instance(try place(), try resource())
        case 8: .refusedShare(try place(), try resource(), try grantee())
        case 9: .refusals(try account(), principal: ExactText(try text()))
        case 10: .image(try resource(), try attribute())
        case 11: .members(organization: ExactText(try text()))
        case 12: .membership(try account())
        case let tag: throw .malformed("no fact is about tag \(tag)")
        }
    }

    private mutating func attribute() throws(StateError) -> ImageAttribute {
        switch try byte() {
        case 0: .owner
        case 1: .ownerAlias
        case 2: .name
        case 3: .creationDate
        case 4: .origin
        case 5: .productCodes
        case 6: .deprecation
        case 7: .lifecycle
        case 8: .tag(ExactText(try text()))
        case 9: .allTags
        case 10: .permission(try grantee())
        case 11: .allPermissions
        case let tag: throw .malformed("no attribute has tag \(tag)")
        }
    }

    mutating func subject() throws(StateError) -> Subject {
        switch try byte() {
        case 0: .guardrails(try place())
        case 1: .activity(try place())
        case 2: .unreadable(try place(), name: ExactText(try text()))
        case 3: .launch(try place(), try resource())
        case 4: .share(try place(), try resource(), try grantee())
        case 5: .refusedShare(try place(), try resource(), try grantee())
        case 6: try requiredTag()
        case 7: .approvalTag(try place(), try resource(), key: ExactText(try text()))
        case let tag: throw .malformed("no subject has tag \(tag)")
        }
    }

    private mutating func requiredTag() throws(StateError) -> Subject {
        let (place, image, key) = (try place(), try resource(), ExactText(try text()))
        guard let resource = Policy.RequiredTag.Resource(rawValue: try text()) else {
            throw .malformed("tags are required of images and snapshots only")
        }
        return .requiredTag(place, image, key: key, resource)
    }
}
