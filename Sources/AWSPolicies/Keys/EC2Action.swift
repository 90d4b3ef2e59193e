/// An action of EC2: the resources that each call of it is authorised on, and the condition keys that each of them has.
///
/// AWS asks about every resource of a call by itself. A key that a resource does not have is absent there, whatever the call
/// says of another one.
public struct EC2Action: Sendable {
    /// A type of resource that a call is authorised on.
    public struct Resource: Sendable {
        /// As its ARN has it: `image`, `network-interface`.
        public let type: String
        /// Whether every call is authorised on one.
        public let isRequired: Bool
        /// The keys, as AWS writes them; one that ends in `/` goes on with a tag's or an attribute's name.
        public let keys: [String]
    }

    /// As CloudTrail names it: `RunInstances`.
    public let name: String
    /// Keys that it has whatever the resource.
    public let keys: [String]
    /// None where it is authorised on `*` alone.
    public let resources: [Resource]

    /// As a statement names it: `ec2:RunInstances`.
    public var qualifiedName: String { "ec2:\(name)" }

    /// Whether it, or one of its resources, has a key; nil stands for any resource.
    public func has(_ key: String, on type: String? = nil) -> Bool {
        ConditionKey.isEverywhere(key) || ConditionKey.named(key, in: keys) != nil
            || resources.contains {
                (type == nil || $0.type == type) && ConditionKey.named(key, in: $0.keys) != nil
            }
    }

    /// The actions that are known, in order.
    public static let all: [EC2Action] = read()

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    /// The action that CloudTrail names so.
    public static func named(_ name: String) -> EC2Action? { byName[name] }

    private static func read() -> [EC2Action] {
        var actions: [EC2Action] = []
        var head: (name: String, keys: [String])?
        var resources: [Resource] = []
        func end() {
            guard let action = head else { return }
            actions.append(EC2Action(name: action.name, keys: action.keys, resources: resources))
            resources = []
        }
        for line in table.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let first = words.first else { continue }
            let keys = words.dropFirst().flatMap { word in
                (groups[word] ?? String(word)).split(separator: " ").map(String.init)
            }
            if line.hasPrefix(" ") {
                let isRequired = first.hasSuffix("*")
                let type = String(isRequired ? first.dropLast() : first)
                resources.append(Resource(type: type, isRequired: isRequired, keys: keys))
            } else {
                end()
                head = (String(first), keys)
            }
        }
        end()
        return actions
    }
}
