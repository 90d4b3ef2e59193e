import CloudTrail

extension State {
    /// How many facts the rules walk that judge a subject; what they look up as of a time is not counted.
    func factCount(of subject: Subject, _ inForce: PolicyInForce) -> Int {
        let (scope, approvalTags) = (subject.scope, inForce.approvalTags)
        return switch (subject.kind, subject.id, subject.qualifier) {
        case (.guardrails, _, _):
            count(.allowedImages(scope)) + count(.imageCriteria(scope)) + count(.blockPublicAccess(scope))
                + count(.madePublic(scope)) + organizationCount(above: scope.account, inForce)
        case (.activity, _, _): count(.allowedImages(scope))
        case (.unreadable, _, .text(let name)): count(.unreadable(scope, name: name))
        case (.refusedShare, let image?, .grantee(let grantee)):
            refusalCount(.refusedShare(scope, image, grantee))
        case (.sharer, let principal?, _): count(FactKey(.sharesMade, .resource(scope, principal)))
        case (.launch, let instance?, _):
            launchCount(.instance(scope, instance), approvalTags)
                + organizationCount(above: scope.account, inForce)
        case (.share, let image?, .grantee(let grantee)): shareCount(image, grantee)
        case (_, let image?, .requiredTag(let key, _)), (.approvalTag, let image?, .text(let key)):
            tagCount(image, [.lifecycle, .tag(key), .allTags])
        case (.createdImage, let image?, _):
            lineageCount(image, approvalTags) + count(.image(image, .lifecycle))
        case (.policyChange, _, .text(let changed)): organizationCount(around: changed, inForce)
        default:
            subject.calls.map { count($0) } ?? subject.source.map { ownCount($0, approvalTags) } ?? 0
        }
    }

    private func organizationCount(above account: AccountID, _ inForce: PolicyInForce) -> Int {
        FactView(self).organizationCount(above: account, inForce)
    }

    private func organizationCount(around part: ExactText, _ inForce: PolicyInForce) -> Int {
        if let account = AccountID(part.string) { return organizationCount(above: account, inForce) }
        var organization = KnownOrganization()
        extend(&organization, around: [part], inForce)
        return organization.keys.reduce(0) { $0 + count($1) }
    }

    private func count(_ key: FactKey) -> Int { timeline(key).facts.count }

    /// With its principal's later attempts of the same day: where there are many, those before it are likely to come
    /// late too, and each of them changes what is said of it.
    private func refusalCount(_ key: FactKey) -> Int {
        let own = timeline(key).facts
        guard let last = own.last, let principal = last.evidence.actor.principalARN else { return own.count }
        let attempts = timeline(.refusals(last.evidence.account, principal: ExactText(principal)))
        let end = last.time.advanced(bySeconds: DeniedAttempts.windowSeconds)
        return own.count + attempts.prefix(asOf: end).count - attempts.prefix(asOf: last.time).count
    }

    private func launchCount(_ key: FactKey, _ approvalTags: [ImageAttribute]) -> Int {
        let facts = timeline(key).facts
        guard let image = facts.first?.value.launchedImage else { return facts.count }
        return facts.count + lineageCount(image, approvalTags) + count(.image(image, .deprecation))
            + count(.image(image, .lifecycle))
    }

    private func lineageCount(_ image: ResourceID, _ approvalTags: [ImageAttribute]) -> Int {
        Lineage(of: image, in: FactView(self)).ancestors.reduce(tagCount(image, approvalTags)) {
            $0 + tagCount($1.image, approvalTags)
        }
    }

    /// Of what one rule alone judges: with the tags of the images that it names.
    private func ownCount(_ key: FactKey, _ approvalTags: [ImageAttribute]) -> Int {
        let facts = timeline(key).facts
        let images = facts.last.map { FactIndexes.imagesNamed(by: $0) } ?? []
        return images.reduce(facts.count) { $0 + tagCount($1, approvalTags) }
    }

    private func shareCount(_ image: ResourceID, _ grantee: Grantee) -> Int {
        guard let known = self.image(image) else { return 0 }
        var count = grantee.isGroup ? 0 : known.timeline(.permission(grantee)).facts.count
        for group in known.groups { count += known.timeline(.permission(group)).facts.count }
        return count + known.timeline(.allPermissions).facts.count + known.timeline(.lifecycle).facts.count
    }

    /// With those of the images that it is a copy of.
    private func tagCount(_ image: ResourceID, _ attributes: [ImageAttribute]) -> Int {
        var count = 0
        var next: ResourceID? = image
        var visited: [ResourceID] = []
        while let id = next, visited.count < TagReading.maximumDepth, !visited.contains(id) {
            guard let known = self.image(id) else { return count }
            visited.append(id)
            for attribute in attributes { count += known.timeline(attribute).facts.count }
            guard case .allTags(_, let source)? = known.timeline(.allTags).facts.first?.value else {
                return count
            }
            next = source
        }
        return count
    }
}
