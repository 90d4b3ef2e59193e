import CloudTrail

@testable import Detection

/// Who is told to be a member of which organization, and what the policy thinks of a grantee, from the text alone.
struct TrustOracle {
    let records: [Record]
    let policy: Policy

    /// What a record says of an account in an organization; the empty text is the own one of a policy without an id.
    private func says(_ record: Record, _ account: AccountID, in organization: ExactText) -> Bool? {
        switch record.call {
        case .inventory(let inventory) where inventory.isDated && inventory.organization == organization:
            return inventory.members?.contains(account)
        case .membership(let change)
        where record.succeeded && (change.account ?? record.account) == account:
            let own = policy.organization.id ?? ""
            let managed = policy.trust.organizations.sorted().first { trusted in
                records.contains { other in
                    guard case .inventory(let list) = other.call, list.isDated else { return false }
                    return list.organization == trusted && other.account == record.account
                }
            }
            let isSame =
                organization.string.isEmpty || (change.organization ?? managed ?? own) == organization
            if change.isMember { return isSame }
            return isSame || record.name == "LeaveOrganization" ? false : nil
        default: return nil
        }
    }

    private func isMember(_ account: AccountID, of organization: ExactText, at time: EventTime) -> Bool? {
        let told = records.filter { $0.time <= time && says($0, account, in: organization) != nil }
        let last = told.max { left, right in
            func risk(_ record: Record) -> Int {
                if case .membership(let change) = record.call { change.isMember ? 0 : 1 } else { 0 }
            }
            return (left.time.seconds, risk(left), left.id.description)
                < (right.time.seconds, risk(right), right.id.description)
        }
        return last.flatMap { says($0, account, in: organization) }
    }

    private func isOwnMember(_ account: AccountID, at time: EventTime) -> Bool {
        isMember(account, of: policy.organization.id ?? "", at: time)
            ?? policy.organization.accounts.contains(account)
    }

    /// Whether an ARN's organization is the own one; nil when the policy does not name that and another account
    /// manages it.
    private func isOwn(_ arn: String, owner: AccountID) -> Bool? {
        let id = ExactText(arn.split(separator: "/").map(String.init)[1])
        if let own = policy.organization.id { return id == own }
        return arn.contains("::\(owner):") ? true : nil
    }

    /// The severity of a share, and whether it is certain; nil when it is fine.
    func severity(
        _ grantee: Grantee,
        owner: AccountID,
        at time: EventTime
    ) -> (severity: Severity, isCertain: Bool)? {
        switch grantee {
        case .everyone: return (.critical, true)
        case .account(let account):
            let isTrusted =
                account == owner || policy.trust.accounts.contains(account)
                || isOwnMember(account, at: time)
                || policy.trust.organizations.contains { isMember(account, of: $0, at: time) == true }
            return isTrusted ? nil : (policy.knownVendors.contains(account) ? .medium : .high, true)
        case .organization(let arn):
            let id = ExactText(String(arn.split(separator: "/").last ?? ""))
            let isOwn = isOwn(arn, owner: owner)
            if isOwn == true { return policy.trust.organizationalUnits.isEmpty ? nil : (.medium, true) }
            if policy.trust.organizations.contains(id) { return nil }
            return isOwn == nil ? (.low, false) : (.high, true)
        case .organizationalUnit(let arn):
            let parts = arn.split(separator: "/").map { ExactText(String($0)) }
            let isTrusted =
                isOwn(arn, owner: owner) == true || policy.trust.organizations.contains(parts[1])
                || policy.trust.organizationalUnits.contains(parts[2])
            if isTrusted { return nil }
            return isOwn(arn, owner: owner) == nil ? (.low, false) : (.high, true)
        }
    }

    /// Whether a wider grant gives the image to a grantee, too.
    func covers(_ wide: Grantee, _ grantee: Grantee, owner: AccountID, at time: EventTime) -> Bool {
        func arn(_ grantee: Grantee) -> String? {
            switch grantee {
            case .organization(let arn), .organizationalUnit(let arn): arn
            default: nil
            }
        }
        func organization(_ grantee: Grantee) -> ExactText? {
            arn(grantee).map { ExactText($0.split(separator: "/").map(String.init)[1]) }
        }
        if wide == .everyone { return grantee != .everyone }
        guard let foreign = organization(wide), let text = arn(wide), isOwn(text, owner: owner) == false
        else { return false }
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
        var verdict = Verdict.violation
        var wasOpen: Bool?
        for second in Set(records.map(\.time)).sorted() {
            for record in records.filter({ $0.time == second }).ordered({ _ in (0, 0) }) {
                guard record.succeeded, case .modifyLaunchPermission(let change) = record.call,
                    change.image == image, change.added.contains(grantee),
                    (isService(record) && grantee != .everyone) == byService,
                    let told = trust.severity(grantee, owner: owner, at: second)
                else { continue }
                FindingSketch.occur(
                    &known,
                    record,
                    byService ? .low : told.severity,
                    told.isCertain ? .violation : .undetermined
                )
            }
            verdict = known.flatMap { $0.isOpen ? $0.verdict : nil } ?? verdict
            for record in records.filter({ $0.succeeded && $0.time == second }).ordered({
                scope($0, grantee)
            }) {
                switch record.call {
                case .deregisterImage(image, _): wasOpen = wasOpen ?? (known?.isOpen == true)
                case .restoreImage(image):
                    if wasOpen == true, isGiven(grantee, image, owner, at: second), known?.isOpen == false {
                        known?.isOpen = true
                        known?.verdict = verdict
                    }
                    wasOpen = nil
                default: break
                }
            }
            if known?.isOpen == true, !isGiven(grantee, image, owner, at: second) {
                FindingSketch.resolve(&known)
            }
        }
        return known
    }

    private func isService(_ record: Record) -> Bool {
        record.actor.invokedBy.map { policy.trust.services.contains(ExactText($0)) } ?? false
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
                trust.severity(other, owner: owner, at: $0.time)?.isCertain == true
            }
            return wasViolation && trust.covers(other, grantee, owner: owner, at: second)
        }
    }

    /// The calls that grant, since the last one that took back; nil when it is not granted.
    private func grant(of grantee: Grantee, _ image: ResourceID, at second: EventTime) -> [Record]? {
        var granting: [Record] = []
        var removed: [Record]?
        let calls = records.filter { $0.succeeded && $0.time <= second }
        for record in calls.ordered({ scope($0, grantee) }) {
            switch record.call {
            case .modifyLaunchPermission(let change) where change.image == image:
                if change.added.contains(grantee) {
                    granting.append(record)
                } else if change.removed.contains(grantee) {
                    granting = []
                }
            case .resetLaunchPermission(image), .disableImage(image): granting = []
            case .deregisterImage(image, _):
                removed = removed ?? granting
                granting = []
            case .restoreImage(image):
                granting += removed ?? []
                removed = nil
            case .cancelLaunchPermission(image):
                if grantee == .account(record.account) { granting = [] }
            default: break
            }
        }
        return granting.isEmpty ? nil : granting
    }

    /// Ends come last in a second, and a grant after what takes it back.
    private func scope(_ record: Record, _ grantee: Grantee) -> (phase: Int, risk: Int) {
        switch record.call {
        case .disableImage, .deregisterImage: (2, 0)
        case .restoreImage: (2, 1)
        case .modifyLaunchPermission(let change): (1, change.added.contains(grantee) ? 1 : 0)
        default: (1, 0)
        }
    }
}
