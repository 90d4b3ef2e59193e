import CloudTrail

/// Facts of which one rule alone knows the meaning, and the call that tells them; declared beside the rule.
public struct CallFacts: Sendable {
    /// `eventName`; of an inventory the API action.
    let name: String
    /// Whether it is told only where the policy has statements: what they need of every call is much.
    var isForStatements = false
    /// Whether a call tells them that was refused, and not one that succeeded.
    let isOfRefusal: Bool
    let tell: @Sendable (Call, inout RecordFacts) -> Void

    /// What a successful call tells.
    init(of call: WatchedCall, _ tell: @escaping @Sendable (Call, inout RecordFacts) -> Void) {
        name = call.name
        isOfRefusal = false
        self.tell = tell
    }

    /// What a call tells that a guardrail or a permission refused.
    init(refusing call: WatchedCall, _ tell: @escaping @Sendable (inout RecordFacts) -> Void) {
        name = call.name
        isOfRefusal = true
        self.tell = { _, told in tell(&told) }
    }

    /// The same of a call that keeps named fields of what was asked for.
    init(refusingFieldsOf call: WatchedCall, _ tell: @escaping @Sendable (Fields, inout RecordFacts) -> Void)
    {
        name = call.name
        isOfRefusal = true
        self.tell = { call, told in
            if case .other(let fields) = call { tell(fields, &told) }
        }
    }

    /// What an inventory tells that an API action gave.
    init(describing name: String, _ tell: @escaping @Sendable (Inventory, inout RecordFacts) -> Void) {
        self.name = name
        isOfRefusal = false
        self.tell = { call, told in
            if case .inventory(let inventory) = call { tell(inventory, &told) }
        }
    }

    /// What a successful call tells that keeps named fields.
    init(fieldsOf call: WatchedCall, _ tell: @escaping @Sendable (Fields, inout RecordFacts) -> Void) {
        self.init(of: call) { call, told in
            if case .other(let fields) = call { tell(fields, &told) }
        }
    }
}

/// Facts that are told only while the policy asks for them.
struct OptionalFacts: OptionSet {
    let rawValue: UInt8

    /// What statements need of every call, which is much.
    static let statements = OptionalFacts(rawValue: 1)
    /// In which hours accounts were heard.
    static let hours = OptionalFacts(rawValue: 2)
}

/// What records prove, without looking at any state: the same record always tells the same facts.
struct RecordFacts {
    /// What proves them.
    let evidence: Evidence
    /// The account and Region of the record.
    let scope: AccountRegion
    /// What of the caller's session statements ask for.
    let session: Fields?
    private(set) var facts: [KeyedFact] = []

    /// All facts that a record tells, by its evidence; some only where they are asked for.
    static func of(_ record: Record, _ evidence: Evidence, _ optional: OptionalFacts = []) -> [KeyedFact] {
        let forStatements = optional.contains(.statements)
        var told = RecordFacts(evidence: evidence, session: forStatements ? record.session : nil)
        told.facts.reserveCapacity(4)
        if optional.contains(.hours), !record.isInventory { told.tellHour() }
        told.tell(record, forStatements: forStatements)
        return told.facts
    }

    private init(evidence: Evidence, session: Fields?) {
        self.evidence = evidence
        self.session = session
        scope = evidence.scope
    }

    mutating func add(
        _ key: FactKey,
        _ value: FactValue,
        _ phase: Fact.Phase = .changes,
        at time: EventTime? = nil
    ) {
        let fact = Fact(time: time ?? evidence.time, phase: phase, value: value, evidence: evidence)
        facts.append(KeyedFact(key, fact))
    }

