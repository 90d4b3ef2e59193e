import CloudTrail

extension ImageFacts {
    /// The account and Region to which a launch permission belongs: a record's own; of an inventory the image's
    /// owner's, and its Region where the document names none.
    func place(of permission: Fact) -> Place {
        place(told: permission.evidence.place, isInventory: permission.evidence.isInventory)
    }

    private func place(told: Place, isInventory: Bool) -> Place {
        guard isInventory else { return told }
        return Place(owner?.account ?? told.account, told.region.isEmpty ? region ?? "" : told.region)
    }

    /// Every place that `place(of:)` may give, or has given before a fact came or went.
    func places(of teller: Teller, also other: Fact?) -> Set<Place> {
        let told = teller.place
        guard teller.isInventory else { return [told] }
        var accounts: Set<AccountID> = [told.account, place(told: told, isInventory: true).account]
        for fact in timeline(.owner).facts + (other.map { [$0] } ?? []) {
            if let owner = fact.value.owner { accounts.insert(owner) }
        }
        guard told.region.isEmpty else { return Set(accounts.map { Place($0, told.region) }) }
        var regions = self.regions.union([""])
        if let other { regions.insert(ExactText(other.evidence.region)) }
        return Set(accounts.flatMap { account in regions.map { Place(account, $0.string) } })
    }
}
