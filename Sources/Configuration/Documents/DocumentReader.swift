import CloudTrail

/// Reads typed values out of nodes and collects everything that is wrong with them.
///
/// A class, because every part of a reader adds to the same list; it lives on one thread, for one reading.
final class DocumentReader {
    private(set) var diagnostics: [Diagnostic] = []
    /// The keys of each mapping by its path (`images.approved[]`); also what the JSON Schemas are compared with.
    let keys: [String: [String]]

    init(keys: [String: [String]]) { self.keys = keys }

    /// What was found, in the order of the places, each once.
    var sorted: [Diagnostic] {
        var seen: Set<Diagnostic> = []
        let unique = diagnostics.filter { seen.insert($0).inserted }
        // Files in the order in which they were read; within a file from top to bottom.
        var files: [ExactText: Int] = [:]
        for diagnostic in unique where files[ExactText(diagnostic.location.file)] == nil {
            files[ExactText(diagnostic.location.file)] = files.count
        }
        return unique.enumerated().sorted { left, right in
            let (a, b) = (left.element.location, right.element.location)
            let order = (files[ExactText(a.file)] ?? 0, a.line ?? 0, a.column ?? 0)
            let other = (files[ExactText(b.file)] ?? 0, b.line ?? 0, b.column ?? 0)
            return order == other ? left.offset < right.offset : order < other
        }.map(\.element)
    }

    var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

    func error(_ location: FileLocation, _ message: String, instead: String? = nil, impact: String? = nil) {
        diagnostics.append(Diagnostic(.error, at: location, message, instead: instead, impact: impact))
    }

    func warn(_ location: FileLocation, _ message: String, instead: String? = nil, impact: String? = nil) {
        diagnostics.append(Diagnostic(.warning, at: location, message, instead: instead, impact: impact))
    }

    /// Reads a file as YAML.
    ///
    /// Nil when it could not be read; an empty file is an empty mapping.
    func yaml(_ bytes: [UInt8], file: String) -> Node? {
        let (root, faults) = YAMLDocument.read(bytes, file: file)
        for fault in faults { error(fault.location, fault.message, instead: fault.instead) }
        if root == nil, faults.isEmpty {
            return Node(location: FileLocation(file: file, line: 1, column: 1), value: .mapping([]))
        }
        return root
    }

    // MARK: Mappings and lists

    /// A mapping whose keys are known; nil (and an error) when it is none.
    func fields(_ node: Node, _ path: String) -> Fields? {
        guard let entries = entries(node, path) else { return nil }
        let known = keys[path] ?? []
        for entry in entries where !known.contains(entry.key) {
            let name = path.isEmpty ? "" : " in \(Self.plain(path))"
            let nearest = NearestName.of(entry.key, in: known)
            error(
                entry.location,
                "unknown key \(entry.key)\(name)",
                instead: nearest ?? "one of " + known.joined(separator: ", "),
                impact: "it would have no effect"
            )
        }
        let given = entries.filter { entry in
            guard known.contains(entry.key), entry.value.isNull else { return true }
            warn(entry.location, "\(entry.key) has no value, so it counts as not given")
            return false
        }
        return Fields(path: path, location: node.location, reader: self, known: known, values: given)
    }

    /// The entries of a mapping with any keys, without those that come twice.
    func entries(_ node: Node, _ path: String) -> [Node.Entry]? {
        guard case .mapping(let entries) = node.value else {
            mismatch(node, path, "a mapping", instead: nil)
            return nil
        }
        var first: [ExactText: FileLocation] = [:]
        return entries.filter { entry in
            guard let earlier = first.updateValue(entry.location, forKey: ExactText(entry.key)) else {
                return true
            }
            first[ExactText(entry.key)] = earlier
            error(
                entry.location,
                "duplicate key \(entry.key), first at line \(earlier.line ?? 0)",
                impact: "one of the two would be ignored"
            )
            return false
        }
    }

    /// The items of a list; nil (and an error) when it is none.
    func items(_ node: Node, _ path: String) -> [Node]? {
        guard case .sequence(let items) = node.value else {
            let example: String? =
                if case .scalar(let text, let style) = node.value {
                    "[\(style == .plain && PlainScalar(text) == .text ? text : JSONText.string(text))]"
                } else { nil }
            mismatch(node, path, "a list", instead: example)
            return nil
        }
        return items
    }

    // MARK: Scalars

    /// A text.
    ///
    /// Unquoted, it must be nothing that YAML reads as something else.
    func text(_ node: Node, _ path: String, allowEmpty: Bool = false) -> String? {
        guard case .scalar(let text, let style) = node.value else {
            mismatch(node, path, "a string", instead: nil)
            return nil
        }
        if style == .plain, PlainScalar(text) != .text {
            let kind = PlainScalar(text) == .null ? "nothing" : node.kind
            error(
                node.location,
                "\(path) must be a string, and the unquoted \(text.isEmpty ? "value" : text) is \(kind)",
                instead: JSONText.string(text)
            )
            return nil
        }
        guard allowEmpty || !text.isEmpty else {
            error(node.location, "\(path) is empty")
            return nil
        }
        return text
    }

