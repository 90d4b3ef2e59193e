import AWSPolicies
import CloudTrail

/// A statement as calls are judged by it, with what judging asks for worked out once.
///
/// A `Deny` judges every call that it speaks of. An `Allow` with conditions stands for the list of what may be done: a call of its
/// action that no `Allow` of its document allows is a violation. What several such statements of a document say of one action,
/// the first of them tells.
final class JudgingStatement: Sendable {
    /// Where it stands: `file#Sid`.
    let name: ExactText
    let statement: Statement
    /// The actions that it judges, as CloudTrail names them.
    let actions: Set<ExactText>
    /// What its document allows; of a `Deny` nothing.
    let allowing: [Statement]
    /// Names of keys as the document writes them, by their lower case.
    private let spelled: [String: String]

    private init(_ source: Policy.IAMStatement, _ actions: Set<ExactText>, allowing: [Statement]) {
        name = source.name
        statement = source.statement
        self.actions = actions
        self.allowing = allowing
        var spelled: [String: String] = [:]
        for condition in ([source.statement] + allowing).flatMap(\.conditions) {
            spelled[condition.key] = condition.name
            for operand in condition.operands {
                for match in operand.source.matches(of: /\$\{ *([^},]*?) *[,}]/) {
                    spelled[match.1.lowercased()] = String(match.1)
                }
            }
        }
        self.spelled = spelled
    }

    /// Those of a policy that judge anything.
    static func all(_ statements: [Policy.IAMStatement]) -> [JudgingStatement] {
        var led: [Int: Set<ExactText>] = [:]
        return statements.compactMap { source in
            var actions = Set(source.actions.map { ExactText($0.name) })
            var allowing: [Statement] = []
            if source.statement.effect == .allow {
                guard !source.statement.conditions.isEmpty else { return nil }
                actions.subtract(led[source.document] ?? [])
                led[source.document, default: []].formUnion(actions)
                allowing = statements.filter { $0.document == source.document }.map(\.statement)
                    .filter { $0.effect == .allow }
            }
            return actions.isEmpty ? nil : JudgingStatement(source, actions, allowing: allowing)
        }
    }

    /// The name of a key as the document writes it.
    func spelling(of key: String) -> String { spelled[key] ?? key }

    /// What it asks of callers' sessions.
    var sessionKeys: SessionKeys { spelled.keys.reduce(into: []) { $0.formUnion(.telling($1)) } }

    /// The keys of the tags that it asks of resources, in lower case.
    var resourceTagKeys: [ExactText] {
        spelled.keys.compactMap { key in
            key.contains(":resourcetag/")
                ? key.split(separator: "/", maxSplits: 1).last.map { ExactText(String($0)) } : nil
        }
    }

    /// Whether a call is authorised, as far as the statement speaks of it; a reason where it is not, or where nobody knows.
    func objection(to call: JudgedCall, in context: RuleContext) -> Objection? {
        var undecided: Objection?
        for authorization in call.authorizations(of: actions, in: context) {
            let keys = CalledKeys(call, authorization, self, context)
            switch truth(of: authorization, keys) {
            case .no: continue
            case .yes: return Objection(keys: keys, missing: [])
            case .unknown(let missing):
                var objection = undecided ?? Objection(keys: keys, missing: [])
                for key in missing.sorted() {
                    let lacking = keys.missing(key)
                    if !objection.missing.contains(where: lacking.hasSameBytes) {
                        objection.missing.append(lacking)
                    }
                }
                undecided = objection
            }
        }
        return undecided
    }

    /// Whether a call goes against the statement on one resource.
    private func truth(of authorization: Authorization, _ keys: CalledKeys) -> Truth {
        let action = "ec2:\(authorization.action)"
        guard statement.effect == .allow else {
            return statement.applies(to: action, on: authorization.arn, in: keys)
        }
        // What cannot have its keys other statements allow, or no call went through.
        guard statement.conditions.allSatisfy({ keys.mayHave($0.key) }),
            authorization.resource.map({ statement.mayCover($0.type) }) ?? statement.coversNoResource
        else { return .no }
        var missing: Set<String> = []
        for other in allowing {
            switch other.applies(to: action, on: authorization.arn, in: keys) {
            case .yes: return .no
            case .no: continue
            case .unknown(let keys): missing.formUnion(keys)
            }
        }
        return missing.isEmpty ? .yes : .unknown(missing)
    }

    /// Why a call is not authorised, or cannot be judged.
    struct Objection {
        /// The keys of the resource that decided, or of the first that could not be decided.
        let keys: CalledKeys
        /// What would decide it, for people; none when it is decided.
        var missing: [String]
    }

    // MARK: For people

    /// The statement in words.
    var statements: [FactStatement] {
        func list(_ name: String, _ isNegated: Bool, _ entries: [String]) -> String {
            "\(isNegated ? "Not" : "")\(name) \(entries.joined(separator: ", "))"
        }
        let actions =
            switch statement.actions {
            case .only(let entries): list("Action", false, entries.map(\.source))
            case .allBut(let entries): list("Action", true, entries.map(\.source))
            }
        let resources =
            switch statement.resources {
            case .only(let entries): list("Resource", false, entries.map(\.source))
            case .allBut(let entries): list("Resource", true, entries.map(\.source))
            }
        let effect = statement.effect == .deny ? "Deny" : "Allow"
        return [FactStatement("statement", "\(effect), \(actions), \(resources)")]
            + statement.conditions.map { condition in
                let values = condition.operands.map(\.source).joined(separator: ", ")
                return FactStatement("condition", "\(condition.comparison.name) \(condition.name): \(values)")
            }
    }
}
