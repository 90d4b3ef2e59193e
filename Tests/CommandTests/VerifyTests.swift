import Foundation
import KafkaTestSupport
import TestSupport
import Testing

/// Buckets that a script signs with keys of its own, and in each but one of which one thing is changed.
struct VerifyTests {
    private let root: String

    init() throws { root = try SignedBuckets.folder }

    private var cases: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: root).sorted()
                .filter { !$0.hasSuffix(".json") }
        }
    }

    private func lines(_ path: String) throws -> [[String: Any]] {
        try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8).split(separator: "\n")
            .map { SampleDay.object(String($0)) }
    }

    private func verify(_ name: String, _ options: [String]) throws -> CommandResult {
        try runCommand([Binary.path, "verify", "\(root)/\(name)/bucket"] + options)
    }

    /// A finding as the script tells what is expected.
    private func told(_ finding: [String: Any], _ name: String) -> String {
        let path = (finding["path"] as? String)?.replacing("\(root)/\(name)/bucket/", with: "")
        let hours = (finding["missing_hours"] as? [String] ?? []).joined(separator: " ")
        return "\(finding["kind"] ?? "") \(path ?? "-") \(hours)"
    }

    @Test("Each kind of tampering is found and named, and nothing else is")
    func tampering() throws {
        let names = try cases
        #expect(names.count > 40)
        for name in names {
            let options = try lines("\(name)/options.json").first ?? [:]
            let given =
                options["metadata"] as? Bool == false
                ? [] : ["--metadata", "\(root)/\(name)/head-objects.json"]
            let result = try verify(name, ["--keys", "\(root)/keys-v1.json", "--format", "json"] + given)
            let report = SampleDay.object(result.output)
            let found = (report["findings"] as? [[String: Any]] ?? []).map { told($0, name) }
            let expected = try lines("\(name)/expected.jsonl").map { told($0, name) }
            #expect(found.sorted() == expected.sorted(), "\(name)")
            #expect(result.status == (expected.isEmpty ? 0 : 3), "\(name): \(result.errors)")
            let messages = (report["findings"] as? [[String: Any]] ?? []).compactMap {
                $0["message"] as? String
            }
            #expect(messages.allSatisfy { $0.hasSuffix(".") && $0.contains(":") }, "\(name): \(messages)")
        }
    }

    @Test("Every kind of finding has a bucket that shows it")
    func kinds() throws {
        let shown = Set(
            try cases.flatMap { try lines("\($0)/expected.jsonl").compactMap { $0["kind"] as? String } }
        )
        let text = try String(
            contentsOf: Binary.checkout.appending(path: "Sources/TrailIntegrity/IntegrityFinding.swift"),
            encoding: .utf8
        )
        let kinds = Set(text.matches(of: /case \w+ = "([a-z-]+)"/).map { String($0.output.1) })
        #expect(kinds.count > 20)
        // What cannot be opened is shown below, for links that lead nowhere are not in S3.
        #expect(kinds.subtracting(shown) == ["digest-unreadable", "log-unreadable"])
    }

    @Test("An intact bucket: without metadata the newest digests are said to be unproven, with it nothing is")
    func intact() throws {
        let with = try verify(
            "intact",
            ["--keys", "\(root)/keys-v1.json", "--metadata", "\(root)/intact/head-objects.json"]
        )
        #expect(with.status == 0)
        #expect(with.errors.contains("0 unproven, 0 contradicted\nnothing is wrong\n") == false)
        #expect(with.errors.contains("25 digests: 25 proven, 0 unproven, 0 contradicted\n"), "\(with.errors)")
        #expect(
            with.errors.contains("38 log files: 38 proven, 0 unproven, 0 contradicted\n"),
            "\(with.errors)"
        )
        let without = try verify("intact", ["--keys", "\(root)/keys-v1.json"])
        #expect(without.status == 0)
        for part in [
            "25 digests: 18 proven, 7 unproven, 0 contradicted\n",
            "unproven: 6 digests: the newest digest of its chain; give its head-object output as --metadata\n",
            "unproven: 1 digest: the last digest before a new chain; give its head-object output as --metadata\n",
        ] { #expect(without.errors.contains(part), "\(without.errors)") }
        let rows = without.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(rows.count == 7)
        #expect(rows[1].prefix(6) == ["123456789012", "eu-west-1", "5", "of", "7", "8"])
        #expect(rows[3].first == "o-exampleorgid/111122223333")
        #expect(rows[6].prefix(3) == ["2026-09-01T02:29:23Z", "2026-09-01T05:29:23Z", "3"])
    }

    @Test("Keys are taken in every form in which AWS shows them, also of several Regions")
    func keys() throws {
        for files in [["keys-v1.json"], ["keys-sample.json"], ["keys-v2.json", "keys-v2-west.json"]] {
            let result = try verify("intact", files.flatMap { ["--keys", "\(root)/\($0)"] })
            #expect(result.status == 0, "\(files): \(result.errors)")
        }
        let foreign = try verify("intact", ["--keys", "\(root)/keys-foreign.json", "--format", "json"])
        #expect(foreign.status == 3)
        let findings = SampleDay.object(foreign.output)["findings"] as? [[String: Any]] ?? []
        #expect(Set(findings.compactMap { $0["kind"] as? String }) == ["key-unknown"])
        #expect(findings.count == 25)
    }

    @Test("Metadata as JSON lines, and only some of it")
    func metadata() throws {
        let folder = try TestFolder()
        let whole = try lines("intact/head-objects.json").first ?? [:]
        let entries = try whole.map { key, value in
            let entry: [String: Any] = [
                "Key": key, "Metadata": (value as? [String: Any])?["Metadata"] ?? [:],
            ]
            return try String(decoding: JSONSerialization.data(withJSONObject: entry), as: UTF8.self)
        }
        let all = try folder.write("all.jsonl", entries.joined(separator: "\n"))
        let proven = try verify("intact", ["--keys", "\(root)/keys-v1.json", "--metadata", all])
        #expect(proven.errors.contains("25 digests: 25 proven"), "\(proven.errors)")
        let one = try folder.write("one.json", entries.first { $0.contains("T082923Z") } ?? "")
        let some = try verify("intact", ["--keys", "\(root)/keys-v1.json", "--metadata", one])
        #expect(some.errors.contains("25 digests: 19 proven, 6 unproven"), "\(some.errors)")
    }

    @Test("A part of a bucket, and one that was downloaded twice")
    func parts() throws {
        let bucket = "\(root)/intact/bucket"
        let keys = ["--keys", "\(root)/keys-v1.json"]
        let account = try runCommand([Binary.path, "verify", "\(bucket)/AWSLogs/123456789012"] + keys)
        #expect(account.status == 0, "\(account.output)")
        #expect(account.errors.contains("18 digests: 14 proven"), "\(account.errors)")
        let inside = try Binary.script(
            "cd '\(bucket)/AWSLogs' && \"$0\" verify . \(keys.joined(separator: " "))"
        )
        #expect(inside.status == 0, "\(inside.output)")
        #expect(inside.errors.contains("25 digests: 18 proven"), "\(inside.errors)")
        let folder = try TestFolder()
        for name in ["a", "b"] {
            try FileManager.default.copyItem(atPath: bucket, toPath: "\(folder.path)/\(name)")
        }
        let twice = try runCommand([Binary.path, "verify", folder.path] + keys)
        #expect(twice.status == 0, "\(twice.output)")
        #expect(twice.errors.contains("50 digests: 36 proven, 14 unproven"), "\(twice.errors)")
        // Only a later part: what came before it is asked for, unless --since says not to.
        let chain = "123456789012/CloudTrail-Digest/us-east-1/2026/09/01"
        for name in try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/a/AWSLogs/\(chain)")
        where name.contains("_main_")
            && name < "123456789012_CloudTrail-Digest_us-east-1_main_us-east-1_20260901T05"
        {
            for copy in ["a", "b"] {
                try FileManager.default.removeItem(atPath: "\(folder.path)/\(copy)/AWSLogs/\(chain)/\(name)")
            }
        }
        let later = try runCommand([Binary.path, "verify", "\(folder.path)/a"] + keys)
        #expect(later.status == 3)
        #expect(
            later.output.contains("digest-missing  No digest for 1 hour from 2026-09-01T03:29:23Z"),
            "\(later.output)"
        )
        let since = try runCommand(
            [Binary.path, "verify", "\(folder.path)/a", "--since", "2026-09-01T04:29:23Z"] + keys
        )
        #expect(since.status == 0, "\(since.output)")
    }

    @Test(
        "Names that would steer a terminal, links that lead nowhere or in circles, and empty files end nothing"
    )
    func hostile() throws {
        let folder = try TestFolder()
        let bucket = "\(folder.path)/bucket"
        try FileManager.default.copyItem(atPath: "\(root)/intact/bucket", toPath: bucket)
        let logs = "\(bucket)/AWSLogs/123456789012/CloudTrail/us-east-1/2026/09/01"
        let name = "123456789012_CloudTrail_us-east-1_20260901T0400Z_\u{1B}[2J\n\u{202E}x.json.gz"
        try Data().write(to: URL(fileURLWithPath: "\(logs)/\(name)"))
        try FileManager.default.createSymbolicLink(atPath: "\(logs)/loop", withDestinationPath: "../01")
        try FileManager.default.createSymbolicLink(
            atPath: "\(logs)/123456789012_CloudTrail_us-east-1_20260901T0401Z_gone.json.gz",
            withDestinationPath: "/no/such/file"
        )
        let result = try runCommand([Binary.path, "verify", bucket, "--keys", "\(root)/keys-v1.json"])
        #expect(result.status == 3)
        #expect(!result.output.contains("\u{1B}") && !result.output.contains("\u{202E}"))
        #expect(result.output.contains("_\\u{1b}[2J\\n\\u{202e}x.json.gz"), "\(result.output)")
        let kinds = result.output.split(separator: "\n").compactMap { $0.split(separator: " ").first }
            .filter { $0.contains("-") && $0.first?.isLetter == true && !$0.hasPrefix("o-") }
        #expect(kinds == ["log-unnamed", "log-unnamed"], "\(result.output)")
    }

    @Test("What cannot be opened is told, and does not hide the rest")
    func unreadable() throws {
        let folder = try TestFolder()
        let bucket = "\(folder.path)/bucket"
        try FileManager.default.copyItem(atPath: "\(root)/intact/bucket", toPath: bucket)
        let digest =
            "CloudTrail-Digest/us-east-1/2026/09/01"
            + "/123456789012_CloudTrail-Digest_us-east-1_main_us-east-1_20260901T042923Z.json.gz"
        let logs = "CloudTrail/us-east-1/2026/09/01"
        let log = try #require(
            try FileManager.default.contentsOfDirectory(atPath: "\(bucket)/AWSLogs/123456789012/\(logs)")
                .sorted().first
        )
        for path in [digest, "\(logs)/\(log)"] {
            let place = "\(bucket)/AWSLogs/123456789012/\(path)"
            try FileManager.default.removeItem(atPath: place)
            try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: "/no/such/file")
        }
        let result = try runCommand(
            [Binary.path, "verify", bucket, "--keys", "\(root)/keys-v1.json", "--format", "json"]
        )
        let findings = SampleDay.object(result.output)["findings"] as? [[String: Any]] ?? []
        #expect(
            findings.compactMap { $0["kind"] as? String }.sorted() == ["digest-unreadable", "log-unreadable"]
        )
        #expect(findings.allSatisfy { $0["detail"] as? String == "No such file or directory" })
        #expect(result.status == 3)
    }

    @Test(
        "Wrong usage and files that are no keys are one line",
        arguments: [
            (["x"], "verify: --keys FILE is missing: what 'aws cloudtrail list-public-keys' printed", 2),
            (["--keys", "KEYS"], "verify: PATH is missing", 2),
            (["/no/such", "--keys", "KEYS"], "reading /no/such: No such file or directory", 1),
            (["EMPTY", "--keys", "KEYS"], "EMPTY: no digests and no log files of CloudTrail there", 1),
            (["EMPTY", "--keys", "/no/keys"], "reading /no/keys: No such file or directory", 1),
            (["EMPTY", "--keys", "BROKEN"], "BROKEN: no JSON: ", 1),
            (["EMPTY", "--keys", "OTHER"], "OTHER: no PublicKeyList in it; write what", 1),
            (["EMPTY", "--keys", "KEYS", "--metadata", "BROKEN"], "BROKEN: no JSON: ", 1),
        ]
    )
    func usage(words: [String], line: String, status: Int32) throws {
        let folder = try TestFolder()
        let places = [
            "KEYS": "\(root)/keys-v2.json", "EMPTY": folder.path,
            "BROKEN": try folder.write("broken", "{"), "OTHER": try folder.write("other", "{}"),
        ]
        func filled(_ text: String) -> String {
            places.reduce(text) { $0.replacing($1.key, with: $1.value) }
        }
        let result = try runCommand([Binary.path, "verify"] + words.map { places[$0] ?? $0 })
        #expect(result.errors.hasPrefix("amiwatch: \(filled(line))"), "\(result.errors)")
        #expect(result.status == status)
        #expect(result.output.isEmpty)
    }

    @Test("The AWS CLI's own validation agrees wherever it has an opinion")
    func awscli() throws {
        let script = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/verify/compare-awscli.py").path
        let result = try runCommand(["python3", script, Binary.path, root], timeout: .seconds(600))
        if result.status == 3 {
            print("\n!! awscli: NOT COMPARED, it cannot be had from PyPI\n")
            return
        }
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains(", 0 disagreements"), "\(result.output)")
    }

    @Test("A key whose label is not its fingerprint is told, and known by its own")
    func mislabelled() throws {
        let folder = try TestFolder()
        let text = try String(contentsOfFile: "\(root)/keys-v1.json", encoding: .utf8)
        let label = try #require(text.firstMatch(of: /"Fingerprint": "([0-9a-f]{32})"/)?.output.1)
        let keys = try folder.write(
            "keys.json",
            text.replacing(label, with: "0000000000000000000000000000000f")
        )
        let result = try verify("intact", ["--keys", keys])
        #expect(result.status == 0)
        #expect(
            result.errors.contains(
                "the key labelled 0000000000000000000000000000000f has the fingerprint \(label)"
            )
        )
    }
}
