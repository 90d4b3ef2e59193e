import CloudTrail

@testable import Detection

extension Engine {
    /// The subjects that are there because of a fact: written without a look at `Reach`.
    func subjects(broughtBy key: FactKey, _ fact: Fact) -> [Subject] {
        let told = fact.evidence.place
        switch key {
        case .allowedImages(let place): return [.guardrails(place), .activity(place)]
        case .imageCriteria(let place), .blockPublicAccess(let place), .madePublic(let place):
            return [.guardrails(place)]
        case .activity(let place, _): return [.activity(place)]
        case .unreadable(let place, let name): return [.unreadable(place, name: name)]
        case .instance(let place, let instance): return [.launch(place, instance)]
        case .refusedShare(let place, let image, let grantee):
            return [.refusedShare(place, image, grantee)]
        case .image(let image, .permission(let grantee)) where fact.value == .granted:
            return state.image(image).map { [.share($0.place(of: fact), image, grantee)] } ?? []
        case .image(let image, .lifecycle) where fact.value.isCreation:
            return policy.requiredTags.map { .requiredTag(told, image, key: $0.key, $0.resource) }
        case .image(let image, .tag(let tag)) where !fact.evidence.isInventory:
            return approvalTags.filter { $0 == tag }.map { .approvalTag(told, image, key: $0) }
        case .image(let image, .allTags) where !fact.evidence.isInventory:
            return approvalTags.map { .approvalTag(told, image, key: $0) }
        case .managedBy, .refusals, .members, .membership, .image: return []
        }
    }

    private var approvalTags: Set<ExactText> {
        Set((policy.approvedImages ?? []).flatMap { ($0.tags ?? [:]).keys })
    }

    /// Whether a fact that is there, or one of some that have just come or gone, brings a subject.
    ///
    /// Without one no rule has anything to say of it, whatever else it reads.
    func isBrought(_ subject: Subject, also facts: [(FactKey, Fact)]) -> Bool {
        func any(_ keys: [FactKey], _ isSo: (Fact) -> Bool) -> Bool {
            keys.contains { key in
                state.timeline(key).facts.contains(where: isSo)
                    || facts.contains { $0.0 == key && isSo($0.1) }
            }
        }
        switch subject {
        case .guardrails(let place):
            let keys: [FactKey] = [
                .allowedImages(place), .imageCriteria(place), .blockPublicAccess(place), .madePublic(place),
            ]
            return any(keys) { _ in true }
        case .activity(let place):
            return state.firstActivity(in: place, from: .distantPast) != nil
                || any([.allowedImages(place)]) { _ in true }
                || facts.contains { if case .activity(place, _) = $0.0 { true } else { false } }
        case .unreadable(let place, let name): return any([.unreadable(place, name: name)]) { _ in true }
        case .refusedShare(let place, let image, let grantee):
            return any([.refusedShare(place, image, grantee)]) { _ in true }
        case .launch(let place, let instance): return any([.instance(place, instance)]) { _ in true }
        case .share(let place, let image, let grantee):
            // Where a document's grant belongs is told by the image's owner, and by where the image was made or owned.
            var owners: Set<AccountID> = []
            var regions: Set<String> = [""]
            _ = any([.image(image, .owner), .image(image, .lifecycle)]) {
                if let owner = $0.value.owner { owners.insert(owner) }
                regions.insert($0.evidence.region)
                return false
            }
            return any([.image(image, .permission(grantee))]) { fact in
                let told = fact.evidence.place
                guard fact.value == .granted else { return false }
                guard fact.evidence.isInventory else { return told == place }
                return owners.union([told.account]).contains(place.account)
                    && (told.region.isEmpty ? regions : [told.region]).contains(place.region)
            }
        case .requiredTag(let place, let image, let key, let resource):
            guard policy.requiredTags.contains(where: { $0.key == key && $0.resource == resource }) else {
                return false
            }
            return any([.image(image, .lifecycle)]) { $0.value.isCreation && $0.evidence.place == place }
        case .approvalTag(let place, let image, let key):
            guard approvalTags.contains(key) else { return false }
            return any([.image(image, .tag(key)), .image(image, .allTags)]) {
                !$0.evidence.isInventory && $0.evidence.place == place
            }
        }
    }
}
