import AWSPolicies
import CloudTrail

/// Reads an EC2 declarative policy as it stands in AWS Organizations, and refuses what AWS would refuse.
///
/// Names of settings and operators are compared without case, as Organizations does; values as they are.
struct DeclarativePolicyReader {
    private static let controls = "@@operators_allowed_for_child_policies"
    private static let refused = "AWS answers MalformedPolicyDocumentException"

    let reader: DocumentReader

    /// The policy's settings; those that are wrong are left out.
    func read(_ root: Node) -> PolicyTree {
        var settings: [[String]: PolicyTree.Setting] = [:]
        guard case .mapping = root.value else {
            reader.mismatch(root, "the policy", "a JSON object", instead: "{\"ec2_attributes\": { … }}")
            return PolicyTree(settings)
        }
        if let entries = reader.entries(root, "the policy"), !isOther(entries, root) {
            read(Node(location: root.location, value: .mapping(entries)), .policy, at: [], into: &settings)
        }
        return PolicyTree(settings)
    }

    /// Whether it is another document of AWS's.
    private func isOther(_ entries: [Node.Entry], _ root: Node) -> Bool {
        let names = Set(entries.map(\.key))
        let other: (String, String)? =
            if names.contains("Statement") {
                ("an IAM or service control policy", "it under iam_statements")
            } else if names.contains("ImageCriteria") {
                ("image criteria of the EC2 API", "it under baseline.allowed_images.criteria_file")
            } else { nil }
        if entries.isEmpty {
            reader.warn(root.location, "the policy sets nothing", instead: "{\"ec2_attributes\": { … }}")
        }
        guard let other else { return false }
        reader.error(root.location, "this is \(other.0), not a declarative policy", instead: other.1)
        return true
    }

    private func read(
        _ node: Node,
        _ grammar: DeclarativePolicyGrammar,
        at path: [String],
        into settings: inout [[String]: PolicyTree.Setting]
    ) {
        switch grammar {
        case .parts(let parts):
            readParts(node, names: parts.keys.sorted(), at: path, into: &settings) { parts[$0] }
        case .criteria(let criterion):
            readParts(node, names: DeclarativePolicyGrammar.criteriaNames, at: path, into: &settings) {
                name in
                DeclarativePolicyGrammar.criteriaNames.contains(name) ? criterion : nil
            }
        case .value(let value): readSetting(node, value, atMost: nil, at: path, into: &settings)
        case .list(let value, let most): readSetting(node, value, atMost: most, at: path, into: &settings)
        }
    }

    private func readParts(
        _ node: Node,
        names: [String],
        at path: [String],
        into settings: inout [[String]: PolicyTree.Setting],
        _ part: (String) -> DeclarativePolicyGrammar?
    ) {
        guard let entries = folded(node, path) else { return }
        for (name, entry) in entries {
            if name == Self.controls {
                _ = allowed(entry.value)
                reader.warn(
                    entry.location,
                    "\(entry.key) on \(Self.name(path)) does not bind the settings in it",
                    instead: "it beside each @@assign",
                    impact: "a policy further down changes them"
                )
            } else if name.hasPrefix("@@") {
                reader.error(
                    entry.location,
                    "\(entry.key) stands on \(Self.name(path)), which is no setting but holds some",
                    instead: "it in one of " + names.joined(separator: ", "),
                    impact: Self.refused
                )
            } else if let part = part(name) {
                read(entry.value, part, at: path + [name], into: &settings)
            } else if name.hasPrefix("criteria_"), Int(name.dropFirst(9)) ?? 0 > names.count {
                reader.error(
                    entry.location,
                    "\(entry.key): AWS takes \(ImageCriterionLimits.criteria) criteria at most, criteria_1 to criteria_10",
                    instead: "its values in one of the ten, or two policies",
                    impact: Self.refused
                )
            } else {
                reader.error(
                    entry.location,
                    "unknown key \(entry.key) in \(Self.name(path))",
                    instead: nearest(name, in: names) ?? "one of " + names.joined(separator: ", "),
                    impact: Self.refused
                )
            }
        }
    }

    /// The entries by their names in lower case, of which each may stand once.
    private func folded(_ node: Node, _ path: [String]) -> [(name: String, entry: Node.Entry)]? {
        guard case .mapping = node.value else {
            reader.mismatch(node, Self.name(path), "a JSON object", instead: nil)
            return nil
        }
        var known: Set<ExactText> = []
        return reader.entries(node, Self.name(path))?.compactMap { entry in
            let name = entry.key.lowercased()
            if known.insert(ExactText(name)).inserted { return (name, entry) }
            reader.error(
                entry.location,
                "\(entry.key) stands twice in \(Self.name(path)): AWS compares names without case",
                impact: Self.refused
            )
            return nil
        }
    }

