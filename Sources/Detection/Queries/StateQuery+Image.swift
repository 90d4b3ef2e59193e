import CloudTrail

extension StateQuery {
    /// All that is known of an image; nil when that is nothing.
    func image(_ id: ResourceID) -> StateReport? {
        guard let known = state.image(id) else { return nil }
        let view = facts.image(id)
        let shares = ShareInterval.all(of: view, with: known.grantees)
        let incomplete = unknownShares(of: id, known)
        let naming = keysNaming(id)
        let calls = (naming ?? []).flatMap { state.timeline($0).facts }
            .filter { FactIndexes.imagesNamed(by: $0).contains(id) }
        return StateReport(
            kind: .image,
            id: id.description,
            groups: [
                StateReport.Group(
                    "attributes",
                    attributes(of: known, view) + [isPublic(known, shares, incomplete)]
                ),
                tags(of: id, view),
                StateReport.Group(
                    "shares",
                    shares.filter(isThen).map {
                        .init(
                            $0.grantee.description,
                            "shared",
                            since: $0.start.time,
                            until: $0.end?.time,
                            $0.start.evidence
                        )
                    },
                    incomplete: incomplete ?? forgottenEarly(of: known, .forgottenPermissions, "taken back")
                ),
                lineage(of: id),
                StateReport.Group(
                    "made_from_it",
                    state.descendants(of: id).sorted().map { descendant in
                        let origin = state.image(descendant)?.latest(.origin)
                        return .init(
                            descendant.description,
                            "image",
                            since: origin?.evidence.time,
                            origin?.evidence
                        )
                    }
                ),
                launches(of: known),
                StateReport.Group(
                    "calls",
                    self.calls(calls),
                    incomplete: naming == nil ? "more calls name it than are told here" : nil
                ),
            ]
        )
    }

    /// The keys whose facts name an image; nil when they are more than are told.
    func keysNaming(_ id: ResourceID) -> [FactKey]? {
        let keys = state.indexes.keysNamingImage[id] ?? [:]
        return keys.count > itemsAtMost ? nil : Array(keys.keys)
    }

    private func isThen(_ share: ShareInterval) -> Bool {
        asOf.overlaps(from: share.start.time, until: share.end?.time)
    }

    // MARK: What it is

    private func attributes(of known: ImageFacts, _ view: ImageView) -> [StateReport.Item] {
        func constant(
            _ name: String,
            _ attribute: ImageAttribute,
            _ words: (FactValue) -> String?
        ) -> StateReport.Item {
            guard let fact = known.latest(attribute), let value = words(fact.value) else {
                return .init(name, unknown: "nobody told")
            }
            return .init(name, value, fact.evidence)
        }
        func text(_ value: FactValue) -> String? {
            if case .text(let text) = value { text?.string ?? "none" } else { nil }
        }
        var alias = constant("owner alias", .ownerAlias, text)
        if alias.value == nil, let owner = known.owner, !view.isOwnerAliasUnknown {
            alias = .init("owner alias", "none", owner.fact.evidence)
        }
        return [
            constant("owner", .owner) { $0.owner?.description },
            alias,
            constant("name", .name, text),
            known.region.map { .init("Region", $0) } ?? .init("Region", unknown: "nobody told"),
            constant("created", .creationDate) {
                if case .date(let date?) = $0 { date.description } else { nil }
            },
            constant("made from", .origin, text),
            status(known),
            item("deprecated from", known.timeline(.deprecation)) {
                if case .date(let date) = $0 { date?.description ?? "never" } else { nil }
            },
            item("product codes", known.timeline(.productCodes)) {
                guard case .productCodes(let codes) = $0 else { return nil }
                return codes.isEmpty ? "none" : codes.map(\.string).joined(separator: ", ")
            },
        ]
    }

    /// Whether it can be used, and by what that has become so.
    private func status(_ known: ImageFacts) -> StateReport.Item {
        var availability = ImageAvailability()
        var since: (value: String, fact: Fact)?
        var next: Fact?
        for fact in known.timeline(.lifecycle).facts
        where availability.take(fact.value) || fact.value.isCreation {
            let value =
                availability.isDeregistered
                ? "deregistered" : availability.isDisabled ? "disabled" : "available"
            guard fact.time <= asOf.end else {
                if since == nil, fact.value.isCreation {
                    return .init("status", "not there yet", until: fact.time, fact.evidence)
                }
                if since?.value != value { next = fact }
                break
            }
            if since?.value != value { since = (value, fact) }
        }
        guard let since else {
            let first = known.timeline(.lifecycle).facts.first
            return .init("status", unknown: first.map { "first told at \($0.time)" } ?? "nobody told")
        }
        return .init("status", since.value, since: since.fact.time, until: next?.time, since.fact.evidence)
    }

    // MARK: Who may use it

    private func isPublic(
        _ known: ImageFacts,
        _ shares: [ShareInterval],
        _ incomplete: String?
    ) -> StateReport.Item {
        if let share = shares.last(where: { $0.grantee == .everyone && isThen($0) }) {
            return .init(
                "public",
                "yes",
                since: share.start.time,
                until: share.end?.time,
                share.start.evidence
            )
        }
        let told = known.timeline(.permission(.everyone)).prefix(asOf: asOf.start).last
        if let told, told.value == .revoked { return .init("public", "no", since: told.time, told.evidence) }
        return incomplete.map { .init("public", unknown: $0) } ?? .init("public", "no")
    }

