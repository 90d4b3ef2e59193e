import CloudTrail

@testable import Detection

/// Who is told to be a member of which organization, and what the policy thinks of a grantee, from the text alone.
struct TrustOracle {
    let records: [Record]
    let policy: Policy

    private func isMember(_ account: AccountID, of organization: ExactText, at time: EventTime) -> Bool? {
        let told = records.filter {
            guard case .inventory(let inventory) = $0.call, inventory.isDated, inventory.members != nil else {
                return false
            }
            return inventory.organization == organization && $0.time <= time
        }
        let last = told.max { ($0.time.seconds, $0.id.description) < ($1.time.seconds, $1.id.description) }
        guard case .inventory(let inventory) = last?.call else { return nil }
        return inventory.members?.contains(account)
    }

    private func isOwnMember(_ account: AccountID, at time: EventTime) -> Bool {
        let told = policy.organization.id.flatMap { isMember(account, of: $0, at: time) }
        return told ?? policy.organization.accounts.contains(account)
    }

    /// The severity of a share; nil when it is fine.
    func severity(_ grantee: Grantee, owner: AccountID, at time: EventTime) -> Severity? {
        switch grantee {
        case .everyone: return .critical
        case .account(let account):
            let isTrusted =
                account == owner || policy.trust.accounts.contains(account)
                || isOwnMember(account, at: time)
                || policy.trust.organizations.contains { isMember(account, of: $0, at: time) == true }
            return isTrusted ? nil : policy.knownVendors.contains(account) ? .medium : .high
        case .organization(let arn):
            let id = ExactText(String(arn.split(separator: "/").last ?? ""))
            if id == policy.organization.id {
                return policy.trust.organizationalUnits.isEmpty ? nil : .medium
            }
            return policy.trust.organizations.contains(id) ? nil : .high
        case .organizationalUnit(let arn):
            let parts = arn.split(separator: "/").map { ExactText(String($0)) }
            let isTrusted =
                parts[1] == policy.organization.id || policy.trust.organizations.contains(parts[1])
                || policy.trust.organizationalUnits.contains(parts[2])
            return isTrusted ? nil : .high
        }
    }

    /// Whether a wider grant gives the image to a grantee, too.
    func covers(_ wide: Grantee, _ grantee: Grantee, owner: AccountID, at time: EventTime) -> Bool {
        func organization(_ grantee: Grantee) -> ExactText? {
            switch grantee {
            case .organization(let arn), .organizationalUnit(let arn):
                ExactText(arn.split(separator: "/").map(String.init)[1])
            default: nil
            }
        }
        if wide == .everyone { return grantee != .everyone }
        guard let foreign = organization(wide), foreign != policy.organization.id else { return false }
        switch grantee {
        case .account(let account): return account != owner && !isOwnMember(account, at: time)
        case .organizationalUnit:
            if case .organization = wide { return organization(grantee) == foreign }
            return false
        default: return false
        }
    }
}

/// The sharing rules, read naively: the grants of every second are made up anew from all calls up to it.
struct ShareOracle {
    let records: [Record]
    let policy: Policy
    private var trust: TrustOracle { TrustOracle(records: records, policy: policy) }

    init(_ records: [Record], _ policy: Policy) {
        self.records = distinct(records)
        self.policy = policy
    }

    private static func rule(_ grantee: Grantee, _ byService: Bool) -> String {
        switch grantee {
        case .everyone: "ami-shared-publicly"
        case _ where byService: "ami-shared-by-service"
        case .account: "ami-shared-with-untrusted-account"
        default: "ami-shared-with-untrusted-organization"
        }
    }

    /// What should stand, by rule, image and grantee.
    func findings() -> [String: FindingSketch] {
        var findings: [String: FindingSketch] = [:]
        for image in (1...4).map(World.image) {
            let owner = image <= World.image(2) ? World.owner : World.member
            for grantee in World.grantees {
                for byService in [false, true] {
                    if byService, grantee == .everyone { continue }
                    let rule = Self.rule(grantee, byService)
                    findings["\(rule) \(image) \(grantee)"] = finding(image, owner, grantee, byService)
                }
            }
        }
        return findings
    }

    private func finding(
        _ image: ResourceID,
        _ owner: AccountID,
        _ grantee: Grantee,
        _ byService: Bool
    ) -> FindingSketch? {
        var known: FindingSketch?
        for second in Set(records.map(\.time)).sorted() {
            for record in records.filter({ $0.time == second }).ordered({ _ in (0, 0) }) {
                guard record.succeeded, case .modifyLaunchPermission(let change) = record.call,
                    change.image == image, change.added.contains(grantee),
                    (record.actor.invokedBy == "backup.amazonaws.com" && grantee != .everyone) == byService,
                    let severity = trust.severity(grantee, owner: owner, at: second)
                else { continue }
                FindingSketch.occur(&known, record, byService ? .low : severity)
            }
            if known?.isOpen == true, !isGiven(grantee, image, owner, at: second) {
                FindingSketch.resolve(&known)
            }
        }
        return known
    }

    /// Whether the grantee has the image at the end of a second, by a grant of its own or a wider one that is itself
    /// a violation.
    private func isGiven(
        _ grantee: Grantee,
        _ image: ResourceID,
        _ owner: AccountID,
        at second: EventTime
    ) -> Bool {
        World.grantees.contains { other in
            guard let granted = grant(of: other, image, at: second) else { return false }
            if other == grantee { return true }
            // A grant given again under the same trust is what it was.
            let wasViolation = granted.contains {
                trust.severity(other, owner: owner, at: $0.time) != nil
            }
            return wasViolation && trust.covers(other, grantee, owner: owner, at: second)
        }
    }

    /// The calls that grant, since the last one that took back; nil when it is not granted.
    private func grant(of grantee: Grantee, _ image: ResourceID, at second: EventTime) -> [Record]? {
        var granting: [Record] = []
        let calls = records.filter { $0.succeeded && $0.time <= second }
        for record in calls.ordered({ place($0, grantee) }) {
            switch record.call {
            case .modifyLaunchPermission(let change) where change.image == image:
                if change.added.contains(grantee) {
                    granting.append(record)
                } else if change.removed.contains(grantee) {
                    granting = []
                }
            case .resetLaunchPermission(image), .disableImage(image), .deregisterImage(image): granting = []
            case .cancelLaunchPermission(image):
                if grantee == .account(record.account) { granting = [] }
            default: break
            }
        }
        return granting.isEmpty ? nil : granting
    }

    /// Ends come last in a second, and a grant after what takes it back.
    private func place(_ record: Record, _ grantee: Grantee) -> (phase: Int, risk: Int) {
        switch record.call {
        case .disableImage, .deregisterImage: (2, 0)
        case .modifyLaunchPermission(let change): (1, change.added.contains(grantee) ? 1 : 0)
        default: (1, 0)
        }
    }
}
