import CloudTrail

/// JSON as text, for what a message proposes to write, and for what is compared.
enum JSONText {
    /// A JSON string with its quotes; only what must be escaped is.
    static func string(_ text: String) -> String {
        var json = JSONWriter()
        json.string(text)
        return json.text
    }

    /// A value of a JSON file in canonical form: no white space, keys in the order of their bytes, numbers as written.
    static func canonical(_ node: Node) -> String {
        var json = JSONWriter()
        write(node, to: &json)
        return json.text
    }

    private static func write(_ node: Node, to json: inout JSONWriter) {
        switch node.value {
        case .refused: json.string(nil)
        case .scalar(let text, .plain): json.number(text)
        case .scalar(let text, _): json.string(text)
        case .sequence(let items): json.array { json in for item in items { write(item, to: &json) } }
        case .mapping(let entries):
            json.object { json in
                for entry in entries.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
                    json.key(text: entry.key)
                    write(entry.value, to: &json)
                }
            }
        }
    }
}
