import TestSupport
import Foundation
import KafkaTestSupport
import Testing

/// Real trails from the folder that `AMIWATCH_CORPUS` names, which are not part of the repository.
struct CorpusReplayTests {
    static let folder = ProcessInfo.processInfo.environment["AMIWATCH_CORPUS"]

    @Test(
        "Every file replays: nothing vanishes, nothing crashes",
        .enabled(if: folder != nil, "AMIWATCH_CORPUS is not set: NO REAL TRAILS WERE REPLAYED")
    )
    func everyFile() throws {
        let folder = try #require(Self.folder)
        let tree = try TestFolder()
        let names = FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? []
        let files = names.filter { [".json", ".jsonl", ".gz", ".zst"].contains(where: $0.hasSuffix) }.sorted()
        #expect(!files.isEmpty)
        var read = 0
        for path in files.map({ "\(folder)/\($0)" }) {
            read += try replay(path, tree)["read"] as? Int ?? 0
        }
        // The folder as a whole has the same records.
        let whole = try replay(folder, tree)
        #expect(whole["read"] as? Int == read)
        print("corpus: \(files.count) files, \(SampleDay.text(of: whole))")
        for letter in try tree.lines("letters.jsonl").map(SampleDay.object) {
            print("dead letter:", letter["reason"] ?? "", letter["message"] ?? "", letter["source"] ?? "")
        }
    }

    private func replay(_ path: String, _ tree: TestFolder) throws -> [String: Any] {
        let result = try Binary.run(
            "replay",
            path,
            "--output",
            "/dev/null",
            "--summary",
            "\(tree.path)/summary",
            "--dead-letters",
            "\(tree.path)/letters.jsonl"
        )
        #expect(result.status == 0, "\(path): \(result.errors)")
        let summary = SampleDay.object(try tree.read("summary"))
        func count(_ key: String) -> Int { summary[key] as? Int ?? -1 }
        #expect(
            count("read") == count("ignored") + count("applied") + count("duplicate")
                + count("dead_lettered"),
            "\(path): \(summary)"
        )
        #expect(try tree.lines("letters.jsonl").count == count("dead_lettered"))
        return summary
    }
}
