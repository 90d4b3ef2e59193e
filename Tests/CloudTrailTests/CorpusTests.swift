import CloudTrail
import CloudTrailTestSupport
import Foundation
import Testing

/// Real trails from the folder that `AMIWATCH_CORPUS` names.
///
/// They are not part of the repository.
@Suite
struct CorpusTests {
    static let folder = ProcessInfo.processInfo.environment["AMIWATCH_CORPUS"]

    static var files: [String] {
        guard let folder else { return [] }
        return (FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? [])
            .filter { $0.hasSuffix(".json") || $0.hasSuffix(".jsonl") || $0.hasSuffix(".gz") }.sorted()
            .map { folder + "/" + $0 }
    }

    @Test(.enabled(if: folder != nil, "AMIWATCH_CORPUS is not set: no real trails were read"))
    func everyRecordIsAccountedFor() throws {
        var total = Gathered()
        for path in Self.files {
            let data = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            let quick = RecordReader().gather(file: data)
            let thorough = RecordReader(validate: .all).gather(file: data)
            #expect(quick == thorough, "\(path)")
            for letter in quick.letters {
                print(
                    "dead letter",
                    path,
                    letter.reason,
                    letter.text,
                    String(decoding: letter.bytes.prefix(300), as: UTF8.self)
                )
            }
            for record in quick.records {
                if case .unreadable(let reason) = record.call {
                    print("unreadable", path, record.name, reason)
                }
            }
            if path.contains("envelopes") {
                print(path, quick.ignored, quick.records.map { "\($0)" }, quick.letters.count)
            }
            total.ignored += quick.ignored
            total.records += quick.records
            total.letters += quick.letters
        }
        print(
            "read \(total.read): ignored \(total.ignored), records \(total.records.count), dead letters \(total.letters.count)"
        )
        #expect(total.read > 0)
    }
}
