import AWSPolicies
import CloudTrail

/// Which EC2 declarative policies are attached where, and what is in which unit, at one moment.
///
/// It begins with what the policy says (`declarative_policies`, `organization.parents`), and changes with each fact. What nobody
/// told is not there: nothing else is attached, and every type of policy is in force.
///
/// Where files prevail, calls change neither what a file says nor what is attached where one is. Otherwise they do; and a file of
/// which the policy names no id says nothing any more of a root, a unit or an account as soon as a call tells what is attached there.
struct OrganizationPolicies {
    /// What is known of a policy.
    enum Content {
        /// What an EC2 declarative policy says.
        case settings(PolicyContents.Content)
        /// An EC2 declarative policy of which nobody told what it says.
        case unread
        /// A policy of another type.
        case otherType
    }

    /// By a policy's id, or its file; nil where nothing is known.
    private(set) var contents: [ExactText: Content] = [:]
    /// The policies on each root, unit and account, in the order of attachment.
    private(set) var attached: [ExactText: [ExactText]] = [:]
    /// The root or unit that each account and unit is in.
    private(set) var parents: [ExactText: ExactText]
    /// Policies that were made before our eyes: of them it is known where they are attached.
    private(set) var made: Set<ExactText> = []
    /// Roots below which EC2 declarative policies are out of force.
    private(set) var rootsWithout: Set<ExactText> = []
    /// Accounts and units that are gone.
    private(set) var gone: Set<ExactText> = []
    /// Accounts that are new in the organization, and so in its root, whichever that is.
    private(set) var inRoot: Set<ExactText> = []
    /// The roots that anybody has named.
    private var roots: Set<ExactText> = []

    /// The policy's files, by the names of what they say.
    private let files: [ExactText: String]
    /// Where the files alone count.
    private let ofFiles: Set<ExactText>
    private let known: PolicyContents

    /// Before the first fact.
    init(_ inForce: PolicyInForce, filesPrevail: Bool = false) {
        ofFiles = filesPrevail ? Set(inForce.declaredPolicies.flatMap(\.targets)) : []
        parents = inForce.policy.organization.parents
        known = inForce.policyContents
        files = Dictionary(inForce.declaredPolicies.map { ($0.name, $0.file) }) { first, _ in first }
        for file in inForce.declaredPolicies {
            contents[file.name] = .settings(file.content)
            for target in file.targets { attached[target, default: []].append(file.name) }
        }
        for named in attached.keys { noteRoot(of: named) }
        for named in parents.values { noteRoot(of: named) }
    }

    /// Whatever a fact tells holds from now on.
    mutating func apply(_ fact: Fact) {
        guard let fields = fact.value.fields else { return }
        if let policy = fields.text("policy") {
            if let target = fields.text("target") {
                noteRoot(of: target)
                if ofFiles.contains(target) { return }
                // Attached anew it is the last.
                attached[target, default: []].removeAll { $0 == policy }
                if fields.flag("attached") == true { attached[target, default: []].append(policy) }
                if attached[target]?.isEmpty == true { attached[target] = nil }
            } else {
                setContent(of: policy, fields)
            }
        } else if let root = fields.text("root") {
            if fields.flag("enabled") == true { rootsWithout.remove(root) } else { rootsWithout.insert(root) }
        } else if let child = fields.text("child") {
            place(child, fields)
        }
    }

    private mutating func place(_ child: ExactText, _ fields: Fields) {
        if fields.text("root of") != nil {
            // One that was moved already is told late that it is new.
            guard parents[child] == nil else { return }
            gone.remove(child)
            inRoot.insert(child)
            return
        }
        parents[child] = fields.text("parent")
        inRoot.remove(child)
        if let parent = parents[child] {
            noteRoot(of: parent)
            gone.remove(child)
        } else {
            gone.insert(child)
        }
    }

    /// Notes a root that is named, or that a unit's id names.
    private mutating func noteRoot(of named: ExactText) {
        if let root = named.isRoot ? named : named.rootOfUnit { roots.insert(root) }
    }

    /// What a move tells of the time before it, of which nothing else is known.
    mutating func applyFormerPlace(_ fact: Fact) {
        guard let fields = fact.value.fields, let child = fields.text("child"), parents[child] == nil
        else { return }
        parents[child] = fields.text("former")
        if let former = parents[child] {
            noteRoot(of: former)
            inRoot.remove(child)
        }
    }

    /// What a fact tells of the time just before it: where something was that moves, and that files are not what counts.
    mutating func applyBefore(_ fact: Fact) {
        applyFormerPlace(fact)
        guard let fields = fact.value.fields else { return }
        if let target = fields.text("target") {
            attached[target]?.removeAll { $0.string.hasBytes(prefix: Self.file) }
            if attached[target]?.isEmpty == true { attached[target] = nil }
        }
    }

