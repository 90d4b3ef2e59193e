import Foundation
import Testing

@testable import Configuration

/// The examples that we ship show every key that there is.
struct ExampleTests {
    @Test(
        "Every key that a reader knows stands in the example, if only commented out",
        arguments: [
            ("amiwatch.example.yaml", RunKeys.all, ["kafka.properties", "kafka.consumer", "kafka.producer"]),
            (
                "policy.example.yaml", PolicyKeys.all,
                ["images.approved[].tags", "organization.parents", "iam_statements[].statement"]
            ),
        ]
    )
    func keys(name: String, known: [String: [String]], free: [String]) throws {
        let file = ShippedPolicyTests.deploy.appending(path: name)
        let text = try String(contentsOf: file, encoding: .utf8)
        let (root, faults) = YAMLDocument.read(Array(Self.uncommented(text).utf8), file: name)
        #expect(faults.map(\.message) == [])
        var found: [String: Set<String>] = [:]
        collect(try #require(root), "", known, free, into: &found)
        #expect(found == known.mapValues { Set($0) })
    }

    /// A text with the keys that are commented out put in force; a comment of words has a space after its sign.
    private static func uncommented(_ text: String) -> String {
        text.replacing(/(?m)^( *)#(?=[^ #\n])/) { $0.output.1 }
    }

    /// The keys of each mapping by its path, as the readers' tables have them.
    private func collect(
        _ node: Node,
        _ path: String,
        _ known: [String: [String]],
        _ free: [String],
        into found: inout [String: Set<String>]
    ) {
        switch node.value {
        case .mapping(let entries):
            if free.contains(path) { return }
            let hasAnyKeys = known["\(path).*"] != nil
            if !hasAnyKeys { found[path, default: []].formUnion(entries.map(\.key)) }
            for entry in entries {
                let inner = hasAnyKeys ? "\(path).*" : path.isEmpty ? entry.key : "\(path).\(entry.key)"
                collect(entry.value, inner, known, free, into: &found)
            }
        case .sequence(let items):
            for item in items { collect(item, path + "[]", known, free, into: &found) }
        case .scalar, .refused: break
        }
    }
}
