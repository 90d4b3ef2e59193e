import CloudTrail

// Keeping the indexes in step with the facts.

extension State {
    /// With the number of facts on the timeline, where that is known.
    mutating func index(_ key: FactKey, _ fact: Fact, isThere: Bool, count: Int = .max) {
        if key.shelf == .activity { return }
        let attribute = key.attribute
        if attribute.hasTellers, count > Tellers.facts, let image = key.image {
            noteTeller(key, images[image]?.timeline(key.ofImage).facts ?? [], fact, isThere: isThere)
        }
        switch attribute {
        case .instance:
            guard fact.value.isLaunch, let scope = key.entity.scope else { return }
            indexLaunch(key, fact, in: scope, isThere: isThere)
        case .owner:
            if let account = fact.value.owner { own.indexes.noteOwner(account, isThere: isThere) }
        case .permission:
            guard let image = key.image, case .grantee(let grantee) = key.qualifier else { return }
            indexShare(of: image, with: grantee)
        case .allTags:
            guard let copy = key.image, case .allTags(_, let source?) = fact.value else { return }
            indexCopy(copy, of: source, isThere: isThere)
        case .origin, .parentImage:
            guard let image = key.image, let source = ImageSource(fact.value)?.id else { return }
            indexSource(source, of: image, isThere: isThere)
        case .allowedImages, .imageCriteria, .blockPublicAccess, .madePublic:
            guard let account = key.entity.account else { return }
            own.indexes.guardrails.note(key, of: account, isThere: storage.timelines[key] != nil)
        case .policyContent, .policyAttachment, .policyType, .placeInOrganization:
            own.indexes.noteOrganization(key, fact, isThere: isThere)
            for place in AttachmentPlace.all(of: key) {
                own.indexes.attachments.note(key, of: place, isThere: storage.timelines[key] != nil)
            }
        default:
            if attribute == .calls { indexCall(key, fact, isThere: isThere) }
            if attribute == .sharesMade {
                own.indexes.noteSharer(key, isThere: storage.timelines[key] != nil)
            }
            if case .resource = key.entity {
                own.indexes.keysOfResource.note(key, of: key.entity, isThere: storage.timelines[key] != nil)
            }
            for account in FactIndexes.accountsNamed(by: key, fact) {
                own.indexes.noteNaming(key, account, isThere: isThere)
            }
            for image in FactIndexes.imagesNamed(by: fact) {
                own.indexes.noteNaming(key, image, isThere: isThere)
            }
        }
    }

    private mutating func indexLaunch(_ key: FactKey, _ fact: Fact, in scope: AccountRegion, isThere: Bool) {
        guard let row = storage.instances.number(of: key) else { return }
        let (launch, instances) = (Launch(time: fact.time, row: row), storage.instances)
        let image = fact.value.launchedImage
        guard isThere else { return dropLaunch(launch, key, in: scope, of: image) }
        own.indexes.launches[scope, default: LaunchIndex()].insert(launch, by: instances.precedes)
        if let image { own.images.insert(launch, of: image, by: instances.precedes) }
    }

    private mutating func indexCall(_ key: FactKey, _ fact: Fact, isThere: Bool) {
        let call = UsingCall(time: fact.time, key: key)
        for id in fact.value.fields?.usedIDs ?? [] {
            if isThere {
                own.indexes.callsUsing[id, default: TimedIndex()].insert(call, by: UsingCall.precedes)
            } else if !timeline(key).facts.contains(where: {
                $0.time == fact.time && $0.value.fields?.usedIDs.contains(id) ?? false
            }) {
                own.indexes.callsUsing[id]?.remove(call, by: UsingCall.precedes)
                if indexes.callsUsing[id]?.isEmpty ?? false { own.indexes.callsUsing[id] = nil }
            }
        }
    }

    private mutating func indexShare(of image: ResourceID, with grantee: Grantee) {
        guard case .account(let account) = grantee else { return index(grantee, of: image) }
        if images[image]?.timeline(.permission(grantee)).isEmpty == false {
            own.indexes.sharedWith[account, default: []].insert(image)
        } else {
            own.indexes.sharedWith[account]?.remove(image)
        }
    }

