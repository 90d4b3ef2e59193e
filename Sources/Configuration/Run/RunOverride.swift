/// A setting that an option of the command line gives.
package struct RunOverride: Sendable {
    /// The setting's path in the file: `kafka.bootstrap_servers`.
    package let path: String
    /// Its value, or the items of a list.
    package let values: [String]
    /// What gave it, for diagnostics: `--bootstrap-servers`.
    package let name: String

    package init(_ path: String, _ values: [String], from name: String) {
        self.path = path
        self.values = values
        self.name = name
    }
}

extension Node {
    /// A value from outside the file.
    init(setting values: [String], isList: Bool, from name: String) {
        let location = FileLocation(file: name, isSetting: true)
        let scalars = values.map { Node(location: location, value: .scalar($0, .setting)) }
        let only = values.count == 1 ? scalars.first : nil
        self =
            isList
            ? Node(location: location, value: .sequence(scalars))
            : only
                ?? Node(location: location, value: .scalar(values.joined(separator: ","), .setting))
    }

    /// This mapping with some entries put into one within it, in place of those of the same base names.
    func putting(_ entries: [Entry], at path: [String], base: (String) -> String) -> Node {
        guard case .mapping(let old) = value else { return self }
        guard let key = path.first else {
            let names = Set(entries.map { base($0.key) })
            return Node(
                location: location,
                value: .mapping(old.filter { !names.contains(base($0.key)) } + entries)
            )
        }
        let index = old.firstIndex { $0.key == key }
        let location = entries.first?.location ?? self.location
        let inner = index.map { old[$0].value }.flatMap { $0.isNull ? nil : $0 }
        let node = (inner ?? Node(location: location, value: .mapping([])))
            .putting(entries, at: Array(path.dropFirst()), base: base)
        var result = old
        let entry = Entry(key: key, location: index.map { old[$0].location } ?? location, value: node)
        if let index { result[index] = entry } else { result.append(entry) }
        return Node(location: self.location, value: .mapping(result))
    }

    /// This mapping with one value put in at a path, whatever stood there.
    func putting(_ node: Node, at path: [String]) -> Node {
        guard let key = path.first, case .mapping(let entries) = value else { return self }
        var result = entries
        let rest = Array(path.dropFirst())
        let index = entries.firstIndex { $0.key == key }
        let inner = index.map { entries[$0].value } ?? Node(location: node.location, value: .mapping([]))
        let start = inner.isNull ? Node(location: inner.location, value: .mapping([])) : inner
        let entry = Node.Entry(
            key: key,
            location: node.location,
            value: rest.isEmpty ? node : start.putting(node, at: rest)
        )
        if let index { result[index] = entry } else { result.append(entry) }
        return Node(location: location, value: .mapping(result))
    }
}
