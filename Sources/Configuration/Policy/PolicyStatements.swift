import CloudTrail
import Detection

/// `iam_statements`.
extension PolicyReading {
    mutating func readStatements(_ top: Fields, into policy: inout Policy) {
        if let location = top.location(of: "iam_statements") {
            warnOfNoEffect("iam_statements", location, "iam-condition-violated")
        }
        var known: Set<ExactText> = []
        for (index, node) in top.items("iam_statements").enumerated() {
            guard let fields = reader.fields(node, "iam_statements[]") else { continue }
            if fields["file"] != nil, let location = fields.location(of: "statement") {
                reader.error(
                    location,
                    "iam_statements: both file and statement are given",
                    instead: "one of the two"
                )
                continue
            }
            let root: Node?
            var name = "iam_statements[\(index)]"
            if let statement = fields["statement"] {
                root = statement
            } else if needed(fields, "file", "NAME.json"), let node = fields["file"] {
                root = fields.value("file") { includedJSON($0, $1) }
                if case .scalar(let text, _) = node.value { name = text }
                guard known.insert(ExactText(name)).inserted else {
                    reader.error(
                        node.location,
                        "iam_statements: \(name) is named twice",
                        instead: "it once",
                        impact: "each of its findings would be told twice"
                    )
                    continue
                }
            } else {
                root = nil
            }
            guard let root else { continue }
            var document = StatementReader(reader: reader, name: name, document: index)
            policy.iamStatements += document.read(root)
        }
    }
}
