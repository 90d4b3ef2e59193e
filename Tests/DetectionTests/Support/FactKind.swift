import CloudTrail

@testable import Detection

extension Attribute {
    /// A name, for whoever reads what a test says.
    var text: String { Self.names[self] ?? "attribute \(tag)" }

    private static let names: [Attribute: String] = [
        .allowedImages: "allowedImages", .imageCriteria: "imageCriteria", .managedBy: "managedBy",
        .blockPublicAccess: "blockPublicAccess", .madePublic: "madePublic", .activity: "activity",
        .unreadable: "unreadable", .instance: "instance", .refusedShare: "refusedShare",
        .refusals: "refusals", .sharesMade: "sharesMade", .members: "members", .membership: "membership",
        .owner: "owner",
        .ownerAlias: "ownerAlias",
        .name: "name", .creationDate: "creationDate", .origin: "origin", .productCodes: "productCodes",
        .deprecation: "deprecation", .lifecycle: "lifecycle", .tag: "tag", .allTags: "allTags",
        .permission: "permission", .allPermissions: "allPermissions",
        .parentImage: "parentImage", .calls: "calls", .snapshotsOfImage: "snapshotsOfImage",
        .policyContent: "policyContent", .policyAttachment: "policyAttachment", .policyType: "policyType",
        .placeInOrganization: "placeInOrganization",
        .firstShare: "firstShare", .firstUse: "firstUse",
    ]
}

extension FactKey {
    /// The key under which readings are looked up that a fact at this one may change.
    func lookedUp(by fact: Fact) -> [FactKey] {
        if attribute == .instance, let image = fact.value.launchedImage {
            return [self, FactKey(.instance, .image(image))]
        }
        if attribute == .activity, let scope = entity.scope {
            return [.activity(scope, second: 0), FactKey(.activity, .account(scope.account))]
        }
        if let image, let group = ofImage.grantee, group.isGroup, group != .everyone {
            return [self, .image(image, .permission(.everyone))]
        }
        if attribute.isOfOrganizations, let fields = fact.value.fields {
            let parts = ["policy", "target", "root", "child", "parent", "former", "root of"].compactMap {
                fields.text($0)
            }
            let roots = parts.filter { $0.string.hasPrefix("ou-") }.map {
                ExactText("r-" + $0.string.split(separator: "-")[1])
            }
            let isInRoot = (parts + roots).contains { $0.string.hasPrefix("r-") }
            let manager = isInRoot ? [ExactText("root of \(fact.evidence.account)")] : []
            var keys =
                (parts + roots + manager).map { FactKey(.placeInOrganization, .organization($0)) } + [self]
            if let target = fields.text("target") {
                keys.append(FactKey(.policyAttachment, .organization(target)))
                keys += roots.map { FactKey(.policyAttachment, .organization($0), .text("below")) }
            }
            return Array(Set(keys))
        }
        return [self]
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
            key == self.key && fact.time > after && FactOrder(fact) <= FactOrder(last)
                && first.map { FactOrder($0) <= FactOrder(fact) } ?? true
        case .during(let start, let end): key == self.key && start < fact.time && fact.time <= end
        case .creations: key == self.key && fact.value.isCreation
        case .anyGroup, .organization: true
        case .attachments(let time): fact.time <= time
        case .launches(let account, let time):
            key.attribute == .instance && key.entity.account == account && fact.time <= time
                && fact.value.launchedImage == self.key.image
        case .beginning(let time):
            fact.time <= time
                && !state.activity.contains { scope, log in
                    scope.account == key.entity.account
                        && log.all.contains {
                            $0.time <= time && (scope != key.entity.scope || $0.time != fact.time)
                        }
                }
        case .activity(let first, let last): first <= fact.time && fact.time <= last
        }
    }
}
