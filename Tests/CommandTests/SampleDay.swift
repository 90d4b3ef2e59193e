import Foundation
import KafkaTestSupport

/// The sample day that is shipped with the program.
enum SampleDay {
    static let folder = Binary.checkout.appending(path: "Deploy/sample").path
    static let trail = folder + "/trail"
    static let policy = folder + "/policy.yaml"

    /// Its records, one JSON text each, in no order worth mentioning; the one that is broken left out.
    static let records: [String] = {
        let files = FileManager.default.enumerator(atPath: trail)?.allObjects as? [String] ?? []
        return files.filter { $0.hasSuffix(".gz") }.sorted().flatMap { name -> [String] in
            guard let text = try? runCommand(["gzip", "-dc", "\(trail)/\(name)"]).output,
                let file = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
                let records = file["Records"] as? [[String: Any]]
            else { return [] }
            return records.map { Self.text(of: $0) }
        }
    }()

    /// A JSON value on one line, the same in every run.
    static func text(of value: Any) -> String {
        let options: JSONSerialization.WritingOptions = [
            .sortedKeys, .withoutEscapingSlashes, .fragmentsAllowed,
        ]
        let data = try? JSONSerialization.data(withJSONObject: value, options: options)
        return String(decoding: data ?? Data(), as: UTF8.self)
    }

    static func object(_ text: String) -> [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]) ?? [:]
    }

    static func document(_ records: some Sequence<String>) -> String {
        #"{"Records":[\#(records.joined(separator: ","))]}"#
    }
}
