import CloudTrail

@testable import Detection

extension Engine {
    /// The subjects that are there because of a fact: written without a look at any trigger.
    func subjects(broughtBy key: FactKey, _ fact: Fact) -> [Subject] {
        let told = fact.evidence.scope
        switch (key.entity, key.attribute) {
        case (.accountRegion(let scope), .allowedImages): return [.guardrails(scope), .activity(scope)]
        case (.accountRegion(let scope), .imageCriteria), (.accountRegion(let scope), .blockPublicAccess),
            (.accountRegion(let scope), .madePublic):
            return [.guardrails(scope)]
        case (.accountRegion(let scope), .activity): return [.activity(scope)]
        case (.accountRegion(let scope), .unreadable):
            guard case .text(let name) = key.qualifier else { return [] }
            return [.unreadable(scope, name: name)]
        case (.resource(let scope, let instance), .instance): return [.launch(scope, instance)]
        case (.resource(let scope, let image), .refusedShare):
            guard case .grantee(let grantee) = key.qualifier else { return [] }
            return [.refusedShare(scope, image, grantee)]
        case (.resource(let scope, let principal), .sharesMade): return [Subject(.sharer, scope, principal)]
        case (.image(let image), .permission):
            guard let grantee = key.ofImage.grantee, fact.value == .granted else { return [] }
            return state.image(image).map { [.share($0.scope(of: fact), image, grantee)] } ?? []
        case (.image(let image), .lifecycle):
            guard fact.value.isCreation else { return [] }
            return [Subject(.createdImage, told, image)]
                + policy.requiredTags.map { .requiredTag(told, image, key: $0.key, $0.resource) }
        case (.image(let image), .tag):
            guard !fact.evidence.isInventory, case .text(let tag) = key.qualifier else { return [] }
            return approvalTags.filter { $0 == tag }.map { .approvalTag(told, image, key: $0) }
        case (.image(let image), .allTags):
            guard !fact.evidence.isInventory else { return [] }
            return approvalTags.map { .approvalTag(told, image, key: $0) }
        case (_, .policyContent), (_, .policyAttachment), (_, .policyType), (_, .placeInOrganization):
            return fact.changeOfOrganization.map { [$0] } ?? []
        case (_, .calls): return inForce.statements.compactMap { Subject(calls: key, judgedBy: $0.name) }
        default: return []
        }
    }

    private var approvalTags: Set<ExactText> {
        Set((policy.images.approved ?? []).flatMap { ($0.tags ?? [:]).keys })
    }

    /// Whether a fact that is there, or one of some that have just come or gone, brings a subject.
    ///
    /// Without one no rule has anything to say of it, whatever else it reads.
    func isBrought(_ subject: Subject, also facts: [KeyedFact]) -> Bool {
        func any(_ keys: [FactKey], _ isSo: (Fact) -> Bool) -> Bool {
            keys.contains { key in
                state.timeline(key).facts.contains(where: isSo)
                    || facts.contains { $0.key == key && isSo($0.fact) }
            }
        }
        let scope = subject.scope
        switch (subject.kind, subject.id, subject.qualifier) {
        case (.guardrails, _, _):
            let keys: [FactKey] = [
                .allowedImages(scope), .imageCriteria(scope), .blockPublicAccess(scope), .madePublic(scope),
            ]
            return any(keys) { _ in true }
        case (.activity, _, _):
            return state.firstActivity(in: scope, from: .distantPast) != nil
                || any([.allowedImages(scope)]) { _ in true }
                || facts.contains { $0.key.attribute == .activity && $0.key.entity.scope == scope }
        case (.unreadable, _, .text(let name)): return any([.unreadable(scope, name: name)]) { _ in true }
        case (.refusedShare, let image?, .grantee(let grantee)):
            return any([.refusedShare(scope, image, grantee)]) { _ in true }
        case (.sharer, let principal?, _):
            return any([FactKey(.sharesMade, .resource(scope, principal))]) { _ in true }
        case (.launch, let instance?, _): return any([.instance(scope, instance)]) { _ in true }
        case (.share, let image?, .grantee(let grantee)):
            // Where a document's grant belongs is told by the image's owner, and by where the image was made or owned.
            var owners: Set<AccountID> = []
            var regions: Set<String> = [""]
            _ = any([.image(image, .owner), .image(image, .lifecycle)]) {
                if let owner = $0.value.owner { owners.insert(owner) }
                regions.insert($0.evidence.region)
                return false
            }
            return any([.image(image, .permission(grantee))]) { fact in
                let told = fact.evidence.scope
                guard fact.value == .granted else { return false }
                guard fact.evidence.isInventory else { return told == scope }
                return owners.union([told.account]).contains(scope.account)
                    && (told.region.isEmpty ? regions : [told.region]).contains(scope.region)
            }
        case (.createdImage, let image?, _):
            return any([.image(image, .lifecycle)]) { $0.value.isCreation && $0.evidence.scope == scope }
        case (_, let image?, .requiredTag(let key, let resource)):
            guard policy.requiredTags.contains(where: { $0.key == key && $0.resource == resource }) else {
                return false
            }
            return any([.image(image, .lifecycle)]) { $0.value.isCreation && $0.evidence.scope == scope }
        case (.approvalTag, let image?, .text(let key)):
            guard approvalTags.contains(key) else { return false }
            return any([.image(image, .tag(key)), .image(image, .allTags)]) {
                !$0.evidence.isInventory && $0.evidence.scope == scope
            }
        case (.calledImage, _, .text(let name)), (.calledInstance, _, .text(let name)),
            (.calledSnapshot, _, .text(let name)), (.calledScope, _, .text(let name)):
            guard inForce.statement(name) != nil else { return false }
            return any(subject.calls.map { [$0] } ?? []) { _ in true }
        case (.policyChange, _, _):
            let keys = Set(
                (Array(state.accountKeys) + facts.map(\.key)).filter(\.attribute.isOfOrganizations)
            )
            return any(Array(keys)) { $0.changeOfOrganization == subject }
        default:
            // What one rule alone judges is there by its own facts about the same thing, which have the kind's tag.
            return (Array(state.accountKeys) + facts.map(\.key)).contains {
                $0.attribute.tag == subject.kind.tag && $0.entity.scope == scope
                    && $0.entity.id == subject.id && $0.qualifier == subject.qualifier
            }
        }
    }
}

extension Fact {
    /// What a call changes of its organization.
    fileprivate var changeOfOrganization: Subject? {
        guard let fields = value.fields,
            let changed = fields.text("policy") ?? fields.text("root") ?? fields.text("child"),
            !changed.string.hasPrefix("ou-")
        else { return nil }
        return Subject(.policyChange, evidence.scope, nil, .text(changed))
    }
}
