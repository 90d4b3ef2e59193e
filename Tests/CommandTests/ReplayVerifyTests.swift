import Foundation
import KafkaTestSupport
import TestSupport
import Testing

/// `replay --verify`: only what digests prove is judged, unless told otherwise.
struct ReplayVerifyTests {
    private let root: String
    private let tree: TestFolder

    init() throws {
        root = try SignedBuckets.folder
        tree = try TestFolder()
    }

    private struct Run {
        let alerts: [[String: Any]]
        let summary: [String: Any]
        let errors: String

        /// How many alerts have each evidence.
        var evidence: [String: Int] {
            Dictionary(grouping: alerts) { $0["evidence"] as? String ?? "none" }.mapValues(\.count)
        }

        /// Who made the calls.
        var actors: Set<String> {
            Set(alerts.compactMap { ($0["actor"] as? [String: Any])?["arn"] as? String })
        }

        var integrity: [String: Any] { summary["integrity"] as? [String: Any] ?? [:] }
    }

    private func replay(_ name: String, metadata: Bool = true, _ options: String...) throws -> Run {
        let given = metadata ? ["--metadata", "\(root)/\(name)/head-objects.json"] : []
        let keys = options.contains("--plain") ? [] : ["--verify", "\(root)/keys-v1.json"] + given
        let result = try runCommand(
            [Binary.path, "replay", "\(root)/\(name)/bucket", "--summary", "\(tree.path)/summary"]
                + ["--rule", "ami-shared-publicly"] + keys
                + options.filter { $0 != "--plain" }
        )
        #expect(result.status == 0, "\(result.errors)")
        return Run(
            alerts: result.output.split(separator: "\n").map { SampleDay.object(String($0)) },
            summary: SampleDay.object(try tree.read("summary")),
            errors: result.errors
        )
    }

    @Test("Where all is proven the alerts are those of any replay, and say that they are verified")
    func proven() throws {
        let plain = try replay("intact", "--plain")
        #expect(plain.evidence == ["none": 38])
        #expect(plain.summary["integrity"] == nil)
        let verified = try replay("intact")
        #expect(verified.evidence == ["verified": 38])
        let bare = verified.alerts.map { $0.filter { $0.key != "evidence" } as NSDictionary }
        #expect(bare == plain.alerts.map { $0 as NSDictionary })
        #expect(
            verified.errors.contains("\nfiles: 38 verified, 0 unverified, 0 contradicted\n"),
            "\(verified.errors)"
        )
        #expect(!verified.errors.contains("left out"))
        let findings = try replay("intact", "--findings")
        #expect(findings.evidence == ["verified": 38])
    }

    @Test("A file that was changed is left out, counted and named; or judged, and its alerts say so")
    func contradicted() throws {
        let left = try replay("log-altered")
        #expect(left.evidence == ["verified": 37])
        #expect(left.actors.allSatisfy { $0.hasSuffix("user/anna") })
        #expect(
            left.errors.contains(
                "\nleft out: 1 file with 1 record that no digest proves (--judge-unverified judges them)\n"
            )
        )
        #expect(left.errors.contains("\nintegrity: The log file "), "\(left.errors)")
        #expect(left.integrity["left_out"] as? [String: Int] == ["files": 1, "records": 1])
        #expect(
            left.integrity["files"] as? [String: Int] == ["verified": 37, "unverified": 0, "contradicted": 1]
        )
        #expect(left.integrity["findings"] as? Int == 1)
        #expect(left.summary["read"] as? Int == 37)
        let judged = try replay("log-altered", "--judge-unverified")
        #expect(judged.evidence == ["verified": 37, "contradicted": 1])
        for alert in judged.alerts {
            let isForged = ((alert["actor"] as? [String: Any])?["arn"] as? String)?.hasSuffix("otto") ?? false
            #expect(isForged == (alert["evidence"] as? String == "contradicted"))
        }
        #expect(!judged.errors.contains("left out"))
        let findings = try replay("log-altered", "--judge-unverified", "--findings")
        #expect(findings.evidence == ["verified": 37, "contradicted": 1])
        let text = try replay("log-altered", "--judge-unverified", "--format", "text")
        #expect(text.alerts.count > 37)
    }

    @Test("What is not proven is unverified, and so is what was added to a proven hour contradicted")
    func unproven() throws {
        let without = try replay("intact", metadata: false, "--judge-unverified")
        #expect(without.evidence == ["verified": 30, "unverified": 8])
        let left = try replay("intact", metadata: false)
        #expect(left.evidence == ["verified": 30])
        #expect(left.errors.contains("\nleft out: 8 files with 8 records "))
        // Its record is one that a proven file tells too: of copies in two files the worse one counts.
        let added = try replay("log-copied", "--judge-unverified", "--findings")
        #expect(added.evidence == ["verified": 37, "contradicted": 1], "\(added.evidence)")
        #expect(try replay("log-copied").evidence == ["verified": 38])
        // The bytes of what was only moved are still those that were signed.
        #expect(try replay("log-moved").evidence == ["verified": 38])
        let missing = try replay("digests-missing", "--judge-unverified")
        #expect(missing.evidence == ["verified": 34, "unverified": 4], "\(missing.evidence)")
    }

    @Test(
        "Options that make no sense are refused",
        arguments: [
            (["x", "--metadata", "y"], "--metadata is about --verify, which is not given"),
            (["x", "--judge-unverified"], "--judge-unverified is about --verify, which is not given"),
            (["-", "--verify", "y"], "--verify is about files, and standard input is none: name the folder"),
        ]
    )
    func usage(words: [String], line: String) throws {
        let result = try runCommand([Binary.path, "replay"] + words)
        #expect(result.errors == "amiwatch: replay: \(line) (see 'amiwatch replay --help')\n")
        #expect(result.status == 2)
    }
}
