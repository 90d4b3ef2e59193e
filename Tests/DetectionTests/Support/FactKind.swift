import CloudTrail

@testable import Detection

extension FactKey {
    /// Which of the kinds of facts it names, without what it is about.
    var kindName: String {
        switch self {
        case .allowedImages: "allowedImages"
        case .imageCriteria: "imageCriteria"
        case .managedBy: "managedBy"
        case .blockPublicAccess: "blockPublicAccess"
        case .madePublic: "madePublic"
        case .activity: "activity"
        case .unreadable: "unreadable"
        case .instance: "instance"
        case .refusedShare: "refusedShare"
        case .refusals: "refusals"
        case .image(_, let attribute): attribute.kindName
        case .members: "members"
        case .membership: "membership"
        }
    }

    /// Every kind.
    static let kindNames: Set<String> = Set(
        [
            "allowedImages", "imageCriteria", "managedBy", "blockPublicAccess", "madePublic", "activity",
            "unreadable", "instance", "refusedShare", "refusals", "members", "membership",
        ] + ImageAttribute.kindNames
    )

    /// The key under which readings are looked up that a fact at this one may change.
    var lookedUp: [FactKey] {
        switch self {
        case .activity(let place, _): [.activity(place, second: 0)]
        case .image(let id, .permission(let group)) where group.isGroup && group != .everyone:
            [self, .image(id, .permission(.everyone))]
        default: [self]
        }
    }

    /// The image that it is about, if it is about one.
    var image: ResourceID? { if case .image(let id, _) = self { id } else { nil } }
}

extension ImageAttribute {
    fileprivate static let kindNames = singles.map(\.kindName) + ["tag", "permission"]

    fileprivate var kindName: String {
        switch self {
        case .owner: "owner"
        case .ownerAlias: "ownerAlias"
        case .name: "name"
        case .creationDate: "creationDate"
        case .origin: "origin"
        case .productCodes: "productCodes"
        case .deprecation: "deprecation"
        case .lifecycle: "lifecycle"
        case .tag: "tag"
        case .allTags: "allTags"
        case .permission: "permission"
        case .allPermissions: "allPermissions"
        }
    }
}

extension FactReading {
    /// Whether what was read may have changed with a fact that has come, or has gone or is about to go.
    func depends(on key: FactKey, _ fact: Fact, in state: State) -> Bool {
        switch part {
        case .all: key == self.key
        case .upTo(let time): key == self.key && fact.time <= time
        case .latest(let time):
            key == self.key && fact.time <= time
                && !state.timeline(key).facts.contains { fact.time < $0.time && $0.time <= time }
        case .between(let after, let first, let last):
            key == self.key && fact.time > after && FactPlace(fact) <= FactPlace(last)
                && first.map { FactPlace($0) <= FactPlace(fact) } ?? true
        case .creations: key == self.key && fact.value.isCreation
        case .anyGroup: true
        case .activity(let first, let last): first <= fact.time && fact.time <= last
        }
    }
}
