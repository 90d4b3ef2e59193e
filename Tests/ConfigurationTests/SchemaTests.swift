import Detection
import Foundation
import Testing

@testable import Configuration

/// The JSON Schemas for editors say the same as the readers.
struct SchemaTests {
    private func schema(_ name: String) throws -> Node {
        let file = ShippedPolicyTests.deploy.appending(path: "../Schemas/\(name).schema.json")
        return try JSONDocument.read([UInt8](Data(contentsOf: file)), file: name).get()
    }

    @Test(
        "Every key that a reader knows is in the schema, and the reverse",
        arguments: [
            ("policy", PolicyKeys.all), ("run", RunKeys.all),
        ]
    )
    func keys(name: String, known: [String: [String]]) throws {
        let root = try schema(name)
        var found: [String: Set<String>] = [:]
        collect(root, "", root, into: &found)
        #expect(found == known.mapValues { Set($0) })
    }

    @Test("The schema names every rule")
    func rules() throws {
        let rules = try schema("policy")["$defs"]?["rule"]?["enum"]?.texts
        #expect(rules == RuleCatalogue.knownIDs)
    }

    /// The keys of each mapping by its path, as the readers' tables have them.
    private func collect(_ node: Node, _ path: String, _ root: Node, into found: inout [String: Set<String>])
    {
        if case .scalar(let reference, _)? = node["$ref"]?.value,
            let name = reference.split(separator: "/").last,
            let definition = root["$defs"]?[String(name)]
        {
            collect(definition, path, root, into: &found)
        }
        if let properties = node["properties"] {
            found[path, default: []].formUnion(properties.keys)
            for key in properties.keys {
                guard let property = properties[key] else { continue }
                collect(property, path.isEmpty ? key : "\(path).\(key)", root, into: &found)
            }
        }
        if let items = node["items"] { collect(items, path + "[]", root, into: &found) }
        if let others = node["additionalProperties"] { collect(others, path + ".*", root, into: &found) }
    }
}

extension Node {
    fileprivate var keys: [String] {
        if case .mapping(let entries) = value { entries.map(\.key) } else { [] }
    }

    fileprivate var texts: [String] {
        guard case .sequence(let items) = value else { return [] }
        return items.compactMap { if case .scalar(let text, _) = $0.value { text } else { nil } }
    }

    fileprivate subscript(key: String) -> Node? {
        guard case .mapping(let entries) = value else { return nil }
        return entries.first { $0.key == key }?.value
    }
}