    private mutating func tell(_ record: Record, forStatements: Bool) {
        let byName = evidence.origin.told
        guard record.succeeded || record.isInventory else {
            tellRefusal(record, byName)
            return
        }
        // Other services' calls, and what a service tells of itself, are no use of a Region.
        if record.source.hasSameBytes(as: WatchedCall.source), !record.isInventory, byName?.isUse ?? true {
            add(evidence.origin.activity, .active)
        }
        switch record.call {
        case .runInstances(let launch):
            for instance in launch.instances {
                add(.instance(scope, instance.id), .launched(instance.image), .creates)
            }
            tell(unread: launch.unread)
        case .terminateInstances(let ids):
            for id in ids { add(.instance(scope, id), .terminated, .ends) }
        case .createImage(let creation): tell(creation)
        case .deregisterImage(let image, _):
            own(image)
            add(.image(image, .lifecycle), .deregistered, .ends)
        case .restoreImage(let image):
            own(image)
            add(.image(image, .lifecycle), .restored, .ends)
        case .disableImage(let image): add(.image(image, .lifecycle), .disabled, .ends)
        case .enableImage(let image): add(.image(image, .lifecycle), .enabled, .ends)
        case .deprecateImage(let image, let date): add(.image(image, .deprecation), .date(date))
        case .modifyLaunchPermission(let change): tell(change)
        case .resetLaunchPermission(let image):
            own(image)
            add(.image(image, .allPermissions), .grantees([]))
        case .cancelLaunchPermission(let image):
            add(.image(image, .permission(.account(scope.account))), .revoked)
        case .changeTags(let change): tell(change)
        case .allowedImages(let state):
            add(.allowedImages(scope), .allowedImages(state))
            add(.managedBy(scope), .text("account"))
        case .imageCriteria(let criteria):
            add(.imageCriteria(scope), .criteria(criteria))
            add(.managedBy(scope), .text("account"))
        case .blockPublicAccess(let state): add(.blockPublicAccess(scope), .blockPublicAccess(state))
        case .membership(let change):
            add(
                .membership(change.account ?? scope.account),
                change.isMember ? .joined(change.organization) : .left(change.organization)
            )
        case .unreadable(let reason): tell(unread: reason)
        case .inventory(let inventory): tell(inventory)
        case .nothing, .other: break
        }
        if let byName {
            for facts in byName.facts where forStatements || !facts.isForStatements {
                facts.tell(record.call, &self)
            }
        }
    }

    /// What of a call could not be read, where there is such a thing.
    private mutating func tell(unread reason: ExactText?) {
        if let reason { add(.unreadable(scope, name: ExactText(evidence.name)), .unreadable(reason)) }
    }

    private mutating func own(_ image: ResourceID) {
        add(.image(image, .owner), .account(scope.account))
    }

    private mutating func tell(_ creation: ImageCreation) {
        guard let image = creation.image else { return }
        own(image)
        if let name = creation.name { add(.image(image, .name), .text(name)) }
        add(.image(image, .creationDate), .date(evidence.time))
        if let source = ImageSource(creation.origin), !image.isImportTask {
            add(.image(image, .origin), source.value)
        }
        var copied: ResourceID?
        if case .copy(let source, _) = creation.origin, creation.copiesImageTags { copied = source }
        var makesSnapshots = true
        if case .snapshots = creation.origin { makesSnapshots = false }
        add(.image(image, .allTags), .allTags(creation.imageTags, copiedFrom: copied), .creates)
        add(
            .image(image, .lifecycle),
            .created(snapshotTags: makesSnapshots ? creation.snapshotTags : nil),
            .creates
        )
    }

    private mutating func tell(_ change: LaunchPermissionChange) {
        own(change.image)
        if change.added.contains(.everyone) { add(.madePublic(scope), .madePublic(change.image)) }
        if !change.added.isEmpty, let principal = evidence.actor.principalARN, !principal.isEmpty {
            // In whichever Region.
            let sharer = Entity.resource(AccountRegion(scope.account, ""), ResourceID(principal))
            add(FactKey(.sharesMade, sharer), .share(change.image, change.added))
            add(FactKey(.firstShare, sharer), .active)
        }
        tell(granted: change.added, revoked: change.removed) { .image(change.image, .permission($0)) }
        tell(unread: change.unread, unreadRemoval: change.unreadRemoval)
    }

    /// What becomes of grantees' permissions; one that is in both lists has it.
    mutating func tell(granted: [Grantee], revoked: [Grantee], at key: (Grantee) -> FactKey) {
        for grantee in granted { add(key(grantee), .granted) }
        let granted = Set(granted)
        for grantee in revoked where !granted.contains(grantee) { add(key(grantee), .revoked) }
    }

    /// What of grants, and of what takes them back, could not be read.
    mutating func tell(unread: ExactText?, unreadRemoval: ExactText?) {
        if let removal = unreadRemoval, unread == nil {
            add(.unreadable(scope, name: ExactText(evidence.name)), .unreadableRemoval(removal))
        } else {
            tell(unread: unread)
        }
    }

    private mutating func tell(_ change: TagChange) {
        let images = change.resources.filter {
            $0.string.hasBytes(prefix: "ami-") || $0.string.hasBytes(prefix: "import-ami-")
        }
        for resource in images.count > 1 ? Array(Set(images)) : images {
            let image = ResourceID(resource.string)
            if change.deletes, change.tags.isEmpty {
                add(.image(image, .allTags), .allTags([:], copiedFrom: nil))
            }
            for (key, value) in change.tags {
                add(
                    .image(image, .tag(key)),
                    change.deletes ? .tagDeleted(value) : .tagSet(value ?? "")
                )
            }
        }
    }

