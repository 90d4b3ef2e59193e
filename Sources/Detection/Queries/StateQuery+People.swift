import CloudTrail

extension StateQuery {
    // MARK: Principals

    /// What somebody did, as far as anything is known of it; nil when that is nothing.
    func principal(_ arn: ExactText) -> StateReport? {
        var calls: [EventID: (evidence: Evidence, resources: Set<String>)] = [:]
        var refused: Set<EventID> = []
        let refusals: [Attribute] = [.refusedShare, .refusals, .deniedChanges, .deniedChangesOfPrincipal]
        func note(_ fact: Fact, _ resource: String) {
            let actor = fact.evidence.actor
            guard asOf.overlaps(from: fact.evidence.time, until: nil), !fact.evidence.isInventory,
                [actor.principalARN, actor.arn].contains(where: { $0.map { ExactText($0) } == arn })
            else { return }
            calls[fact.evidence.id, default: (fact.evidence, [])].resources.insert(resource)
        }
        for key in state.keys {
            // Who shares, and is refused, is a key of its own: the image that the fact names tells more.
            for fact in state.timeline(key).facts {
                if refusals.contains(key.attribute) { refused.insert(fact.evidence.id) }
                note(fact, fact.value.sharedImage?.description ?? key.entity.id?.description ?? "")
            }
        }
        for log in state.activity.values { for fact in log.all { note(fact, "") } }
        for (id, image) in state.images.all {
            for attribute in image.attributes {
                for fact in image.timeline(attribute).facts { note(fact, id.description) }
            }
        }
        guard !calls.isEmpty else { return nil }
        let all = calls.values.sorted {
            $0.evidence.time != $1.evidence.time
                ? $0.evidence.time < $1.evidence.time : $0.evidence.id < $1.evidence.id
        }
        return StateReport(
            kind: .principal,
            id: arn.string,
            groups: [
                StateReport.Group(
                    "calls",
                    all.map { call in
                        let resources = call.resources.filter { !$0.isEmpty && $0 != arn.string }.sorted()
                        let place = call.evidence.scope.description
                        return .init(
                            call.evidence.name,
                            (resources + ["in \(place)"]
                                + (refused.contains(call.evidence.id) ? ["(refused)"] : []))
                                .joined(separator: " "),
                            since: call.evidence.time,
                            call.evidence
                        )
                    },
                    incomplete: "only calls whose facts are kept are listed"
                )
            ]
        )
    }

    // MARK: Members

    /// The accounts of the organization and of those that the policy trusts; nil when nothing tells of any.
    func members() -> StateReport? {
        let own = context.policy.organization
        var accounts = own.accounts
        for key in state.timelineKeys {
            switch (key.attribute, key.entity) {
            case (.membership, .account(let account)): accounts.insert(account)
            case (.members, _):
                for case .members(let members) in state.timeline(key).facts.map(\.value) {
                    accounts.formUnion(members)
                }
            default: break
            }
        }
        guard !accounts.isEmpty else { return nil }
        var groups = [members(of: own.id, accounts, own: own.accounts)]
        for trusted in context.policy.trust.organizations.sorted() {
            var group = members(of: trusted, accounts, own: [])
            group.items.removeAll { $0.value == nil }
            groups.append(group)
        }
        return StateReport(kind: .members, id: own.id?.string ?? "the own organization", groups: groups)
    }

    private func members(
        of organization: ExactText?,
        _ accounts: Set<AccountID>,
        own: Set<AccountID>
    ) -> StateReport.Group {
        let name = organization?.string ?? "the own organization"
        let items = accounts.sorted().map { account -> StateReport.Item in
            let trust = ShareTrust(owner: account, time: asOf.end, context: context)
            if let told = trust.membership(of: account, in: organization) {
                let value = (told.isMember ? "member of " : "not a member of ") + name
                return .init(account.description, value, since: told.fact.time, told.fact.evidence)
            }
            if own.contains(account) {
                return .init(account.description, "member of \(name), says the policy")
            }
            return .init(account.description, unknown: "nobody told")
        }
        let list = organization.flatMap { facts.latest(.members(organization: $0), asOf: asOf.end) }
        return StateReport.Group(
            name,
            items,
            incomplete: list == nil && own.isEmpty ? "no list of its members is known" : nil
        )
    }

    // MARK: Everything

    /// What is known of each account, in short.
    func summary() -> StateReport {
        var regions: [AccountID: Set<String>] = [:]
        for scope in scopes { regions[scope.account, default: []].insert(scope.region) }
        var (owned, ownerless, shared, open): ([AccountID: Int], Int, [AccountID: Int], [AccountID: Int]) = (
            [:], 0, [:], [:]
        )
        for (id, image) in state.images.all where !image.attributes.isEmpty {
            guard let owner = image.owner?.account else {
                ownerless += 1
                continue
            }
            let lifecycle = image.timeline(.lifecycle).facts
            if let creation = lifecycle.first(where: { $0.value.isCreation }), creation.time > asOf.end {
                continue
            }
            owned[owner, default: 0] += 1
            let shares = ShareInterval.all(of: facts.image(id), with: image.grantees)
            if shares.contains(where: { asOf.overlaps(from: $0.start.time, until: $0.end?.time) }) {
                shared[owner, default: 0] += 1
            }
        }
        var running: [AccountID: Int] = [:]
        for (scope, index) in state.indexes.launches {
            index.forEach(from: .distantPast, until: nil) { launch in
                guard let subject = state.subject(of: launch), let record = LaunchRecord(subject, in: facts),
                    asOf.overlaps(from: record.time, until: record.end?.time)
                else { return }
                running[scope.account, default: 0] += 1
            }
        }
        for (identity, finding) in state.findings.all where finding.status == .open {
            open[identity.subject.scope.account, default: 0] += 1
        }
        let accounts = Set(state.clocks.keys).union(regions.keys).union(owned.keys).union(open.keys)
        let items = accounts.sorted().map { account -> StateReport.Item in
            var parts = [
                count(regions[account]?.count, "Region"), count(owned[account], "image") + " of its own",
                "\(shared[account] ?? 0) of them shared", count(running[account], "instance"),
            ]
            // Findings are kept as they stand now.
            if asOf.end == .distantFuture { parts.append(count(open[account], "open finding")) }
            let last = state.clock(of: account)
            if last > .distantPast { parts.append("last record at \(last)") }
            return .init(account.description, parts.joined(separator: ", "))
        }
        let images = StateReport.Group("images", [.init("of unknown owners", String(ownerless))])
        let now =
            "findings are kept as they stand now: 'amiwatch findings --trail PATH --at TIME' tells those of then"
        let findings = StateReport.Group("findings", [.init("open findings", unknown: now)])
        return StateReport(
            kind: .summary,
            id: "all accounts",
            groups: [StateReport.Group("accounts", items), images]
                + (asOf.end == .distantFuture ? [] : [findings])
        )
    }

    private func count(_ number: Int?, _ what: String) -> String {
        "\(number ?? 0) \(what)\(number == 1 ? "" : "s")"
    }
}
