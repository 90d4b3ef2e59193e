import CloudTrail

// What AWS Organizations tells of policies, of where they are attached, and of what is in which unit: in the catalogue, for
// it matters to every account of the organization.

extension Attribute {
    /// What a policy says.
    static let policyContent = Attribute(0x1050, isInCatalogue: true)
    /// Whether a policy is attached to a root, a unit or an account.
    static let policyAttachment = Attribute(0x1051, isInCatalogue: true)
    /// Whether EC2 declarative policies are in force below a root.
    static let policyType = Attribute(0x1052, isInCatalogue: true)
    /// The root or unit that an account or a unit is in.
    static let placeInOrganization = Attribute(0x1053, isInCatalogue: true)

    /// All of these.
    static let ofOrganizations = [policyContent, policyAttachment, policyType, placeInOrganization]

    /// Whether it is one of these.
    var isOfOrganizations: Bool { Self.policyContent.tag...Self.placeInOrganization.tag ~= tag }
}

/// What calls tell of an organization.
enum OrganizationFacts {
    static let told =
        WatchedCall.organizationPolicies.map { call in
            CallFacts(fieldsOf: call) { fields, told in tell(fields, &told) }
        }
        + WatchedCall.memberships.map { call in
            CallFacts(of: call) { call, told in
                if case .membership(let change) = call { tell(change, &told) }
            }
        }
        + [
            CallFacts(describing: "ListRoots") { inventory, told in
                guard inventory.isDated else { return }
                for root in inventory.roots {
                    var fields = Fields()
                    fields["root"] = .text(root.id)
                    fields["enabled"] = .flag(root.hasDeclarativePolicies)
                    tell(fields, &told)
                }
            }
        ]

    private static func tell(_ fields: Fields, _ told: inout RecordFacts) {
        if let policy = fields.text("policy") {
            if let target = fields.text("target") {
                // Within one second what is taken off counts as the later.
                let phase: Fact.Phase = fields.flag("attached") == true ? .creates : .ends
                let key = FactKey(.policyAttachment, .organization(target), .text(policy))
                told.add(key, .fields(fields), phase)
            } else {
                let phase: Fact.Phase =
                    fields.flag("deleted") == true
                    ? .ends : fields.flag("made") == true ? .creates : .changes
                told.add(FactKey(.policyContent, .organization(policy)), .fields(fields), phase)
            }
        } else if let root = fields.text("root") {
            let phase: Fact.Phase = fields.flag("enabled") == true ? .changes : .ends
            told.add(FactKey(.policyType, .organization(root)), .fields(fields), phase)
        } else if let child = fields.text("child") {
            let phase: Fact.Phase = fields.text("parent") == nil ? .ends : .creates
            told.add(FactKey(.placeInOrganization, .organization(child)), .fields(fields), phase)
        }
    }

    /// A move, a departure, and what is new, which is in the root until it is moved; no record of that names the root.
    private static func tell(_ change: MembershipChange, _ told: inout RecordFacts) {
        let isNew = change.isMember && change.parent == nil
        let child = ExactText((change.account ?? told.scope.account).description)
        var fields = Fields()
        fields["child"] = .text(child)
        if change.isMember { fields["parent"] = change.parent.map { .text($0) } }
        fields["former"] = change.formerParent.map { .text($0) }
        if isNew { fields["root of"] = .text(root(of: change.management ?? told.scope.account)) }
        let key = FactKey(.placeInOrganization, .organization(child))
        told.add(key, .fields(fields), isNew ? .creates : change.isMember ? .changes : .ends)
    }

    /// Stands for the root of the organization that an account manages, whichever it is.
    static func root(of management: AccountID) -> ExactText { ExactText("root of \(management)") }

    /// The policy, root or account that a fact of a key changes; nil for a unit, which comes and goes empty.
    static func changed(_ key: FactKey) -> ExactText? {
        if case .text(let policy) = key.qualifier { return policy }
        guard case .organization(let part) = key.entity, !part.isUnit else { return nil }
        return part
    }

    /// The same for a fact whose key is not at hand.
    static func changed(by fact: Fact) -> ExactText? {
        guard let fields = fact.value.fields else { return nil }
        return fields.text("policy") ?? fields.text("root")
            ?? fields.text("child").flatMap { $0.isUnit ? nil : $0 }
    }

    /// The account of which a fact of a key tells where it is.
    static func account(placedBy key: FactKey) -> AccountID? {
        guard key.attribute == .placeInOrganization, case .organization(let part) = key.entity else {
            return nil
        }
        return AccountID(part.string)
    }

