import CloudTrail

extension ImageFacts {
    /// The account and Region to which a launch permission belongs: a record's own; of an inventory the image's
    /// owner's, and its Region where the document names none.
    func scope(of permission: Fact) -> AccountRegion {
        scope(told: permission.evidence.scope, isInventory: permission.evidence.isInventory)
    }

    private func scope(told: AccountRegion, isInventory: Bool) -> AccountRegion {
        guard isInventory else { return told }
        return AccountRegion(owner?.account ?? told.account, told.region.isEmpty ? region ?? "" : told.region)
    }

    /// Every scope that `scope(of:)` may give, or has given before a fact came or went.
    func scopes(of teller: Teller, also other: Fact?) -> Set<AccountRegion> {
        let told = teller.scope
        guard teller.isInventory else { return [told] }
        var accounts: Set<AccountID> = [told.account, scope(told: told, isInventory: true).account]
        for fact in timeline(.owner).facts + (other.map { [$0] } ?? []) {
            if let owner = fact.value.owner { accounts.insert(owner) }
        }
        guard told.region.isEmpty else { return Set(accounts.map { AccountRegion($0, told.region) }) }
        var regions = self.regions.union([""])
        if let other { regions.insert(ExactText(other.evidence.region)) }
        return Set(accounts.flatMap { account in regions.map { AccountRegion(account, $0.string) } })
    }
}
