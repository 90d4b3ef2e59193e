import AWSPolicies
import CloudTrail

/// The settings that hold at the ends of paths, each worked out once.
struct SettingsByPath {
    let policies: OrganizationPolicies
    private var known: [[ExactText]: EC2Settings] = [:]

    init(_ policies: OrganizationPolicies) { self.policies = policies }

    /// What holds for an account, or whichever is in a unit or below a root.
    mutating func of(_ node: ExactText) -> EC2Settings {
        let path = policies.path(to: node)
        let deciding = Array(path.prefix(1)) + policies.deciding(Array(path.dropFirst()))
        if let settings = known[deciding] { return settings }
        let settings = policies.settings(deciding)
        known[deciding] = settings
        return settings
    }
}

/// What one change does to the declarative policies of whatever it reaches.
struct OrganizationChange {
    /// Accounts, units and roots for which the same gets looser.
    struct Group {
        let words: String
        let places: String
        let image: AdmittedImage?
    }

    /// Nil when nothing gets looser, for certain.
    private(set) var verdict: Verdict?
    /// What gets looser where, or may.
    private(set) var groups: [Group] = []
    /// What would settle it.
    private(set) var missing: [String] = []
    /// What held before wherever it gets looser.
    private(set) var before: [ExactText: EC2Settings] = [:]

    private let old: OrganizationPolicies
    private let new: OrganizationPolicies
    private let comparisons: CriteriaComparisons
    /// What changes, and with it whatever is below.
    private var targets: Set<ExactText> = []

    /// What some facts of one second, about one thing, have changed.
    init(
        _ facts: [Fact],
        from old: OrganizationPolicies,
        to new: OrganizationPolicies,
        _ comparisons: CriteriaComparisons
    ) {
        (self.old, self.new, self.comparisons) = (old, new, comparisons)
        for fact in facts { if let fields = fact.value.fields { note(fields) } }
        let isCertain = compare()
        if isCertain {
            verdict = .violation
            missing = []
        } else if !groups.isEmpty || !missing.isEmpty {
            verdict = .undetermined
        }
    }

    // MARK: What changes

    private mutating func note(_ fields: Fields) {
        if let policy = fields.text("policy") {
            if let target = fields.text("target") {
                noteAttachment(of: policy, to: target, isAttached: fields.flag("attached") == true)
            } else {
                noteContent(of: policy, fields)
            }
        } else if let root = fields.text("root") {
            targets.insert(root)
            let isKnown = old.attached.keys.contains { old.path(to: $0).first == root && old.hasSettings($0) }
            if new.rootsWithout.contains(root), !old.rootsWithout.contains(root), !isKnown {
                missing.append("which EC2 declarative policies are attached below \(root)")
            }
        } else if let child = fields.text("child"), new.parents[child] != nil {
            targets.insert(child)
        }
    }

    private mutating func noteAttachment(of policy: ExactText, to target: ExactText, isAttached: Bool) {
        switch new.contents[policy] {
        case .settings: targets.insert(target)
        case .otherType: break
        case .unread, nil:
            // Where nothing is set, nothing is known that another policy could undo.
            var settings = SettingsByPath(old)
            if isAttached, settings.of(target) == EC2Settings.none { return }
            let type = new.contents[policy] == nil ? ", and whether it is an EC2 declarative policy" : ""
            missing.append("what policy \(policy) says\(type)")
        }
    }

    private mutating func noteContent(of policy: ExactText, _ fields: Fields) {
        // What is made is attached to nothing yet.
        if fields.flag("made") == true { return }
        let isRenamed = fields.flag("renamed") == true
        switch (old.contents[policy], new.contents[policy]) {
        case (.settings(let before)?, .settings(let after)?):
            targets.formUnion(new.targets(of: policy))
            guard targets.isEmpty, !new.made.contains(policy) else { return }
            let loosening = SettingsLoosening(
                from: old.settings(of: before),
                to: new.settings(of: after),
                in: .none,
                comparisons
            )
            if !loosening.isNone {
                missing.append("to what policy \(policy) is attached")
                add(loosening, "whatever it is attached to")
            }
        case (.settings?, nil): targets.formUnion(old.targets(of: policy))
        case (.unread?, .settings?), (nil, .settings?):
            if !isRenamed { missing.append("what policy \(policy) said before") }
        case (_, .unread?):
            if !isRenamed { missing.append("what policy \(policy) says") }
        default: break
        }
    }

    // MARK: What gets looser

