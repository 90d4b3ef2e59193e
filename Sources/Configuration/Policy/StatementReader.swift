import AWSPolicies
import CloudTrail
import Detection

/// Reads an IAM or service control policy as AWS writes it: a document, a statement of one, or a list of statements.
struct StatementReader {
    /// A statement with the places that doubts are told at.
    struct Located {
        var statement: Statement
        var location: FileLocation
        var resources: FileLocation
        /// Of the name of each condition's key.
        var keys: [FileLocation]
    }

    private static let elements = [
        "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition",
    ]
    private static let documentKeys = ["Version", "Id", "Statement"]
    private static let refused = "AWS refuses the statement"

    let reader: DocumentReader
    /// Where the document stands, as findings name it.
    let name: String
    let document: Int
    private var hasVariables = true
    private var sids: [ExactText: FileLocation] = [:]

    init(reader: DocumentReader, name: String, document: Int) {
        (self.reader, self.name, self.document) = (reader, name, document)
    }

    mutating func read(_ root: Node) -> [Policy.IAMStatement] {
        guard let nodes = statements(root) else { return [] }
        if nodes.isEmpty {
            reader.error(
                root.location,
                "there is no statement in it",
                instead: "[{\"Effect\": \"Deny\", … }]"
            )
        }
        var found: [Policy.IAMStatement] = []
        var located: [Located] = []
        for (index, node) in nodes.enumerated() {
            guard let read = statement(node) else { continue }
            located.append(read)
            let place = read.statement.sid ?? String(index)
            found.append(
                Policy.IAMStatement(
                    name: ExactText("\(name)#\(place)"),
                    document: document,
                    statement: read.statement
                )
            )
        }
        for one in located { StatementDoubts(reader: reader, one).tell() }
        return found
    }

    // MARK: The document

    /// The statements of a document; nil (and an error) when it is none.
    private mutating func statements(_ root: Node) -> [Node]? {
        if case .sequence(let items) = root.value { return items }
        guard let entries = reader.entries(root, "the policy document") else { return nil }
        let keys = entries.map(\.key)
        func value(_ key: String) -> Node? { entries.first { $0.key == key }?.value }
        if keys.contains("ec2_attributes") {
            reader.error(
                root.location,
                "this is a declarative policy, not an IAM or service control policy",
                instead: "it under declarative_policies"
            )
            return nil
        }
        // What `aws iam get-policy-version` prints.
        if let version = value("PolicyVersion"), case .mapping(let inner) = version.value,
            let document = inner.first(where: { $0.key == "Document" })?.value
        {
            return statements(document)
        }
        if Self.elements.contains(where: keys.contains) { return [root] }
        for entry in entries where !Self.documentKeys.contains(entry.key) {
            unknown(entry, Self.documentKeys, "the policy document")
        }
        readVersion(value("Version"))
        guard let node = value("Statement") else {
            reader.error(
                root.location,
                "the document has no Statement",
                instead: "{\"Version\": \"2012-10-17\", \"Statement\": [ … ]}"
            )
            return nil
        }
        if case .sequence(let items) = node.value { return items }
        return [node]
    }

    /// Without a version AWS takes the document for one of 2008, where `${…}` is text like any other.
    private mutating func readVersion(_ node: Node?) {
        guard let node else { return hasVariables = false }
        guard let version = reader.text(node, "Version") else { return }
        hasVariables = version != "2008-10-17"
        if version == "2012-10-17" || version == "2008-10-17" { return }
        reader.error(
            node.location,
            "Version: AWS knows no version \(version) of the policy language",
            instead: "\"2012-10-17\"",
            impact: "AWS refuses the policy"
        )
    }

    private func unknown(_ entry: Node.Entry, _ known: [String], _ place: String) {
        let nearest = NearestName.of(entry.key, in: known)
        reader.error(
            entry.location,
            "unknown key \(entry.key) in \(place)",
            instead: nearest ?? "one of " + known.joined(separator: ", "),
            impact: Self.refused
        )
    }

