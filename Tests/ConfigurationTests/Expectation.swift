import Foundation
import Testing

/// What a fixture's `expected.txt` says, or will say: AMIWATCH_UPDATE_EXPECTED=1 writes it anew, and the difference
/// is the review.
struct Expectation {
    static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    let folder: URL

    init(_ group: String, _ name: String) { folder = Self.fixtures.appending(path: "\(group)/\(name)") }

    /// The names of a group's fixtures.
    static func names(in group: String) -> [String] {
        let folder = fixtures.appending(path: group).path
        return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter {
            !$0.hasPrefix(".")
        }.sorted()
    }

    /// Compares lines, in which the fixture's own folder is left out, with the expected ones.
    func check(_ lines: [String]) throws {
        let found = lines.joined(separator: "\n").replacing(folder.path + "/", with: "") + "\n"
        let file = folder.appending(path: "expected.txt")
        if ProcessInfo.processInfo.environment["AMIWATCH_UPDATE_EXPECTED"] != nil {
            try found.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(found == (try? String(contentsOf: file, encoding: .utf8)))
    }
}