    private func readSetting(
        _ node: Node,
        _ value: DeclarativePolicyGrammar.Value,
        atMost most: Int?,
        at path: [String],
        into settings: inout [[String]: PolicyTree.Setting]
    ) {
        guard case .mapping = node.value else {
            guard let operand = operand(node, value, most, path) else { return }
            reader.error(
                node.location,
                "\(Self.name(path)) needs an operator that says how it is inherited",
                instead: "{\"@@assign\": \(Self.json(operand, isList: most != nil))}",
                impact: Self.refused
            )
            return
        }
        guard let entries = folded(node, path) else { return }
        var setting = PolicyTree.Setting()
        for (name, entry) in entries {
            if name == Self.controls {
                setting.allowed = allowed(entry.value)
                continue
            }
            guard let kind = PolicyOperator(rawValue: name) else {
                unknownOperator(entry, path)
                continue
            }
            if kind != .assign, most == nil {
                reader.error(
                    entry.location,
                    "\(entry.key): \(Self.name(path)) is a single value, and only lists have members",
                    instead: "@@assign",
                    impact: Self.refused
                )
                continue
            }
            guard let operand = operand(entry.value, value, most, path) else { continue }
            switch kind {
            case .assign: setting.assign = most == nil ? operand.first.map { .text($0) } : .list(operand)
            case .append: setting.append = operand
            case .remove: setting.remove = operand
            }
        }
        settings[path] = setting
    }

    private func unknownOperator(_ entry: Node.Entry, _ path: [String]) {
        let known = PolicyOperator.allCases.map(\.rawValue) + [Self.controls]
        reader.error(
            entry.location,
            "unknown operator \(entry.key) in \(Self.name(path))",
            instead: nearest(entry.key.lowercased(), in: known) ?? "one of " + known.joined(separator: ", "),
            impact: Self.refused
        )
    }

    /// Which operators policies further down may use.
    private func allowed(_ node: Node) -> Set<PolicyOperator> {
        let known = ["@@all", "@@none"] + PolicyOperator.allCases.map(\.rawValue)
        var names: [String] = []
        for item in members(node) {
            guard let text = reader.text(item, Self.controls) else { continue }
            let name = text.lowercased()
            if !known.contains(name) {
                reader.error(
                    item.location,
                    "\(Self.controls): \(text) is no operator",
                    instead: nearest(name, in: known) ?? "one of " + known.joined(separator: ", "),
                    impact: Self.refused
                )
            } else if names.contains(name)
                || (!names.isEmpty && (name == "@@none" || names.contains("@@none")))
            {
                reader.error(
                    item.location,
                    "\(Self.controls): \(text) beside \(names.joined(separator: ", "))",
                    instead: "[\"@@none\"], or the operators, each once",
                    impact: Self.refused
                )
            }
            names.append(name)
        }
        if names.contains("@@all") { return Set(PolicyOperator.allCases) }
        return Set(names.compactMap(PolicyOperator.init))
    }

    // MARK: Values

    private func members(_ node: Node) -> [Node] {
        if case .sequence(let items) = node.value { items } else { [node] }
    }

    /// The values of an operator; nil when one of them is wrong.
    private func operand(
        _ node: Node,
        _ value: DeclarativePolicyGrammar.Value,
        _ most: Int?,
        _ path: [String]
    ) -> [String]? {
        let items = members(node)
        if most == nil, items.count != 1 {
            reader.mismatch(node, Self.name(path), "a single value", instead: nil)
            return nil
        }
        if let most, items.count > most {
            reader.error(
                items[most].location,
                "\(items.count) values in \(Self.name(path)), and AWS takes \(most) at most",
                impact: Self.refused
            )
        }
        let texts = items.compactMap { text($0, value, Self.name(path)) }
        return texts.count == items.count ? texts : nil
    }

    private func text(_ node: Node, _ value: DeclarativePolicyGrammar.Value, _ name: String) -> String? {
        switch value {
        case .anyText: return reader.text(node, name)
        case .word(let words): return word(node, words, name)
        case .number(let range): return number(node, range, name)
        case .provider: return provider(node, name)
        case .imageName: return reader.imageName(node, name)
        case .productCode: return reader.productCode(node, name, impact: Self.refused)
        }
    }

    private func word(_ node: Node, _ words: [String], _ name: String) -> String? {
        guard let text = reader.text(node, name) else { return nil }
        if words.contains(text) { return text }
        reader.error(
            node.location,
            "\(name): \(text) is not a valid value",
            instead: nearest(text, in: words).map { JSONText.string($0) }
                ?? "one of " + words.joined(separator: ", "),
            impact: Self.refused
        )
        return nil
    }

    /// A number, in quotes or not, as AWS takes both.
    private func number(_ node: Node, _ range: ClosedRange<Int>, _ name: String) -> String? {
        if case .scalar(let text, .quoted) = node.value, let number = Int(text), range.contains(number) {
            return text
        }
        return reader.integer(node, name, range).map { String($0) }
    }

    private func provider(_ node: Node, _ name: String) -> String? {
        if case .scalar(let text, .plain) = node.value, PlainScalar(text) == .number {
            reader.unquoted(account: text, node, name, impact: Self.refused)
            return nil
        }
        guard let text = reader.text(node, name) else { return nil }
        if DeclarativePolicyGrammar.providerAliases.contains(text) || AccountID(text) != nil { return text }
        reader.error(
            node.location,
            "\(name): \(text) is not a valid provider: neither an account id nor an alias of AWS's, which policies"
                + " write with underscores",
            instead: JSONText.string(DeclarativePolicyGrammar.mended(provider: text)),
            impact: Self.refused
        )
        return nil
    }

    private static func json(_ values: [String], isList: Bool) -> String {
        let texts = values.map { Int($0) != nil && $0.utf8.count < 12 ? $0 : JSONText.string($0) }
        return isList ? "[\(texts.joined(separator: ", "))]" : texts.joined()
    }

    private func nearest(_ name: String, in names: [String]) -> String? {
        NearestName.of(name.replacing("-", with: "_"), in: names)
    }

    private static func name(_ path: [String]) -> String { path.last ?? "the policy" }
}
