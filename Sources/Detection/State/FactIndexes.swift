import CloudTrail

/// Where facts are found by what they name: what can be worked out again from the facts alone.
struct FactIndexes: Sendable {
    /// The instances launched in each account and Region.
    var launches: [AccountRegion: LaunchIndex] = [:]
    /// The images that were made from an image or an instance, as their origins and parents tell.
    var madeFrom: [ResourceID: Set<ResourceID>] = [:]
    /// The images whose permissions name each account.
    var sharedWith: [AccountID: Set<ResourceID>] = [:]
    /// The images that an inventory shows to be public.
    var shownPublic: Set<ResourceID> = []
    /// The keys about each resource of an account, other than instances, of which something is known.
    var keysOfResource: [Entity: Set<FactKey>] = [:]
    /// The keys that name each account as a grantee, or whose facts do, and how many facts do so: permissions to use a
    /// resource of an account, calls that share something, made or refused.
    private(set) var keysNaming: [AccountID: [FactKey: Int]] = [:]
    /// The calls that were authorised on each image and instance.
    var callsUsing: [ResourceID: LaunchIndex] = [:]
    /// Who told the long timelines of images.
    var tellers: [FactKey: Tellers] = [:]

    /// The accounts that a fact names as grantees, each once; those of an image's permissions are in `sharedWith`.
    static func accountsNamed(by key: FactKey, _ fact: Fact) -> [AccountID] {
        var accounts: [AccountID] = []
        if case .resource = key.entity, case .grantee(.account(let account)) = key.qualifier {
            accounts.append(account)
        }
        guard case .share(_, let grantees) = fact.value else { return accounts }
        for case .account(let account) in grantees where !accounts.contains(account) {
            accounts.append(account)
        }
        return accounts
    }

    /// Notes that a fact of a key that names an account has come or gone.
    mutating func noteNaming(_ key: FactKey, _ account: AccountID, isThere: Bool) {
        let count = (keysNaming[account]?[key] ?? 0) + (isThere ? 1 : -1)
        keysNaming[account, default: [:]][key] = count > 0 ? count : nil
        if keysNaming[account]?.isEmpty == true { keysNaming[account] = nil }
    }
}
