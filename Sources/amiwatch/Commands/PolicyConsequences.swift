import Alerts
import CloudTrail
import Configuration
import Detection
import Pipeline
import TrailArchive

/// What a policy would open, close and change: of what workers have published, or of what another one finds in files.
struct PolicyConsequences {
    /// One finding.
    struct Change {
        let kind: FindingChange.Kind
        let rule: String
        /// Its status, severity and verdict as they are; nil when it is not there.
        let before: [String?]?
        /// The same as they would be.
        let after: [String?]?
        let account: String
        let region: String
        let resource: String
        let discriminator: String?
        let finding: String
        let message: String?
    }

    /// By account, Region, rule and resource.
    let changes: [Change]
    /// One line for people.
    let summary: String
    private let effect: PolicyTrial.Effect
    /// Whether workers would hold it back; nil where that is not known.
    private let isHeldBack: Bool?
    /// How many partitions each policy has judged, by the first digits of its hash; of a cluster.
    private let judges: [String: Int]

    init(of policy: String?, on paths: [String], _ arguments: Arguments) throws {
        guard let policy else { throw UsageError("--against needs the policy to try: --policy FILE") }
        self =
            try paths == ["cluster"]
            ? PolicyConsequences(cluster: arguments, policy)
            : PolicyConsequences(files: paths, arguments, policy)
    }

    private init(
        _ changes: [Change],
        _ effect: PolicyTrial.Effect,
        isHeldBack: Bool? = nil,
        judges: [String: Int] = [:],
        origin: String
    ) {
        self.changes = changes.sorted { $0.order.lexicographicallyPrecedes($1.order) }
        (self.effect, self.isHeldBack, self.judges) = (effect, isHeldBack, judges)
        var words =
            "would open \(effect.opened), close \(effect.closed) and change \(effect.changed) findings; "
            + "\(effect.open) are open now; \(origin)"
        if isHeldBack == true { words += "; workers would hold it back (detector.max_policy_change_percent)" }
        summary = words
    }

    /// What is published is what stands in the workers' state, whichever policies have judged it: their policy is not
    /// needed, and nobody has to name it.
    private init(cluster arguments: Arguments, _ path: String) throws {
        let (configuration, log) = try LiveOptions.readConfiguration(arguments)
        guard configuration.kafka.bootstrapServers != nil else {
            throw Failure(
                "kafka.bootstrap_servers is not set: name your brokers with --bootstrap-servers, or files with --against"
            )
        }
        let (policy, _) = try LiveOptions.readPolicy(path)
        var cluster = try ClusterState(configuration, policy: policy, log: log)
        var trial = cluster.engine.trial(of: policy)
        var changes: [Change] = []
        while !trial.isDone {
            cluster.engine.advance(&trial, atMost: 1000) { changes.append(Change($0)) }
        }
        let judges = cluster.judges
        let named = judges.keys.sorted().map { "\($0) (\(Numbers.count(judges[$0] ?? 0, "partition")))" }
        // A policy replaces one: what several have judged it confirms in part.
        let isConfirmed =
            !judges.isEmpty && judges.keys.allSatisfy { policy.replaces?.hasPrefix($0) ?? false }
        self.init(
            changes,
            trial.effect,
            isHeldBack: !isConfirmed && PolicyBound(configuration.detector).isExceeded(by: trial.effect),
            judges: judges,
            origin: (named.isEmpty
                ? "judged by this policy" : "judged by policy \(named.joined(separator: ", "))")
                + "; read up to \(cluster.offsets.joined(separator: " "))"
        )
    }

    private init(files paths: [String], _ arguments: Arguments, _ path: String) throws {
        let (configuration, _) = try LiveOptions.readConfiguration(arguments.without(LiveOptions.policy))
        guard let present = configuration.policy else {
            throw UsageError(
                "--against files needs the policy in force: --config FILE that names it; or give both to 'amiwatch diff'"
            )
        }
        var comparison = try PolicyComparison(
            [present, path].map { try LiveOptions.readPolicy($0).0 },
            filter: FindingFilter(arguments),
            comparesAlerts: false
        )
        try comparison.read([], try TrailListing(paths: paths))
        let changes = comparison.changes.map { Change($0) }
        var effect = PolicyTrial.Effect()
        effect.open = comparison.openCount
        effect.opened = changes.count { $0.kind == .opened }
        effect.closed = changes.count { $0.kind == .closed }
        effect.changed = changes.count { $0.kind == .changed }
        self.init(changes, effect, origin: "compared with \(present)")
    }