    /// Whether anything gets looser for certain.
    private mutating func compare() -> Bool {
        var (before, after) = (SettingsByPath(old), SettingsByPath(new))
        var certain: [String: (loosening: SettingsLoosening, nodes: [ExactText])] = [:]
        var possible = certain
        for node in nodes() {
            let (held, holds) = (before.of(node), after.of(node))
            let account = AccountID(node.string) ?? .none
            let loosening = SettingsLoosening(from: held, to: holds, in: account, comparisons)
            if loosening.isNone { continue }
            let doubts = old.doubtfulUnits(above: node) + new.doubtfulUnits(above: node)
            if !loosening.certain.isEmpty, doubts.isEmpty {
                certain[loosening.words, default: (loosening, [])].nodes.append(node)
            } else {
                possible[loosening.words, default: (loosening, [])].nodes.append(node)
                missing += loosening.missing + Set(doubts).sorted().map { "whether \(node) is in \($0)" }
            }
            self.before[node] = held
        }
        for (_, group) in (certain.isEmpty ? possible : certain).sorted(by: { $0.key < $1.key }) {
            add(group.loosening, places(group.nodes))
        }
        missing = Set(missing).sorted()
        return !certain.isEmpty
    }

    private mutating func add(_ loosening: SettingsLoosening, _ places: String) {
        groups.append(Group(words: loosening.words, places: places, image: loosening.image))
    }

    /// What is changed, and every account below; units of which no account is known stand for theirs.
    private func nodes() -> [ExactText] {
        guard !targets.isEmpty else { return [] }
        var nodes = targets
        let children = new.children
        var waiting = Array(targets)
        while let node = waiting.popLast() {
            for child in children[node] ?? [] where nodes.insert(child).inserted {
                waiting.append(child)
            }
        }
        return nodes.sorted()
    }

    /// The accounts by name, and whatever else is in the units that the change names.
    private func places(_ nodes: [ExactText]) -> String {
        let accounts = nodes.filter { AccountID($0.string) != nil }.map(\.string)
        let units = nodes.filter { AccountID($0.string) == nil && (accounts.isEmpty || targets.contains($0)) }
        let isRest = !accounts.isEmpty
        let named = accounts.prefix(Self.namedAccounts)
        let more = accounts.count - named.count
        return
            (named + (more > 0 ? ["\(more) more accounts"] : [])
            + units.map { "whatever \(isRest ? "else " : "")is in \($0)" }).joined(separator: ", ")
    }

    private static let namedAccounts = 50
}

/// One change in words, with the command that takes it back.
struct OrganizationEvent {
    let what: String
    let how: String
    let sentence: String
    let remediation: [AWSCommand]

    init(_ fact: Fact, _ before: OrganizationPolicies) {
        let fields = fact.value.fields ?? Fields()
        if let policy = fields.text("policy") {
            what = "policy \(policy)"
            guard let target = fields.text("target") else {
                let isDeleted = fields.flag("deleted") == true
                how = isDeleted ? "deleted" : "changed"
                sentence = "Policy \(policy) was \(how)"
                remediation =
                    isDeleted ? [] : [.organizations("describe-policy", "--policy-id", .policy(policy))]
                return
            }
            let isAttached = fields.flag("attached") == true
            how = isAttached ? "attached to \(target)" : "detached from \(target)"
            sentence = "Policy \(policy) was \(how)"
            remediation = [
                .organizations(
                    isAttached ? "detach-policy" : "attach-policy",
                    "--policy-id",
                    .policy(policy),
                    "--target-id",
                    .placeInOrganization(target)
                )
            ]
        } else if let root = fields.text("root") {
            let isEnabled = fields.flag("enabled") == true
            (what, how) = ("EC2 declarative policies", "\(isEnabled ? "enabled" : "disabled") for \(root)")
            sentence = "EC2 declarative policies were \(how)"
            remediation = [
                .organizations(
                    isEnabled ? "disable-policy-type" : "enable-policy-type",
                    "--root-id",
                    .placeInOrganization(root),
                    "--policy-type",
                    "DECLARATIVE_POLICY_EC2"
                )
            ]
        } else {
            let (child, parent) = (fields.text("child") ?? "", fields.text("parent") ?? "")
            let former = fields.text("former") ?? before.parents[child]
            what = "place of \(child)"
            how = "\(parent)\(former.map { " (before: \($0))" } ?? "")"
            sentence = "Account \(child) was moved\(former.map { " from \($0)" } ?? "") to \(parent)"
            remediation =
                former.map {
                    [
                        .organizations(
                            "move-account",
                            "--account-id",
                            .placeInOrganization(child),
                            "--source-parent-id",
                            .placeInOrganization(parent),
                            "--destination-parent-id",
                            .placeInOrganization($0)
                        )
                    ]
                } ?? []
        }
    }
}
