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
    /// The Regions of each account in which calls are known.
    private(set) var activeRegions: [AccountID: Set<AccountRegion>] = [:]
    /// The keys of what each principal of an account has shared.
    private(set) var sharers: [AccountID: Set<FactKey>] = [:]
    /// The calls that were authorised on each image and instance.
    var callsUsing: [ResourceID: TimedIndex<UsingCall>] = [:]
    /// The keys of which facts name each image, and how many facts do so: what one rule alone knows of it.
    private(set) var keysNamingImage: [ResourceID: [FactKey: Int]] = [:]
    /// The keys of which facts name each part of an organization, and how many facts do so.
    private(set) var keysNamingPart: [ExactText: [FactKey: Int]] = [:]
    /// By such a key the parts that its facts name, and who told them.
    private(set) var ofOrganizations: [FactKey: OrganizationKey] = [:]
    /// The roots that an account names which manages an organization, by what stands for them, and how many facts do so.
    private(set) var rootsNamed: [ExactText: [ExactText: Int]] = [:]
    /// The keys about the guardrails of each account.
    var guardrails: [AccountID: Set<FactKey>] = [:]
    /// The keys of the policies that were ever attached to each root, unit and account, and to any unit below each root.
    var attachments: [AttachmentPlace: Set<FactKey>] = [:]
    /// How many images each account owns, as far as anybody told.
    private(set) var imagesOwned: [AccountID: Int] = [:]
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

    /// The images that a fact names of which one rule alone knows the meaning.
    static func imagesNamed(by fact: Fact) -> [ResourceID] {
        guard case .fields(let fields) = fact.value else { return [] }
        return (fields.id("image").map { [$0] } ?? []) + fields.texts("images").map { ResourceID($0.string) }
    }

    /// Notes that an image is an account's, or is not any more.
    mutating func noteOwner(_ account: AccountID, isThere: Bool) {
        imagesOwned[account, default: 0] += isThere ? 1 : -1
        if imagesOwned[account] == 0 { imagesOwned[account] = nil }
    }

    /// Notes that calls in an account and Region are known, or none any more.
    mutating func noteActive(_ scope: AccountRegion, isThere: Bool) {
        if isThere {
            activeRegions[scope.account, default: []].insert(scope)
        } else {
            activeRegions[scope.account]?.remove(scope)
            if activeRegions[scope.account]?.isEmpty == true { activeRegions[scope.account] = nil }
        }
    }

    /// Notes that something is known of what a principal has shared, or nothing any more.
    mutating func noteSharer(_ key: FactKey, isThere: Bool) {
        guard let account = key.entity.account else { return }
        if isThere {
            sharers[account, default: []].insert(key)
        } else {
            sharers[account]?.remove(key)
            if sharers[account]?.isEmpty == true { sharers[account] = nil }
        }
    }

    /// Notes that a fact of a key that names an account has come or gone.
    mutating func noteNaming(_ key: FactKey, _ account: AccountID, isThere: Bool) {
        keysNaming.count(key, of: account, isThere: isThere)
    }

    /// Notes that a fact of a key that names an image has come or gone.
    mutating func noteNaming(_ key: FactKey, _ image: ResourceID, isThere: Bool) {
        keysNamingImage.count(key, of: image, isThere: isThere)
    }

    /// Notes that a fact about an organization has come or gone.
    mutating func noteOrganization(_ key: FactKey, _ fact: Fact, isThere: Bool) {
        var told = ofOrganizations[key] ?? OrganizationKey()
        for part in OrganizationFacts.parts(named: key, fact) {
            keysNamingPart.count(key, of: part, isThere: isThere)
            told.parts.count(part, isThere: isThere)
            guard part.isRoot else { continue }
            let standIn = OrganizationFacts.root(of: fact.evidence.account)
            rootsNamed[standIn, default: [:]].count(part, isThere: isThere)
            if rootsNamed[standIn]?.isEmpty == true { rootsNamed[standIn] = nil }
        }
        told.tellers.count(fact.evidence.scope, isThere: isThere)
        ofOrganizations[key] = told.tellers.isEmpty ? nil : told
    }
}

/// What the facts of one key about an organization have in common.
struct OrganizationKey: Sendable {
    /// The parts that they name, and how many do so.
    var parts: [ExactText: Int] = [:]
    /// Whose records told them, and how many.
    var tellers: [AccountRegion: Int] = [:]
}

extension Dictionary where Value == Int {
    /// Counts one more of something, or one fewer.
    fileprivate mutating func count(_ key: Key, isThere: Bool) {
        let count = (self[key] ?? 0) + (isThere ? 1 : -1)
        self[key] = count > 0 ? count : nil
    }
}

extension Dictionary where Value == [FactKey: Int] {
    /// Counts one fact more of a key under a name, or one fewer.
    fileprivate mutating func count(_ key: FactKey, of name: Key, isThere: Bool) {
        let count = (self[name]?[key] ?? 0) + (isThere ? 1 : -1)
        self[name, default: [:]][key] = count > 0 ? count : nil
        if self[name]?.isEmpty == true { self[name] = nil }
    }
}