    /// A whole number within a range.
    func integer(_ node: Node, _ path: String, _ range: ClosedRange<Int>) -> Int? {
        guard case .scalar(let text, let style) = node.value, style != .quoted else {
            if case .scalar(let text, _) = node.value, Int(text) != nil {
                error(node.location, "\(path) must be a whole number, and this is a string", instead: text)
            } else {
                mismatch(node, path, "a whole number", instead: nil)
            }
            return nil
        }
        // `0123` and `1_000` are different numbers to different readers of YAML.
        guard let number = Int(text), String(number) == text else {
            error(
                node.location,
                "\(path) must be a whole number, and this is \(text.isEmpty ? "nothing" : text)"
            )
            return nil
        }
        guard range.contains(number) else {
            let limits =
                range.upperBound == .max
                ? "must be at least \(range.lowerBound)"
                : "must be from \(range.lowerBound) to \(range.upperBound)"
            let problem = number < 0 && range.lowerBound >= 0 ? "cannot be negative" : limits
            error(node.location, "\(path) \(problem), and this is \(number)")
            return nil
        }
        return number
    }

    /// `true` or `false`.
    func boolean(_ node: Node, _ path: String) -> Bool? {
        if case .scalar(let text, let style) = node.value, style != .quoted {
            if text == "true" || text == "false" { return text == "true" }
            if PlainScalar(text) == .boolean {
                let value = ["true", "yes", "on", "y"].contains(text.lowercased())
                error(
                    node.location,
                    "\(path) must be true or false, and readers of YAML disagree about \(text)",
                    instead: "\(value)"
                )
                return nil
            }
        }
        mismatch(node, path, "true or false", instead: nil)
        return nil
    }

    /// One of a few words.
    ///
    /// `-` and `_`, upper and lower case are not the same, but the right spelling is told.
    func word<Word: RawRepresentable & CaseIterable>(_ node: Node, _ path: String, _: Word.Type) -> Word?
    where Word.RawValue == String {
        guard case .scalar(let text, _) = node.value else {
            mismatch(node, path, "a string", instead: nil)
            return nil
        }
        if let word = Word(rawValue: text) { return word }
        let known = Word.allCases.map(\.rawValue)
        error(
            node.location,
            text.isEmpty ? "\(path) is empty" : "\(path): \(text) is not a valid value",
            instead: NearestName.of(text, in: known) ?? "one of " + known.joined(separator: ", ")
        )
        return nil
    }

    /// A path without the signs for items and free keys.
    static func plain(_ path: String) -> String { path.replacing("[]", with: "").replacing(".*", with: "") }

    /// Says that a value is of the wrong type.
    func mismatch(_ node: Node, _ path: String, _ wanted: String, instead: String?) {
        if case .refused = node.value { return }
        let name = path.isEmpty ? "the file" : Self.plain(path)
        error(node.location, "\(name) must be \(wanted), and this is \(node.kind)", instead: instead)
    }
}

/// The values of one mapping, by key.
struct Fields {
    let path: String
    let location: FileLocation
    fileprivate let reader: DocumentReader
    fileprivate let known: [String]
    fileprivate let values: [Node.Entry]

    /// The value of a key; nil when it is absent.
    subscript(key: String) -> Node? {
        assert(known.contains(key), "\(path) has no key \(key)")
        return values.first { $0.key == key }?.value
    }

    func location(of key: String) -> FileLocation? { values.first { $0.key == key }?.location }

    private func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// What `read` makes of a key's value, of which it is also told the name; nil when the key is absent.
    func value<Value>(_ key: String, _ read: (Node, String) -> Value?) -> Value? {
        self[key].flatMap { read($0, DocumentReader.plain(path(of: key))) }
    }

    /// A mapping whose keys are known.
    func fields(_ key: String) -> Fields? { self[key].flatMap { reader.fields($0, path(of: key)) } }

    func text(_ key: String, allowEmpty: Bool = false) -> String? {
        value(key) { reader.text($0, $1, allowEmpty: allowEmpty) }
    }

    func boolean(_ key: String) -> Bool? { value(key, reader.boolean) }

    func word<Word: RawRepresentable & CaseIterable>(_ key: String, _ type: Word.Type) -> Word?
    where Word.RawValue == String {
        value(key) { reader.word($0, $1, type) }
    }

    /// A whole number within a range; what is absent or refused leaves the value as it is.
    func integer(_ key: String, _ range: ClosedRange<Int>, into value: inout Int) {
        value = self.value(key) { reader.integer($0, $1, range) } ?? value
    }

    /// The items of a list; none when it is absent.
    func items(_ key: String) -> [Node] { value(key, reader.items) ?? [] }

    /// Each item of a list, read in the same way.
    func list<Item>(_ key: String, _ read: (Node, String) -> Item?) -> [Item] {
        value(key) { node, name in reader.list(node, name) { read($0, name) } } ?? []
    }

    /// Each item of a list of texts that are compared.
    func set(_ key: String, _ read: (Node, String) -> String?) -> Set<ExactText> {
        Set(list(key, read).map { ExactText($0) })
    }

    func accounts(_ key: String, impact: String) -> Set<AccountID> {
        Set(list(key) { reader.account($0, $1, impact: impact) })
    }
}
