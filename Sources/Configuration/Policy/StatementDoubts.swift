import AWSPolicies
import CloudTrail
import Detection

/// Tells where AWS reads a statement otherwise than its author probably meant.
struct StatementDoubts {
    private let reader: DocumentReader
    private let located: StatementReader.Located
    private let statement: Statement
    private let actions: [EC2Action]

    init(reader: DocumentReader, _ located: StatementReader.Located) {
        (self.reader, self.located, statement) = (reader, located, located.statement)
        actions = Policy.IAMStatement.actions.filter { located.statement.concerns(action: $0.qualifiedName) }
    }

    func tell() {
        guard !actions.isEmpty else { return tellThatNothingIsJudged() }
        if statement.effect == .allow, statement.conditions.isEmpty {
            reader.warn(
                located.location,
                "an Allow without a Condition forbids nothing: no call is judged by it alone"
            )
        }
        for (condition, location) in zip(statement.conditions, located.keys) {
            tellOfQuantifier(condition, location)
            tellOfOperands(condition, location)
            tellOfUnknownKey(condition, location)
        }
        tellOfResources()
        tellOfAbsentKeys()
    }

    private func tellThatNothingIsJudged() {
        let named: [String] =
            if case .only(let patterns) = statement.actions { patterns.map(\.source) } else { [] }
        let known = Policy.IAMStatement.actions.map(\.qualifiedName)
        let nearest = named.lazy.compactMap { NearestName.of($0, in: known) }.first
        reader.warn(
            located.location,
            "the statement speaks of no action that amiwatch judges, so it has no effect here",
            instead: nearest.map { "\"\($0)\"" }
        )
    }

    // MARK: Single conditions

    private func tellOfQuantifier(_ condition: Condition, _ location: FileLocation) {
        let comparison = condition.comparison
        guard ConditionKey.isMultivalued(condition.name) else { return }
        switch comparison.quantifier {
        case .single where comparison.comparison != .null:
            let meaning =
                condition.matchesAbsence ? ": only calls without any meet it, whatever the others have" : ""
            reader.warn(
                location,
                "\(condition.name) takes several values, and \(comparison.name) alone never matches such a key\(meaning)",
                instead: "\"\(comparison.isNegated ? "ForAllValues" : "ForAnyValue"):\(comparison.name)\""
            )
        case .forAllValues where statement.effect == .allow && !comparison.isNegated:
            let isGuarded = statement.conditions.contains {
                $0.key == condition.key && $0.comparison.comparison == .null
            }
            if isGuarded { return }
            reader.warn(
                location,
                "ForAllValues also matches where \(condition.name) is absent: the Allow holds for calls without any tag",
                instead: "\"Null\": {\"\(condition.name)\": \"false\"} beside it"
            )
        case .forAnyValue where statement.effect == .deny && comparison.isNegated:
            reader.warn(
                location,
                "ForAnyValue with \(condition.name) matches as soon as one value differs, so a call with the wanted value and "
                    + "another one is denied, and a call without any is not",
                instead: "\"ForAllValues:\(comparison.name.drop { $0 != ":" }.dropFirst())\""
            )
        default: break
        }
    }

    private func tellOfOperands(_ condition: Condition, _ location: FileLocation) {
        for operand in condition.operands {
            let text = operand.source
            if let start = text.firstIndex(of: "<"), let end = text[start...].firstIndex(of: ">") {
                reader.warn(
                    location,
                    "\(condition.name): \(text[start...end]) is a placeholder; put in what is meant"
                )
            }
            guard operand.hasWildcards else { continue }
            switch condition.comparison.comparison {
            case .stringEquals, .stringEqualsIgnoreCase:
                let name = condition.comparison.name
                reader.warn(
                    location,
                    "\(condition.name): \(name) takes * and ? in \(text) for themselves",
                    instead:
                        "\"\(name.replacing("EqualsIgnoreCase", with: "Like").replacing("Equals", with: "Like"))\""
                )
            default: break
            }
        }
        if let name = condition.name.firstIndex(of: "<") {
            reader.warn(
                location,
                "\(condition.name): \(condition.name[name...]) is a placeholder; put in what is meant"
            )
        }
    }

