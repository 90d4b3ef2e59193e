/// What an environment variable whose name begins with `AMIWATCH_` is.
enum RunVariable: Equatable {
    /// A setting, by its path in the file.
    case setting(String)
    /// A property of librdkafka: the section under `kafka`, and the key as it would stand there.
    case property(section: String, key: String)
    /// Not the configuration's.
    case foreign
    /// Nothing that is known: a slip.
    case unknown

    static let prefix = "AMIWATCH_"
    /// Before the name of a property for every client, for consumers, for producers.
    static let sections = [
        (prefix: "AMIWATCH_KAFKA_CONSUMER_", section: "consumer"),
        (prefix: "AMIWATCH_KAFKA_PRODUCER_", section: "producer"),
        (prefix: "AMIWATCH_KAFKA_", section: "properties"),
    ]

    /// Classifies a variable; nil when it does not begin with `AMIWATCH_`.
    init?(_ name: String, value: String) {
        guard name.hasPrefix(Self.prefix) else { return nil }
        if let path = RunKeys.settings.first(where: { RunKeys.variable(of: $0) == name }) {
            self = .setting(path)
        } else if Self.isForeign(name, value) {
            self = .foreign
        } else if let (prefix, section) = Self.sections.first(where: { name.hasPrefix($0.prefix) }),
            name.count > prefix.count
        {
            self = .property(section: section, key: Self.key(String(name.dropFirst(prefix.count))))
        } else {
            self = .unknown
        }
    }

    /// `SASL_PASSWORD_FILE` is `sasl.password_file`; no name of librdkafka's has an underscore.
    private static func key(_ name: String) -> String {
        let isFile = name.hasSuffix("_FILE")
        let base = isFile ? String(name.dropLast(5)) : name
        return base.lowercased().replacing("_", with: ".") + (isFile ? "_file" : "")
    }

    /// What the tests of this repository read, and what Kubernetes tells every container of a service named
    /// `amiwatch` or `amiwatch-kafka`
    /// (https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables).
    private static func isForeign(_ name: String, _ value: String) -> Bool {
        let tests = [
            "TEST_BOOTSTRAP", "UPDATE_EXPECTED", "CORPUS", "BENCHMARKS", "HOSTILE_SEED", "HOSTILE_ROUNDS",
            "FAILOVER", "BROKEN_ENTRIES", "HISTORIES", "OPTIMISED_TESTS", "FUZZ", "CHAOS",
        ]
        if tests.contains(String(name.dropFirst(prefix.count))) { return true }
        if name.contains(/_SERVICE_(HOST|PORT|PORT_[A-Z0-9_]+)$/) { return true }
        if name.contains(/_PORT_[0-9]+_(TCP|UDP|SCTP)(_PROTO|_PORT|_ADDR)?$/) { return true }
        return name.hasSuffix("_PORT") && value.contains("://")
    }
}

/// Settings and properties that come from outside the file.
extension RunReading {
    /// A file's root with what the environment and the options give put over it.
    func overlay(_ root: Node, _ options: [RunOverride]) -> Node {
        var root = root
        for setting in RunKeys.settings {
            let name = RunKeys.variable(of: setting)
            let isList = RunKeys.lists.contains(setting)
            let steps = setting.split(separator: ".").map(String.init)
            if let option = options.last(where: { $0.path == setting }) {
                let node = Node(setting: option.values, isList: isList, from: option.name)
                root = root.putting(node, at: steps)
            } else if let value = environment[name] {
                let values = isList ? value.split(separator: ",").map { $0.trimming(" ") } : [value]
                root = root.putting(Node(setting: values, isList: isList, from: name), at: steps)
            }
        }
        var properties: [String: [Node.Entry]] = [:]
        for name in environment.keys.sorted() {
            let value = environment[name] ?? ""
            switch RunVariable(name, value: value) {
            case .property(let section, let key):
                let node = Node(setting: [value], isList: false, from: name)
                properties[section, default: []].append(.init(key: key, location: node.location, value: node))
            case .unknown: refuse(variable: name)
            case nil, .setting, .foreign: break
            }
        }
        for (_, section) in RunVariable.sections {
            guard let entries = properties[section] else { continue }
            root = root.putting(entries, at: ["kafka", section]) {
                $0.hasSuffix("_file") ? String($0.dropLast(5)) : $0
            }
        }
        return root
    }

    private func refuse(variable name: String) {
        let known = RunKeys.settings.map {
            String(RunKeys.variable(of: $0).dropFirst(RunVariable.prefix.count))
        }
        let nearest = NearestName.of(String(name.dropFirst(RunVariable.prefix.count)), in: known)
        reader.error(
            FileLocation(file: name, isSetting: true),
            "no setting has this name",
            instead: nearest.map { RunVariable.prefix + $0 }
                ?? "a name of Deploy/amiwatch.example.yaml, or remove the variable",
            impact: "it would have no effect"
        )
    }
}

extension RunConfiguration.Property {
    /// How another property is written where this one stands: in a variable `AMIWATCH_KAFKA_…`, in a file by its own
    /// name.
    package func writing(_ name: String) -> String {
        guard location.isSetting,
            let prefix = RunVariable.sections.first(where: { location.file.hasPrefix($0.prefix) })
        else { return name }
        return prefix.prefix + name.uppercased().replacing(".", with: "_")
            + (location.file.hasSuffix("_FILE") ? "_FILE" : "")
    }
}

extension Substring {
    /// Without some character at both ends.
    fileprivate func trimming(_ character: Character) -> String {
        let start = drop { $0 == character }
        return String(start.reversed().drop { $0 == character }.reversed())
    }
}
