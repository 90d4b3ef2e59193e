import CloudTrail

/// The policy that holds for an account: what is attached to the root, to each organizational unit above it, and to it, merged.
///
/// On each level the first `@@assign` in the order of attachment gives the value, then every `@@append` adds to it, then every
/// `@@remove` takes from it; an operator that a level above does not allow is passed over. Source: AWS Organizations User Guide,
/// "Policy syntax and inheritance for management policy types", and how AWS merges in fact where the guide is silent.
public struct EffectivePolicy: Hashable, Sendable {
    /// The values by path; a setting that nobody gives a value is not there.
    public private(set) var values: [[String]: PolicyValue] = [:]

    /// Merges the policies of each level, the root first; those of a level in the order of attachment.
    public init(_ levels: [[PolicyTree]]) {
        for path in Set(levels.joined().flatMap(\.settings.keys)) {
            values[path] = Self.value(levels.map { $0.compactMap { $0.settings[path] } })
        }
    }

    private static func value(_ levels: [[PolicyTree.Setting]]) -> PolicyValue? {
        var value: PolicyValue?
        var allowed = Set(PolicyOperator.allCases)
        for level in levels {
            if allowed.contains(.assign), let assigned = level.lazy.compactMap(\.assign).first {
                value = assigned.unique
            }
            if allowed.contains(.append) {
                let added = level.flatMap(\.append)
                if !added.isEmpty { value = PolicyValue.list((value?.members ?? []) + added).unique }
            }
            if allowed.contains(.remove), let members = value?.members {
                let removed = Set(level.flatMap(\.remove))
                if !removed.isEmpty { value = .list(members.filter { !removed.contains($0) }) }
            }
            for control in level.compactMap(\.allowed) { allowed.formIntersection(control) }
        }
        return value
    }
}

extension EffectivePolicy {
    /// The policy as AWS shows it, `@@assign` left out: JSON, indented, names in the order of their bytes.
    public var json: String {
        Self.json(values.sorted { $0.key.lexicographicallyPrecedes($1.key) }[...], depth: 0)
    }

    private static func json(_ values: ArraySlice<(key: [String], value: PolicyValue)>, depth: Int) -> String
    {
        if let only = values.first, only.key.count == depth { return only.value.json }
        if values.isEmpty { return "{}" }
        var (rest, members) = (values, [String]())
        let indent = String(repeating: "  ", count: depth + 1)
        while let name = rest.first?.key[depth] {
            let inner = rest.prefix { $0.key[depth] == name }
            rest = rest.dropFirst(inner.count)
            members.append("\(indent)\(PolicyValue.string(name)): \(json(inner, depth: depth + 1))")
        }
        return "{\n\(members.joined(separator: ",\n"))\n\(indent.dropLast(2))}"
    }
}

extension PolicyValue {
    fileprivate var json: String {
        switch self {
        case .text(let text): Self.string(text)
        case .list(let members): "[\(members.map(Self.string).joined(separator: ", "))]"
        }
    }

    fileprivate static func string(_ text: String) -> String {
        var json = JSONWriter()
        json.string(text)
        return json.text
    }

    /// What a list holds; a single text counts as a list of one.
    var members: [String] {
        switch self {
        case .text(let text): [text]
        case .list(let members): members
        }
    }

    /// The same with each member once, where it stands first.
    fileprivate var unique: PolicyValue {
        guard case .list(let members) = self else { return self }
        var known: Set<String> = []
        return .list(members.filter { known.insert($0).inserted })
    }
}