    /// A key that no resource of any action has is absent from every call.
    private func tellOfUnknownKey(_ condition: Condition, _ location: FileLocation) {
        let name = condition.name
        if actions.contains(where: { $0.has(name) }) { return }
        let what =
            actions.count == 1 ? actions[0].qualifiedName : "any of the actions that the statement speaks of"
        let sharing = ["ec2:add/", "ec2:remove/", "ec2:permission", "ec2:launchpermission"]
        if sharing.contains(where: condition.key.hasPrefix),
            actions.contains(where: { $0.name == "ModifyImageAttribute" })
        {
            reader.warn(
                location,
                "\(name): no condition can tell with whom an image is shared; AWS has such keys for snapshots alone",
                instead: "trust.accounts in this policy, and block public access in AWS"
            )
            return
        }
        let meaning = condition.matchesAbsence ? "it matches every call" : "it never matches"
        if actions.count == 1, actions[0].name == "CopyImage", condition.key.contains(":resourcetag/") {
            reader.warn(
                location,
                "ec2:CopyImage is authorised on the new image and its snapshots, not on its source, so no call has \(name): "
                    + meaning
            )
            return
        }
        let known = actions.flatMap { $0.keys + $0.resources.flatMap(\.keys) } + ConditionKey.global
        let slash = name.firstIndex(of: "/").map { name.index(after: $0) } ?? name.endIndex
        let nearest = NearestName.of(String(name[..<slash]), in: Set(known).sorted())
        reader.warn(
            location,
            "\(name) is no condition key of \(what), so it is always absent: \(meaning)",
            instead: nearest.map { $0 + name[slash...] }
        )
    }

    // MARK: The statement as a whole

    private func tellOfResources() {
        for action in actions where action.resources.isEmpty && !statement.coversNoResource {
            reader.warn(
                located.resources,
                "\(action.qualifiedName) is authorised on no resource, so only \"*\" covers it: the statement never applies to "
                    + "it",
                instead: "\"*\""
            )
        }
        guard case .only(let entries) = statement.resources else { return }
        for entry in entries {
            let parts = entry.source.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
            guard parts.count == 6,
                let type = ["image", "snapshot"].first(where: { parts[5].hasPrefix("\($0)/") }),
                !parts[4].isEmpty, !parts[4].allSatisfy({ $0 == "*" })
            else { continue }
            reader.warn(
                located.resources,
                "\(entry.source): ARNs of \(type)s name no account, so none matches",
                instead: "\"\(parts[0...3].joined(separator: ":"))::\(parts[5])\""
            )
        }
    }

    /// AWS asks about every resource of a call by itself, and a key that a resource cannot have is absent there.
    private func tellOfAbsentKeys() {
        guard let first = located.keys.first, !statement.conditions.isEmpty else { return }
        for action in actions {
            let covered = action.resources.filter { $0.isRequired && statement.mayCover($0.type) }
            let without = covered.filter { resource in
                statement.conditions.contains { !action.has($0.name, on: resource.type) }
            }
            let with = action.resources.filter { resource in
                statement.mayCover(resource.type)
                    && statement.conditions.allSatisfy { action.has($0.name, on: resource.type) }
            }
            guard !without.isEmpty, !with.isEmpty else { continue }
            let types = Self.list(with.map(\.type))
            let arns = meant(with).map { "\"\(Self.arn($0.type))\"" }
            let instead = "\"Resource\": " + (arns.count == 1 ? arns[0] : "[\(arns.joined(separator: ", "))]")
            switch statement.effect {
            case .deny:
                let always = without.filter { resource in
                    statement.conditions.allSatisfy {
                        !action.has($0.name, on: resource.type) && $0.matchesAbsence
                    }
                }
                guard !always.isEmpty else { continue }
                let key = statement.conditions.first { !action.has($0.name, on: always[0].type) }
                reader.warn(
                    first,
                    "every \(action.qualifiedName) is denied: AWS asks about each resource of a call, and the "
                        + "\(Self.list(always.map(\.type))) of it never \(always.count == 1 ? "has" : "have") "
                        + "\(key?.name ?? ""), which \(key?.comparison.name ?? "") matches",
                    instead: instead
                )
            case .allow:
                reader.warn(
                    first,
                    "alone this allows no \(action.qualifiedName): it never matches the \(Self.list(without.map(\.type))) of a "
                        + "call; amiwatch judges the \(types) by it",
                    instead: instead + ", and an Allow of the others"
                )
            }
        }
    }

    /// Of the resources that have every key those that the author probably thought of.
    private func meant(_ resources: [EC2Action.Resource]) -> [EC2Action.Resource] {
        let isAboutRequest = statement.conditions.contains {
            $0.key.hasPrefix("aws:requesttag/") || $0.key == "aws:tagkeys"
        }
        if !isAboutRequest, let image = resources.first(where: { $0.type == "image" }) { return [image] }
        let required = resources.filter(\.isRequired)
        return required.isEmpty ? resources : required
    }

    private static func arn(_ type: String) -> String {
        type == "image" || type == "snapshot" ? "arn:aws:ec2:*::\(type)/*" : "arn:aws:ec2:*:*:\(type)/*"
    }

    private static func list(_ names: [String]) -> String {
        names.count < 2
            ? names.joined() : names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
    }
}