    var table: Table {
        guard !changes.isEmpty else { return Table(rows: []) }
        return Table(
            header: ["CHANGE", "SEVERITY", "RULE", "ACCOUNT", "REGION", "RESOURCE", "ID"],
            rows: changes.map(\.row)
        )
    }

    var json: String {
        var json = JSONWriter()
        json.object { json in
            json.member("open", effect.open)
            json.member("opened", effect.opened)
            json.member("closed", effect.closed)
            json.member("changed", effect.changed)
            if let isHeldBack { json.member("held_back", isHeldBack) }
            json.key("judged_by")
            json.array { json in
                for (judge, partitions) in judges.sorted(by: { $0.key < $1.key }) {
                    json.object { json in
                        json.member("policy", judge)
                        json.member("partitions", partitions)
                    }
                }
            }
            json.key("findings")
            json.array { json in for change in changes { change.write(to: &json) } }
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }
}

extension PolicyConsequences.Change {
    init(_ change: FindingChange) {
        let subject = change.identity.subject
        func words(_ form: FindingChange.Form?) -> [String?]? {
            form.map { [$0.status.rawValue, $0.severity?.rawValue, $0.verdict?.rawValue] }
        }
        self.init(
            kind: change.kind,
            rule: change.identity.rule,
            before: words(change.before),
            after: words(change.after),
            account: subject.scope.account.description,
            region: subject.scope.region,
            resource: subject.resource.id,
            discriminator: subject.discriminator,
            finding: change.identity.findingID,
            message: change.message
        )
    }

    init(_ change: PolicyChange) {
        let told = change.told
        func words(_ tree: JSONTree?) -> [String?]? {
            tree.map { tree in ["status", "severity", "verdict"].map { tree[$0]?.text } }
        }
        func isOpen(_ tree: JSONTree?) -> Bool { tree?["status"]?.text == "open" }
        let kind: FindingChange.Kind =
            switch (isOpen(change.old), isOpen(change.new)) {
            case (false, true): .opened
            case (true, false): .closed
            default: .changed
            }
        self.init(
            kind: kind,
            rule: told["rule_id"]?.text ?? "",
            before: words(change.old),
            after: words(change.new),
            account: told["account_id"]?.text ?? "",
            region: told["region"]?.text ?? "",
            resource: told["resource"]?["id"]?.text ?? "",
            discriminator: told["discriminator"]?.text,
            finding: told["finding_id"]?.text ?? "",
            message: change.new?["message"]?.text
        )
    }

    fileprivate var order: [String] { [account, region, rule, resource, discriminator ?? ""] }

    fileprivate var row: [String] {
        let severities = [before?[1], after?[1]].compactMap(\.self)
        return [
            kind.rawValue,
            severities.first == severities.last
                ? severities.first ?? "" : severities.joined(separator: " -> "),
            rule, account, region, resource + (discriminator.map { " (\($0))" } ?? ""),
            String(finding.prefix(12)),
        ].map(\.oneLine)
    }

    fileprivate func write(to json: inout JSONWriter) {
        func form(_ words: [String?]?, _ json: inout JSONWriter) {
            guard let words else { return json.string(nil) }
            json.object { json in
                for (key, word) in zip(["status", "severity", "verdict"], words) {
                    json.key(text: key)
                    json.string(word)
                }
            }
        }
        json.object { json in
            json.member("change", kind.rawValue)
            json.member("finding_id", finding)
            json.member("rule_id", rule)
            json.member("account_id", account)
            json.member("region", region)
            json.member("resource", resource)
            json.member("discriminator", discriminator)
            json.key("before")
            form(before, &json)
            json.key("after")
            form(after, &json)
            json.member("message", message)
        }
    }
}