    // MARK: A statement

    private mutating func statement(_ node: Node) -> Located? {
        guard let entries = reader.entries(node, "a statement") else { return nil }
        func entry(_ key: String) -> Node.Entry? { entries.first { $0.key == key } }
        for entry in entries where !Self.elements.contains(entry.key) {
            if entry.key == "Principal" || entry.key == "NotPrincipal" {
                reader.error(
                    entry.location,
                    "\(entry.key) is for policies of resources; IAM and service control policies are attached to whom they "
                        + "bind",
                    instead: "a condition on aws:PrincipalArn",
                    impact: Self.refused
                )
            } else {
                unknown(entry, Self.elements, "a statement")
            }
        }
        let sid = entry("Sid").flatMap { readSid($0) }
        let effect = readEffect(entry("Effect"), node)
        let actions = scope(node, entry("Action"), entry("NotAction"), "Action", "\"ec2:RunInstances\"") {
            action($0, $1)
        }
        let resources = scope(node, entry("Resource"), entry("NotResource"), "Resource", "\"*\"") {
            resource($0, $1)
        }
        let conditions = entry("Condition").map { readConditions($0.value) } ?? []
        guard let effect, let actions, let resources else { return nil }
        return Located(
            statement: Statement(
                sid: sid,
                effect: effect,
                actions: actions,
                resources: resources,
                conditions: conditions.map(\.condition)
            ),
            location: node.location,
            resources: (entry("Resource") ?? entry("NotResource"))?.location ?? node.location,
            keys: conditions.map(\.location)
        )
    }

    private mutating func readSid(_ entry: Node.Entry) -> String? {
        guard let sid = reader.text(entry.value, "Sid", allowEmpty: true), !sid.isEmpty else { return nil }
        if let first = sids.updateValue(entry.location, forKey: ExactText(sid)) {
            reader.error(
                entry.location,
                "Sid \(sid) was given at line \(first.line ?? 0) already",
                instead: "another one",
                impact: "AWS refuses the policy"
            )
        }
        return sid
    }

    private func readEffect(_ entry: Node.Entry?, _ node: Node) -> Statement.Effect? {
        guard let entry else {
            reader.error(
                node.location,
                "the statement has no Effect",
                instead: "\"Effect\": \"Deny\"",
                impact: Self.refused
            )
            return nil
        }
        guard let text = reader.text(entry.value, "Effect") else { return nil }
        switch text {
        case "Deny": return .deny
        case "Allow": return .allow
        default:
            reader.error(
                entry.value.location,
                "Effect: \(text) is neither Allow nor Deny",
                instead: NearestName.of(text, in: ["Allow", "Deny"]).map { "\"\($0)\"" } ?? "\"Deny\"",
                impact: Self.refused
            )
            return nil
        }
    }

    /// What an element or its negation lists.
    private func scope<Entry>(
        _ node: Node,
        _ only: Node.Entry?,
        _ allBut: Node.Entry?,
        _ name: String,
        _ example: String,
        _ read: (String, FileLocation) -> Entry?
    ) -> Statement.Scope<Entry>? {
        guard let entry = only ?? allBut else {
            reader.error(
                node.location,
                "the statement has neither \(name) nor Not\(name)",
                instead: "\"\(name)\": \(example)",
                impact: Self.refused
            )
            return nil
        }
        if only != nil, let allBut {
            reader.error(
                allBut.location,
                "both \(name) and Not\(name) are given",
                instead: "one of the two",
                impact: Self.refused
            )
            return nil
        }
        let values = texts(entry.value, entry.key, takesScalars: false)
        if values.isEmpty, case .sequence = entry.value.value {
            reader.error(entry.location, "\(entry.key) is empty", instead: example, impact: Self.refused)
        }
        let read = values.compactMap { read($0.text, $0.location) }
        guard !read.isEmpty else { return nil }
        return only == nil ? .allBut(read) : .only(read)
    }