    /// The parts of an organization that a fact names, by their ids; none when it is about none.
    static func parts(named key: FactKey, _ fact: Fact) -> [ExactText] {
        guard key.attribute.isOfOrganizations, let fields = fact.value.fields else { return [] }
        var parts = ["policy", "target", "root", "child", "parent", "former", "root of"].compactMap {
            fields.text($0)
        }
        parts += parts.compactMap(\.rootOfUnit)
        if parts.contains(where: \.isRoot) { parts.append(root(of: fact.evidence.account)) }
        return parts
    }
}

extension ExactText {
    /// Whether it is the id of a root.
    var isRoot: Bool { string.hasBytes(prefix: "r-") }

    /// Whether it is the id of a unit.
    var isUnit: Bool { string.hasBytes(prefix: "ou-") }

    /// The root above a unit, which the unit's id names: `r-ab12` of `ou-ab12-cdef3456`; nil for anything else.
    var rootOfUnit: ExactText? {
        let parts = string.split(separator: "-", omittingEmptySubsequences: false)
        return isUnit && parts.count == 3 && !parts[1].isEmpty ? ExactText("r-\(parts[1])") : nil
    }
}

/// Where a policy is attached, as attachments are looked up.
enum AttachmentPlace: Hashable {
    /// To a root, a unit or an account itself.
    case to(ExactText)
    /// To any unit below a root.
    case below(ExactText)

    /// Those of an attachment's key; none of any other.
    static func all(of key: FactKey) -> [AttachmentPlace] {
        guard key.attribute == .policyAttachment, case .organization(let target) = key.entity else {
            return []
        }
        return [.to(target)] + (target.rootOfUnit.map { [.below($0)] } ?? [])
    }

    /// The key under which a look at it is noted.
    var noted: FactKey {
        switch self {
        case .to(let target): FactKey(.policyAttachment, .organization(target))
        case .below(let root): FactKey(.policyAttachment, .organization(root), .text("below"))
        }
    }
}

/// An organization, as far as anything is known of it.
struct KnownOrganization {
    /// Its policies, roots, units and accounts, by their ids.
    var parts: Set<ExactText> = []
    /// The keys of all facts about them.
    var keys: Set<FactKey> = []
}

extension State {
    /// Adds what facts, or the policy, join with some parts of an organization, directly or by way of other parts; returns
    /// the keys that are new.
    @discardableResult
    func extend(
        _ organization: inout KnownOrganization,
        around parts: [ExactText],
        _ inForce: PolicyInForce
    ) -> [FactKey] {
        var waiting = parts
        var added: [FactKey] = []
        while let part = waiting.popLast() {
            guard organization.parts.insert(part).inserted else { continue }
            waiting += inForce.besideInOrganization[part] ?? []
            for key in (indexes.keysNamingPart[part] ?? [:]).keys
            where organization.keys.insert(key).inserted {
                added.append(key)
                if let named = indexes.ofOrganizations[key]?.parts.keys { waiting += named }
            }
        }
        return added
    }
}

extension FactView {
    /// All facts about the organization that something is in, in order.
    func organization(around part: ExactText, _ inForce: PolicyInForce) -> [Fact] {
        let organization = knownOrganization(around: part, inForce)
        for part in organization.parts {
            note(FactReading(FactKey(.placeInOrganization, .organization(part)), .organization))
        }
        return walking(organization.keys.flatMap { unnoted($0) }.sorted()[...]).map(\.self)
    }
}

extension Reach {
    /// What facts about the same organization change: a policy, a root, an account.
    ///
    /// Where one account is matters to policies and roots, and to no other account.
    static func changesOfOrganization(_ kind: Subject.Kind) -> Reach {
        Reach("changes of the organization, kind \(kind.tag)", brings: true) { key, fact, affected in
            guard let changed = OrganizationFacts.changed(key) else {
                return affected.takeOrganization(of: key, fact, kind, isOfAccount: false)
            }
            affected.insert(Subject(kind, fact.evidence.scope, nil, .text(changed)))
            // The trails of both accounts may tell that one left.
            for scope in (affected.state.indexes.ofOrganizations[key]?.tellers ?? [:]).keys {
                affected.insert(Subject(kind, scope, nil, .text(changed)))
            }
            let isOfAccount = OrganizationFacts.account(placedBy: key) != nil
            affected.takeOrganization(of: key, fact, kind, isOfAccount: isOfAccount)
        }
    }
}