    /// Why there may be shares that nobody told; nil when all are known.
    private func unknownShares(of id: ResourceID, _ known: ImageFacts) -> String? {
        let isCreated = known.timeline(.lifecycle).prefix(asOf: asOf.start).contains { $0.value.isCreation }
        let isListed = !known.timeline(.allPermissions).prefix(asOf: asOf.start).isEmpty
        // Without its creation nothing was there before.
        let isLater =
            known.timeline(.lifecycle).facts.first { $0.value.isCreation }.map { $0.time > asOf.start }
            ?? false
        guard isCreated || isListed || isLater else {
            return "neither its creation nor a list of its launch permissions is known"
        }
        if let owner = known.owner, let region = known.region {
            let unread = FactKey.unreadable(
                AccountRegion(owner.account, region),
                name: "ModifyImageAttribute"
            )
            let listed = known.timeline(.allPermissions).latest(asOf: asOf.start)?.time ?? .distantPast
            if let call = state.timeline(unread).prefix(asOf: asOf.end).last, call.time > listed {
                return
                    "a call that could not be read may have changed some (\(call.evidence.id), \(call.time))"
            }
        }
        return forgotten
    }

    /// Why some of very many of a sort may be missing that had ended by a time; nil when nothing of that was so then.
    private func forgottenEarly(of known: ImageFacts, _ mark: ImageAttribute, _ ended: String) -> String? {
        guard let until = known.timeline(mark).facts.last?.time, until > asOf.start else { return nil }
        return "very many were \(ended): not all of before \(until) are kept"
    }

    // MARK: Tags

    private func tags(of id: ResourceID, _ view: ImageView) -> StateReport.Group {
        var group = StateReport.Group("tags", [])
        guard view.owner != nil else {
            group.incomplete = "its owner is not known, and only the owner's account tells its tags"
            return group
        }
        for key in tagKeys(of: id).sorted() {
            let reading = TagReading(key, of: view, asOf: asOf.end, in: facts)
            switch reading.value {
            case .present(let value):
                group.items.append(
                    .init(key.string, value.string, since: reading.cause?.time, reading.cause?.evidence)
                )
            case .absent: continue
            case .unknown: group.items.append(.init(key.string, unknown: "nobody told"))
            }
        }
        if !hasAllTags(id) {
            group.incomplete = "neither its creation nor a list of its tags is known"
        } else if let known = state.image(id) {
            group.incomplete = forgottenEarly(of: known, .forgottenTags, "deleted")
        }
        return group
    }

    /// The keys of which anything was told, also of images whose tags it took along.
    private func tagKeys(of id: ResourceID, depth: Int = 0) -> Set<ExactText> {
        guard let known = state.image(id), depth < TagReading.maximumDepth else { return [] }
        var keys: Set<ExactText> = []
        for attribute in known.attributes where attribute.attribute == .tag {
            if case .text(let key) = attribute.qualifier { keys.insert(key) }
        }
        for fact in known.timeline(.allTags).facts {
            guard case .allTags(let tags, let source) = fact.value else { continue }
            keys.formUnion(tags.keys)
            if let source { keys.formUnion(tagKeys(of: source, depth: depth + 1)) }
        }
        return keys
    }

    /// Whether all tags were told at once, so that there are no others than those that are known.
    private func hasAllTags(_ id: ResourceID, asOf time: EventTime? = nil, depth: Int = 0) -> Bool {
        guard let known = state.image(id), let owner = known.owner?.account, depth < TagReading.maximumDepth
        else {
            return false
        }
        let told = known.timeline(.allTags).prefix(asOf: time ?? asOf.end).last {
            $0.evidence.account == owner || $0.evidence.account == .none
        }
        guard let told, case .allTags(_, let source) = told.value else { return false }
        return source.map { hasAllTags($0, asOf: told.time, depth: depth + 1) } ?? true
    }

    // MARK: Where it comes from, and what became of it

    private func lineage(of id: ResourceID) -> StateReport.Group {
        let lineage = Lineage(of: id, in: facts)
        let missing = ([id] + lineage.ancestors.map(\.image)).lazy.compactMap(missingSource).first
        return StateReport.Group(
            "lineage",
            lineage.ancestors.map { ancestor in
                let known = state.image(ancestor.image)
                return known?.owner.map {
                    .init(ancestor.image.description, "of \($0.account)", $0.fact.evidence)
                } ?? .init(ancestor.image.description, unknown: "nobody told whose it is")
            },
            incomplete: lineage.missing ?? missing
        )
    }

    /// What would tell from what an image was made; nil when that is known, or when it begins a lineage.
    private func missingSource(of image: ResourceID) -> String? {
        let known = state.image(image)
        guard let origin = known?.latest(.origin), let source = ImageSource(origin.value) else {
            let isCreated = known?.timeline(.lifecycle).facts.contains { $0.value.isCreation } ?? false
            return isCreated ? nil : "from what \(image) was made nobody told"
        }
        guard case .instance(let instance) = source, known?.latest(.parentImage) == nil else { return nil }
        return "from which image \(instance), of which \(image) was made, was launched nobody told"
    }

    private func launches(of known: ImageFacts) -> StateReport.Group {
        var items: [StateReport.Item] = []
        for launch in known.launches.last(itemsAtMost) {
            guard let subject = state.subject(of: launch), let record = LaunchRecord(subject, in: facts),
                asOf.overlaps(from: record.time, until: record.end?.time)
            else { continue }
            items.append(
                .init(
                    record.instance.description,
                    record.scope.description,
                    since: record.time,
                    until: record.end?.time,
                    record.evidence
                )
            )
        }
        let isCut = known.launches.count > itemsAtMost
        return StateReport.Group(
            "launches",
            items,
            incomplete: isCut
                ? "only the last \(itemsAtMost) of \(known.launches.count) launches were looked at"
                : forgotten ?? "accounts whose records are not read may have launched it"
        )
    }
}