    private func action(_ text: String, _ location: FileLocation) -> ActionPattern? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let isSound =
            text == "*"
            || (parts.count == 2 && !parts[0].isEmpty && !parts[1].isEmpty
                && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "*?-_:".contains($0)) })
        guard isSound else {
            let name = parts.last.map(String.init) ?? ""
            let nearest = NearestName.of(name, in: EC2Action.all.map(\.name)) ?? "RunInstances"
            reader.error(
                location,
                "\(text) is not a valid action: a service, a colon, and a name",
                instead: "\"ec2:\(nearest)\"",
                impact: Self.refused
            )
            return nil
        }
        return ActionPattern(text)
    }

    private func resource(_ text: String, _ location: FileLocation) -> Operand? {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        let isARN = parts.count == 6 && parts[0] == "arn"
        let beginsWithWildcard = text.hasPrefix("*") || text.hasPrefix("arn:*") || text.hasPrefix("${")
        guard isARN || beginsWithWildcard else {
            reader.error(
                location,
                "\(text) is not a valid ARN",
                instead: text.hasPrefix("ami-")
                    ? "\"arn:aws:ec2:*::image/\(text)\"" : "one like \"arn:aws:ec2:*::image/*\"",
                impact: Self.refused
            )
            return nil
        }
        return Operand(text, hasVariables: hasVariables)
    }

    // MARK: Conditions

    private func readConditions(_ node: Node) -> [(condition: Condition, location: FileLocation)] {
        var conditions: [(condition: Condition, location: FileLocation)] = []
        for block in reader.entries(node, "Condition") ?? [] {
            guard let comparison = ConditionOperator(block.key) else {
                reader.error(
                    block.location,
                    "\(block.key) is no condition operator of IAM",
                    instead: NearestName.of(block.key, in: ConditionOperator.names).map { "\"\($0)\"" }
                        ?? (block.key.contains(":") && !block.key.lowercased().hasPrefix("for")
                            ? "{\"StringEquals\": {\"\(block.key)\": … }}" : "one like \"StringEquals\""),
                    impact: Self.refused
                )
                continue
            }
            for entry in reader.entries(block.value, block.key) ?? [] {
                let values = texts(entry.value, entry.key, takesScalars: true)
                let condition = Condition(
                    comparison,
                    key: entry.key,
                    operands: values.map { Operand($0.text, hasVariables: hasVariables) }
                )
                conditions.append((condition, entry.location))
                for (operand, value) in zip(condition.operands, values) where !condition.canRead(operand) {
                    reader.warn(
                        value.location,
                        "\(entry.key): \(value.text) is nothing that \(block.key) can compare with, so no value is equal to it"
                    )
                }
                if !entry.key.contains(":") {
                    reader.error(
                        entry.location,
                        "\(entry.key) is no condition key: those begin with a service",
                        instead: NearestName.of("aws:\(entry.key)", in: ConditionKey.all).map { "\"\($0)\"" }
                            ?? "one like \"aws:RequestTag/\(entry.key)\"",
                        impact: Self.refused
                    )
                }
            }
        }
        return conditions
    }

    private func warnOfVariable(_ node: Node, _ path: String) {
        guard !hasVariables, case .scalar(let text, _) = node.value, text.contains("${") else { return }
        reader.warn(
            node.location,
            "\(path): without Version 2012-10-17 AWS takes \(text) for itself, and no variable in it",
            instead: "\"Version\": \"2012-10-17\" beside Statement"
        )
    }

    /// A text, or a list of them; in conditions AWS takes numbers and truth values too.
    private func texts(
        _ node: Node,
        _ path: String,
        takesScalars: Bool
    ) -> [(text: String, location: FileLocation)] {
        let nodes = if case .sequence(let items) = node.value { items } else { [node] }
        return nodes.compactMap { node in
            warnOfVariable(node, path)
            if takesScalars, case .scalar(let text, _) = node.value, !node.isNull {
                return (text, node.location)
            }
            return reader.text(node, path, allowEmpty: takesScalars).map { ($0, node.location) }
        }
    }
}
