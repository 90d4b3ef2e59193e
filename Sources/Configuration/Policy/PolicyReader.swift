package import CloudTrail
package import Detection
import Cryptography

/// Reads `policy.yaml` and the files it names.
package enum PolicyReader {
    /// Reads and validates a policy.
    ///
    /// - Parameters:
    ///   - path: The policy file. The files it names are relative to it.
    ///   - location: Where something names the file, for a file that cannot be read.
    ///   - today: The present time, to warn of suppressions that have expired; nil warns of none.
    ///   - retentionDays: How long workers keep what happened, `detector.retention_days`, to warn of what asks for more; nil
    ///     warns of nothing.
    ///   - knownIDs: Every rule id that a policy may name, also of rules that this version does not have.
    /// - Returns: The policy with its hash, and what somebody should look at.
    /// - Throws: Everything that is wrong, all at once, when anything is.
    package static func read(
        path: String,
        namedAt location: FileLocation? = nil,
        today: EventTime? = nil,
        retentionDays: Int? = nil,
        knownIDs: [String] = RuleCatalogue.knownIDs
    ) throws(ConfigurationErrors) -> (policy: Policy, warnings: [Diagnostic]) {
        var reading = PolicyReading(
            path: path,
            today: today,
            retentionDays: retentionDays,
            knownIDs: knownIDs
        )
        let policy = reading.read(namedAt: location)
        let diagnostics = reading.reader.sorted
        guard let policy, !reading.reader.hasErrors else { throw ConfigurationErrors(diagnostics) }
        return (policy, diagnostics)
    }
}

/// One reading of one policy: the top of the file.
///
/// Each section has a file of its own beside this one.
struct PolicyReading {
    let reader = DocumentReader(keys: PolicyKeys.all)
    let path: String
    let today: EventTime?
    let retentionDays: Int?
    let knownIDs: [String]
    /// The files read so far, by the name that the policy gives them, for the hash.
    private var files: [(name: String, bytes: [UInt8])] = []
    /// The same files as they can be opened, in the order in which they are named.
    private var paths: [String] = []

    init(path: String, today: EventTime?, retentionDays: Int?, knownIDs: [String]) {
        self.path = path
        self.today = today
        self.retentionDays = retentionDays
        self.knownIDs = knownIDs
    }

    mutating func read(namedAt location: FileLocation?) -> Policy? {
        guard let bytes = bytes(path, namedAt: location), let root = reader.yaml(bytes, file: path) else {
            return nil
        }
        // Not by its own name: a policy that is only moved stays the same policy.
        files.append(("policy", bytes))
        paths.append(path)
        var policy = Policy()
        guard let top = reader.fields(root, "", when: hasKnownVersion(root)) else { return nil }
        readReplaced(top, into: &policy)
        readOrganization(top, into: &policy)
        readImages(top, into: &policy)
        readPrincipals(top, into: &policy)
        readRequiredTags(top, into: &policy)
        readBaseline(top, into: &policy)
        readDeclarativePolicies(top, into: &policy)
        readStatements(top, into: &policy)
        readRules(top, into: &policy)
        readSuppressions(top, into: &policy)
        warnOfContradictions(policy, top)
        policy.hash = hash()
        policy.files = paths
        return policy
    }

    /// A file that the policy names, or the policy itself; nil (and an error) when it cannot be read.
    private func bytes(_ file: String, namedAt location: FileLocation?) -> [UInt8]? {
        do throws(SourceFile.Refusal) {
            return try SourceFile.bytes(of: file)
        } catch {
            let prefix = location == nil ? "" : "\(file): "
            reader.error(location ?? FileLocation(file: file), prefix + error.message, instead: error.instead)
            return nil
        }
    }

    /// Reads a JSON file that the policy names.
    ///
    /// `mending` says what such a file should hold where it is no JSON.
    mutating func includedJSON(
        _ node: Node,
        _ what: String,
        mending: (DocumentFault) -> String? = { _ in nil }
    ) -> Node? {
        guard let name = reader.text(node, what) else { return nil }
        let file = SourceFile.resolve(name, in: SourceFile.folder(of: path))
        guard let bytes = bytes(file, namedAt: node.location) else { return nil }
        if !files.contains(where: { $0.name.hasSameBytes(as: name) }) {
            files.append((name, bytes))
            paths.append(file)
        }
        switch JSONDocument.read(bytes, file: file) {
        case .success(let root): return root
        case .failure(let fault):
            reader.error(fault.location, fault.message, instead: mending(fault) ?? fault.instead)
            return nil
        }
    }

    /// How many characters a file has that was read.
    func characters(of file: String) -> Int? {
        paths.firstIndex { $0.hasSameBytes(as: file) }.map { index in
            files[index].bytes.count { $0 & 0xC0 != 0x80 }
        }
    }

    /// SHA-256 over every file, each framed by the lengths of its name and its content, so that nothing can be moved
    /// from one file into another without changing the hash.
    private func hash() -> String {
        var content: [UInt8] = []
        for (name, bytes) in files.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
            content += "\(name.utf8.count):\(name)\(bytes.count):".utf8
            content += bytes
        }
        return content.withUnsafeBytes { SHA256.hex(of: $0) }
    }

    /// Whether the file is of a version that this program reads; else nothing more is said about it.
    private func hasKnownVersion(_ root: Node) -> Bool {
        guard case .mapping(let entries) = root.value else { return true }
        guard !entries.isEmpty else {
            reader.warn(root.location, "the policy is empty: nobody is trusted and nothing is demanded")
            return true
        }
        guard let version = entries.first(where: { $0.key == "version" }) else {
            let nearest = entries.first { NearestName.of($0.key, in: ["version"]) != nil }
            if nearest == nil {
                reader.error(
                    root.location,
                    "the policy has no version",
                    instead: "version: 1",
                    impact: "a later amiwatch could not tell how to read it"
                )
            }
            return true
        }
        if case .scalar("1", .plain) = version.value.value { return true }
        guard case .scalar(let text, let style) = version.value.value, !(style == .quoted && text == "1")
        else {
            reader.error(version.value.location, "version must be the number 1", instead: "1")
            return true
        }
        reader.error(
            version.value.location,
            "version \(text) of the policy is not known to this amiwatch",
            instead: "1"
        )
        return false
    }
}

extension DocumentReader {
    /// As `fields(_:_:)`, unless the condition does not hold.
    fileprivate func fields(_ node: Node, _ path: String, when condition: Bool) -> Fields? {
        condition ? fields(node, path) : nil
    }
}
