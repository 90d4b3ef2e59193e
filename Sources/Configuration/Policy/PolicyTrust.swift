import CloudTrail
import Detection

/// `organization`, `trust`, `known_vendors`, `production_accounts`.
extension PolicyReading {
    func readOrganization(_ top: Fields, into policy: inout Policy) {
        if let fields = top["organization"].flatMap({ reader.fields($0, "organization") }) {
            policy.organization.id = fields["id"].flatMap { reader.organization($0, "organization.id") }
                .map { ExactText($0) }
            policy.organization.accounts = reader.accounts(
                fields["accounts"],
                "organization.accounts",
                impact: "shares with this account count as outside"
            )
        }
        if let fields = top["trust"].flatMap({ reader.fields($0, "trust") }) {
            policy.trust.accounts = reader.accounts(
                fields["accounts"],
                "trust.accounts",
                impact: "shares with this account are reported"
            )
            policy.trust.organizations = Set(
                reader.exactList(fields["organizations"], "trust.organizations") {
                    reader.organization($0, "trust.organizations")
                }
            )
            policy.trust.organizationalUnits = Set(
                reader.exactList(fields["organizational_units"], "trust.organizational_units") {
                    reader.organizationalUnit($0, "trust.organizational_units")
                }
            )
            policy.trust.buckets = reader.list(fields["buckets"], "trust.buckets") {
                reader.bucket($0, "trust.buckets").map { Pattern($0) }
            }
            if let node = fields["services"] {
                policy.trust.services = Set(
                    reader.exactList(node, "trust.services") {
                        service($0, "trust.services", impact: "its shares would count as a user's")
                    }
                )
            }
        }
        policy.knownVendors = reader.accounts(
            top["known_vendors"],
            "known_vendors",
            impact: "shares with this account keep their full severity"
        )
        policy.productionAccounts = reader.accounts(
            top["production_accounts"],
            "production_accounts",
            impact: "unapproved launches in this account stay medium"
        )
    }

    func warnOfContradictions(_ policy: Policy, _ top: Fields) {
        for account in policy.knownVendors.intersection(policy.trust.accounts).sorted() {
            reader.warn(
                top.location(of: "known_vendors") ?? top.location,
                "account \(account) is both trusted and a known vendor; it counts as trusted"
            )
        }
        let approved = (policy.approvedImages ?? []).reduce(into: Set<ExactText>()) {
            $0.formUnion($1.ids ?? [])
        }
        for image in approved.intersection(policy.deniedImages).sorted() {
            reader.warn(
                top.location(of: "images") ?? top.location,
                "image \(image) is both approved and denied; it counts as denied"
            )
        }
    }
}