    private mutating func indexCopy(_ copy: ResourceID, of source: ResourceID, isThere: Bool) {
        if isThere {
            own.images.change(source) { _ = $0.copies.insert(copy) }
        } else {
            own.images.change(source) { _ = $0.copies.remove(copy) }
        }
    }

    private mutating func indexSource(_ source: ResourceID, of image: ResourceID, isThere: Bool) {
        if isThere {
            own.indexes.madeFrom[source, default: []].insert(image)
            return
        }
        for attribute in [ImageAttribute.origin, .parentImage] {
            let facts = timeline(.image(image, attribute)).facts
            if facts.contains(where: { ImageSource($0.value)?.id == source }) { return }
        }
        own.indexes.madeFrom[source]?.remove(image)
        if indexes.madeFrom[source]?.isEmpty == true { own.indexes.madeFrom[source] = nil }
    }

    private mutating func noteTeller(
        _ key: FactKey,
        _ facts: ArraySlice<Fact>,
        _ fact: Fact,
        isThere: Bool
    ) {
        guard facts.count > Tellers.facts else {
            if !storage.indexes.tellers.isEmpty { own.indexes.tellers[key] = nil }
            return
        }
        if storage.indexes.tellers[key] == nil {
            own.indexes.tellers[key] = Tellers(of: facts)
        } else {
            own.indexes.tellers[key]?.note(fact, isThere: isThere)
        }
    }

    /// Who told the facts of an image's timeline, each at least once.
    func forEachTeller(of image: ResourceID, _ attribute: ImageAttribute, _ body: (Teller) -> Void) {
        if let known = images[image] { forEachTeller(of: image, known, attribute, body) }
    }

    /// The same, with what is known about the image at hand.
    func forEachTeller(
        of image: ResourceID,
        _ known: ImageFacts,
        _ attribute: ImageAttribute,
        _ body: (Teller) -> Void
    ) {
        let facts = known.timeline(attribute).facts
        if facts.count > Tellers.facts, let tellers = storage.indexes.tellers[.image(image, attribute)] {
            tellers.all.forEach(body)
        } else {
            // Most facts of an image are told from one place.
            var last: Teller?
            for fact in facts {
                guard let teller = Teller(fact), teller != last else { continue }
                last = teller
                body(teller)
            }
        }
    }

    private mutating func index(_ group: Grantee, of image: ResourceID) {
        let facts = images[image]?.timeline(.permission(group)).facts ?? []
        if facts.isEmpty {
            own.images.change(image) { _ = $0.groups.remove(group) }
        } else {
            own.images.change(image) { _ = $0.groups.insert(group) }
        }
        guard group == .everyone else { return }
        var isShown = false
        forEachTeller(of: image, .permission(group)) { isShown = isShown || $0.isInventory }
        if isShown {
            own.indexes.shownPublic.insert(image)
        } else {
            own.indexes.shownPublic.remove(image)
        }
    }

    /// Two documents of one second may show one instance; it is listed as long as one of them is there.
    private mutating func dropLaunch(
        _ launch: Launch,
        _ key: FactKey,
        in scope: AccountRegion,
        of image: ResourceID?
    ) {
        let (rest, instances) = (timeline(key).facts.filter { $0.time == launch.time }, storage.instances)
        if !rest.contains(where: { $0.value.isLaunch }) {
            own.indexes.launches[scope]?.remove(launch, by: instances.precedes)
        }
        guard let image, !rest.contains(where: { $0.value.launchedImage == image }) else { return }
        own.images.change(image) { $0.launches.remove(launch, by: instances.precedes) }
    }
}

extension Attribute {
    /// Whether nothing about such facts of an image is in an index, as long as they are few.
    var isPlain: Bool { Self.plain.contains(tag) }

    private static let plain = Set(
        [
            ownerAlias, name, creationDate, productCodes, deprecation, lifecycle, tag, allPermissions,
            firstUse,
        ].map(\.tag)
    )
}

extension Dictionary where Value == Set<FactKey> {
    /// Lists a key under a name, or takes it off.
    fileprivate mutating func note(_ key: FactKey, of name: Key, isThere: Bool) {
        if isThere {
            self[name, default: []].insert(key)
        } else if let index = index(forKey: name) {
            values[index].remove(key)
            if values[index].isEmpty { remove(at: index) }
        }
    }
}