    /// Whether an error's message says that a guardrail forbids the call.
    ///
    /// In AWS Organizations any message may name policies.
    private static func isOfGuardrail(_ record: Record) -> Bool {
        record.isErrorOfGuardrail
            && !record.source.hasSameBytes(as: WatchedCall.Service.organizations.source)
    }

    private mutating func tellRefusal(_ record: Record, _ byName: ToldByCall?) {
        guard let error = record.error, Refusal.isRefusal(error) || Self.isOfGuardrail(record) else { return }
        if let byName {
            for facts in byName.refusals { facts.tell(record.call, &self) }
        }
        guard case .modifyLaunchPermission(let change) = record.call, !change.added.isEmpty else { return }
        for grantee in change.added {
            add(.refusedShare(scope, change.image, grantee), .share(change.image, [grantee]))
        }
        if let principal = evidence.actor.principalARN {
            add(
                .refusals(scope.account, principal: ExactText(principal)),
                .share(change.image, change.added)
            )
        }
    }

    private mutating func tell(_ inventory: Inventory) {
        for image in inventory.images { tell(image, isDated: inventory.isDated) }
        guard inventory.isDated else { return }
        for instance in inventory.instances {
            let scope = AccountRegion(
                instance.account ?? scope.account,
                instance.region?.string ?? scope.region
            )
            if instance.isTerminated {
                add(.instance(scope, instance.id), .terminated, .ends)
            } else {
                add(.instance(scope, instance.id), .seen(instance.image))
            }
        }
        for permissions in inventory.launchPermissions {
            add(.image(permissions.image, .allPermissions), .grantees(permissions.grantees))
            for grantee in permissions.grantees {
                add(.image(permissions.image, .permission(grantee)), .granted)
            }
        }
        if let state = inventory.allowedImages { add(.allowedImages(scope), .allowedImages(state)) }
        if let criteria = inventory.imageCriteria { add(.imageCriteria(scope), .criteria(criteria)) }
        if let manager = inventory.managedBy { add(.managedBy(scope), .text(manager)) }
        if let state = inventory.blockPublicAccess {
            add(.blockPublicAccess(scope), .blockPublicAccess(state))
        }
        if let organization = inventory.organization, let members = inventory.members {
            add(.members(organization: organization), .members(members))
        }
        if let organization = inventory.organization {
            for account in inventory.someMembers { add(.membership(account), .joined(organization)) }
        }
    }

    private mutating func tell(_ image: Inventory.Image, isDated: Bool) {
        let always: EventTime? = isDated ? nil : .distantPast
        if let owner = image.owner {
            let isAliasTold = image.ownerAlias != nil || image.tellsOwnerAlias
            add(.image(image.id, .owner), isAliasTold ? .account(owner) : .accountAlone(owner), at: always)
            if isAliasTold { add(.image(image.id, .ownerAlias), .text(image.ownerAlias), at: always) }
        }
        if let name = image.name { add(.image(image.id, .name), .text(name), at: always) }
        if let created = image.created { add(.image(image.id, .creationDate), .date(created), at: always) }
        if let source = image.sourceImage ?? image.sourceInstance {
            add(.image(image.id, .origin), .text(ExactText(source.description)), at: always)
        }
        guard isDated else { return }
        if let codes = image.productCodes { add(.image(image.id, .productCodes), .productCodes(codes)) }
        if image.deprecated != nil || image.isNeverDeprecated {
            add(.image(image.id, .deprecation), .date(image.deprecated))
        }
        if let isPublic = image.isPublic {
            add(.image(image.id, .permission(.everyone)), isPublic ? .granted : .revoked)
        }
        if let isDisabled = image.isDisabled {
            add(.image(image.id, .lifecycle), isDisabled ? .disabled : .enabled, .ends)
        }
        if let tags = image.tags {
            add(.image(image.id, .allTags), .allTags(tags, copiedFrom: nil))
        }
    }
}

/// Which errors say that a guardrail or a permission said no: not that the call was malformed, late, throttled, or came at a
/// bad moment.
enum Refusal {
    private static let codes = [
        "UnauthorizedOperation", "AccessDenied", "OperationNotPermitted", "AuthFailure", "Blocked",
    ]

    static func isRefusal(_ error: String) -> Bool {
        let code = error.utf8.starts(with: "Client.".utf8) ? error.utf8.dropFirst(7) : error.utf8[...]
        return codes.contains { code.starts(with: $0.utf8) }
    }
}
