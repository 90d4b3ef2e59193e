import CloudTrail
import Detection

/// `organization`, `trust`, `known_vendors`, `production_accounts`.
extension PolicyReading {
    func readOrganization(_ top: Fields, into policy: inout Policy) {
        if let fields = top.fields("organization") {
            policy.organization.id = fields.value("id", reader.organization).map { ExactText($0) }
            policy.organization.accounts = fields.accounts(
                "accounts",
                impact: "shares with this account count as outside"
            )
            policy.organization.parents = fields.value("parents", parents) ?? [:]
        }
        if let fields = top.fields("trust") {
            policy.trust.accounts = fields.accounts(
                "accounts",
                impact: "shares with this account are reported"
            )
            policy.trust.organizations = fields.set("organizations", reader.organization)
            policy.trust.organizationalUnits = fields.set("organizational_units", reader.organizationalUnit)
            policy.trust.buckets = fields.list("buckets", reader.bucket).map { Pattern($0) }
            if fields["services"] != nil {
                policy.trust.services = fields.set("services") {
                    service($0, $1, impact: "its shares would count as a user's")
                }
            }
        }
        for vendors in top.list("known_vendors", knownVendors) { policy.knownVendors.formUnion(vendors) }
        policy.productionAccounts = top.accounts(
            "production_accounts",
            impact: "unapproved launches in this account stay medium"
        )
    }

    /// An account, or all that this version knows.
    private func knownVendors(_ node: Node, _ name: String) -> Set<AccountID>? {
        if case .scalar("default", _) = node.value { return Set(KnownVendor.all.map(\.account)) }
        return reader.account(node, name, impact: "shares with this account keep their full severity")
            .map { [$0] }
    }

    /// In which root or unit each account and unit is.
    private func parents(_ node: Node, _ name: String) -> [ExactText: ExactText]? {
        guard let entries = reader.entries(node, name) else { return nil }
        var parents: [ExactText: ExactText] = [:]
        for entry in entries {
            let key = Node(location: entry.location, value: .scalar(entry.key, .quoted))
            guard let child = reader.target(key, name), let parent = reader.target(entry.value, name) else {
                continue
            }
            if child.hasPrefix("r-") || AccountID(parent) != nil {
                reader.error(
                    entry.location,
                    "\(name): \(child) cannot be in \(parent)",
                    instead: "an account or a unit, and the root or unit that it is in"
                )
            } else {
                parents[ExactText(child)] = ExactText(parent)
            }
        }
        for child in parents.keys.sorted() {
            var (place, passed) = (child, Set<ExactText>())
            while passed.insert(place).inserted, let parent = parents[place] { place = parent }
            if parents[place] != nil {
                reader.error(node.location, "\(name): \(child) is in itself")
                return nil
            }
        }
        return parents
    }

    func warnOfContradictions(_ policy: Policy, _ top: Fields) {
        for account in policy.knownVendors.intersection(policy.trust.accounts).sorted()
        where KnownVendor.of(account) == nil {
            reader.warn(
                top.location(of: "known_vendors") ?? top.location,
                "account \(account) is both trusted and a known vendor; it counts as trusted"
            )
        }
        let approved = (policy.images.approved ?? []).reduce(into: Set<ExactText>()) {
            $0.formUnion($1.ids ?? [])
        }
        for image in approved.intersection(policy.images.denied).sorted() {
            reader.warn(
                top.location(of: "images") ?? top.location,
                "image \(image) is both approved and denied; it counts as denied"
            )
        }
    }
}