    private mutating func setContent(of policy: ExactText, _ fields: Fields) {
        if !ofFiles.isEmpty, files[policy] != nil { return }
        if fields.flag("made") == true { made.insert(policy) }
        if fields.flag("deleted") == true {
            contents[policy] = nil
            for target in targets(of: policy) { attached[target]?.removeAll { $0 == policy } }
        } else if !fields.isOfEC2 {
            contents[policy] = .otherType
        } else if case .texts(let packed)? = fields["settings"] {
            contents[policy] = .settings(known.content(of: packed))
        } else if fields.flag("unread") == true || contents[policy] == nil {
            contents[policy] = .unread
        }
    }

    // MARK: Reading

    /// Where a policy is attached, in the order of the ids.
    func targets(of policy: ExactText) -> [ExactText] {
        attached.filter { $0.value.contains(policy) }.keys.sorted()
    }

    /// From the root, where that is known, to an account, a unit or a root itself.
    func path(to node: ExactText) -> [ExactText] {
        var path = [node]
        if gone.contains(node) { return path }
        while let parent = parents[path[0]], !path.contains(parent) { path.insert(parent, at: 0) }
        if !path[0].isRoot, let root = path[0].rootOfUnit ?? onlyRoot { path.insert(root, at: 0) }
        return path
    }

    /// Units with EC2 declarative policies that something may be in, or not.
    func doubtfulUnits(above node: ExactText) -> [ExactText] {
        let path = path(to: node)
        guard let top = path.first(where: { !$0.isRoot }), parents[top]?.isRoot != true,
            !inRoot.contains(top)
        else { return [] }
        return attached.keys.filter { unit in
            unit.isUnit && (!path[0].isRoot || unit.rootOfUnit == path[0]) && hasSettings(unit)
                && !path.contains(unit) && !self.path(to: unit).contains(top)
        }.sorted()
    }

    /// An account is in the only root that anybody names.
    private var onlyRoot: ExactText? { roots.count == 1 ? roots.first : nil }

    /// What is known to be in each root and unit.
    var children: [ExactText: [ExactText]] {
        var children = Dictionary(grouping: parents.keys) { parents[$0] ?? "" }
        if let onlyRoot { children[onlyRoot, default: []] += inRoot }
        return children
    }

    /// Whether an EC2 declarative policy that sets something is attached to a root, a unit or an account.
    func hasSettings(_ target: ExactText) -> Bool { (attached[target] ?? []).contains(where: sets) }

    /// Whether a policy is an EC2 declarative policy of which it is known what it says.
    func sets(_ policy: ExactText) -> Bool {
        if case .settings? = contents[policy] { true } else { false }
    }

    /// What of a path decides: the rest changes nothing.
    func deciding(_ path: [ExactText]) -> [ExactText] { path.filter(hasSettings) }

    /// What holds at the end of a path.
    func settings(_ path: [ExactText]) -> EC2Settings { known.settings(levels(path)) }

    /// The same as a policy, with whatever it says besides of other things than images.
    func effectivePolicy(_ path: [ExactText]) -> EffectivePolicy {
        EffectivePolicy(levels(path).map { $0.map(\.tree) })
    }

    /// What the policies say that are in force on each level of a path.
    private func levels(_ path: [ExactText]) -> [[PolicyContents.Content]] {
        let isWithout = path.first.map(rootsWithout.contains) ?? false
        return path.map { target in
            (attached[target] ?? []).compactMap { policy in
                if isWithout, !ofFiles.contains(target) { return nil }
                return if case .settings(let content)? = contents[policy] { content } else { nil }
            }
        }
    }

    /// The files whose policies are attached on a path.
    func files(_ path: [ExactText]) -> [String] {
        path.flatMap { attached[$0] ?? [] }.filter(sets).compactMap { files[$0] }
    }

    /// The policies that decide at the end of a path, as findings name them.
    func clause(_ path: [ExactText]) -> String {
        let names = path.flatMap { attached[$0] ?? [] }.filter(sets)
        let files = files(path)
        let others = names.filter { self.files[$0] == nil }
        let parts = [
            files.isEmpty ? nil : "declarative_policies: \(files.joined(separator: ", "))",
            others.isEmpty ? nil : "AWS Organizations: \(others.joined(separator: ", "))",
        ]
        return parts.compactMap(\.self).joined(separator: "; ")
    }

    /// Begins the name of what a file says of which the policy names no id.
    static let file = "file "

    /// What a policy makes that stands alone.
    func settings(of content: PolicyContents.Content) -> EC2Settings { known.settings([[content]]) }
}

extension Fields {
    /// Whether a policy's type is that of EC2 declarative policies.
    var isOfEC2: Bool {
        text("type") == "DECLARATIVE_POLICY_EC2" || text("type") == "EC2_POLICY"
    }
}
