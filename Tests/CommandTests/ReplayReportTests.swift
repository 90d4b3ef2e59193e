import Foundation
import KafkaTestSupport
import TestSupport
import Testing

/// `replay --report`.
struct ReplayReportTests {
    private let tree: TestFolder

    init() throws { tree = try TestFolder() }

    /// A report; it is checked that it is sound, and that nothing in it runs.
    private func report(_ arguments: String..., name: String = "report.html") throws -> String {
        let path = "\(tree.path)/\(name)"
        let result = try runCommand([Binary.path, "replay"] + arguments + ["--report", path])
        try #require(result.status == 0, "\(result.errors)")
        let faults = try ReportCheck.faults(of: path)
        #expect(faults.isEmpty, "\(faults)")
        return try tree.read(name)
    }

    @Test("The sample day: what was found, in plain sentences, and what decided it")
    func sample() throws {
        let page = try report("--policy", SampleDay.policy, SampleDay.trail)
        for part in [
            "19 violations stand open at the end of the records that were read: 1 critical, 9 high, 4 medium and 5 low.",
            "13 more findings were resolved in the time that they cover. 6 findings cannot be decided from the records alone;",
            "are from 3 accounts (111122223333, 123456789012 and 777788889999), and reach from 2026-03-17T05:30:05Z to "
                + "2026-03-17T17:00:00Z.",
            "The logs were not verified: nothing here shows that they are complete and unchanged.",
            "1 record could not be read.",
            "Image ami-08fcb05a94dd68fdf of account 777788889999 was shared with everybody for 47 minutes.",
            "aws ec2 modify-image-attribute --region eu-central-1 --image-id ami-0285f8aac4c27cbb6 --launch-permission "
                + "&#39;Remove=[{OrganizationArn=",
            "aws ec2 describe-images --region eu-central-1 --image-ids ami-0c0ffee0c0ffee001",
            "<strong>everybody</strong>", "<strong>still shared at the end</strong>",
            "block public access for images: unblocked",
            "Image ami-08fcb05a94dd68fdf of account 777788889999 is",
            "MITRE ATT&amp;CK T1537.", "CIS AWS Compute Services 2.1.5",
            "428 read = ", "1 dead letters", "not-json",
        ] { #expect(page.contains(part), "\(part)") }
        #expect(!page.contains("<script"))
        // The share with everybody leads to its finding, though that is over.
        let share = try #require(
            page.split(separator: "\n").first { $0.contains("<strong>everybody</strong>") }
        )
        #expect(share.contains(">ami-shared-publicly</a>"))
    }

    @Test("The same input gives the same bytes, whatever time it is")
    func deterministic() throws {
        let first = try report("--policy", SampleDay.policy, SampleDay.trail, name: "first.html")
        let second = try report("--policy", SampleDay.policy, SampleDay.trail, name: "second.html")
        #expect(first == second)
    }

    @Test("SHA-256 of every file that was read, also of one that is long, broken or a stream")
    func hashes() throws {
        let record = SampleDay.records[0]
        var files = [
            try tree.write("plain.jsonl", record),
            try tree.write("broken.json", String(record.dropLast(5))),
            try tree.write("empty.json", ""),
            try tree.write("long.jsonl", String(repeating: record + "\n", count: 40_000)),
        ]
        for name in ["whole", "cut"] {
            let packed = "\(tree.path)/\(name).json.gz"
            let tail = name == "cut" ? "| head -c 300000" : "; printf 'behind'"
            let source = "\(tree.path)/long.jsonl"
            #expect(try runCommand(["bash", "-c", "{ gzip -c \(source) \(tail); } > \(packed)"]).status == 0)
            files.append(packed)
        }
        let stream = tree.path + "/stream"
        #expect(
            try Binary.script(
                "cat '\(files[0])' '\(files[3])' > '\(stream)'; \"$0\" replay - --report '\(tree.path)/stream.html' "
                    + "-o /dev/null < '\(stream)'"
            ).status == 0
        )
        let page = try report("-o", "/dev/null", tree.path)
        for file in files {
            let hash = try #require(
                try runCommand(["sha256sum", file]).output.split(separator: " ").first.map(String.init)
            )
            #expect(page.contains(hash), "\(file)")
        }
        let hash = try runCommand(["sha256sum", stream]).output.prefix(64)
        #expect(try tree.read("stream.html").contains(hash))
    }

    @Test("An empty trail has a report, too, and says what it is: nothing")
    func empty() throws {
        let page = try report(try tree.write("nothing.json", ""))
        for part in [
            "No violation stands open at the end of the records that were read.",
            "amiwatch read 0 records in 1 file. None of them is of a call that it watches.",
            "No policy was given, so nobody is trusted and nothing is demanded.", "without any record",
            "None: every record could be read.",
        ] { #expect(page.contains(part), "\(part)") }
    }

    @Test("Of very many findings the worst are told whole, the rest in short, and what is cut is said")
    func many() throws {
        var record = SampleDay.object(
            try #require(
                SampleDay.records.first {
                    SampleDay.object($0)["eventName"] as? String == "ModifyImageAttribute"
                }
            )
        )
        record["sharedEventID"] = nil
        let lines = (0..<1200).map { number -> String in
            record["eventID"] = "00000000-0000-4000-9000-\(String(format: "%012d", number))"
            record["requestParameters"] = [
                "imageId": "ami-\(String(format: "%017d", number))", "attributeType": "launchPermission",
                "launchPermission": ["add": ["items": [["group": "all"]]]],
            ]
            record["responseElements"] = ["_return": true]
            return SampleDay.text(of: record)
        }
        let file = try tree.write("many.jsonl", lines.joined(separator: "\n"))
        let page = try report(file, "--rule", "ami-shared-publicly", "-o", "/dev/null")
        #expect(page.contains("1,200 critical"))
        #expect(page.components(separatedBy: "<details class=\"finding").count == 1001)
        #expect(page.contains("more findings of this rule in short"))
        #expect(page.contains("more calls, not listed: first those are listed that a finding is about."))
        for number in [0, 600, 1199] { #expect(page.contains("ami-\(String(format: "%017d", number))")) }
    }

    @Test("Of verified logs it tells what is proven, what is wrong, and what was left out for that")
    func verified() throws {
        let root = try SignedBuckets.folder
        func verify(_ name: String, _ options: String...) throws -> String {
            let path = "\(tree.path)/\(name).html"
            let result = try runCommand(
                [
                    Binary.path, "replay", "\(root)/\(name)/bucket", "--verify", "\(root)/keys-v1.json",
                    "--metadata",
                    "\(root)/\(name)/head-objects.json", "--report", path, "-o", "/dev/null",
                ] + options
            )
            #expect(result.status == 0, "\(result.errors)")
            let faults = try ReportCheck.faults(of: path)
            #expect(faults.isEmpty, "\(faults)")
            return try tree.read("\(name).html")
        }
        let intact = try verify("intact")
        #expect(
            intact.contains(
                "CloudTrail&#39;s digests prove 38 of 38 log files. Unproven: 0; not what CloudTrail delivered: 0. Nothing else is "
                    + "wrong."
            )
        )
        #expect(intact.contains("verified: CloudTrail&#39;s digests prove every file that it rests on"))
        #expect(!intact.contains("The logs were not verified"))
        let altered = try verify("log-altered")
        for part in [
            "digests prove 37 of 38 log files. Unproven: 0; not what CloudTrail delivered: 1. 1 file with 1 record that nothing "
                + "proves was not judged. Verifying found 1 fault.",
            "Files that were not judged, because nothing proves them",
            "not what CloudTrail delivered: log-altered",
        ] { #expect(altered.contains(part), "\(part)") }
        let judged = try verify("log-altered", "--judge-unverified")
        #expect(
            judged.contains(
                "contradicted: one of the files that it rests on is not what CloudTrail delivered"
            )
        )
    }

    @Test("What cannot be written is told before the work begins; an interrupted replay leaves none")
    func failures() throws {
        let result = try Binary.run("replay", SampleDay.trail, "--report", tree.path + "/none/report.html")
        #expect(result.status == 1)
        #expect(
            result.errors.hasPrefix("amiwatch: writing \(tree.path)/none/report.html: "),
            "\(result.errors)"
        )
        let path = tree.path + "/interrupted.html"
        let pipe = try Binary.script(
            "mkfifo '\(tree.path)/pipe'; sleep 5 > '\(tree.path)/pipe' & \"$0\" replay '\(tree.path)/pipe' --report "
                + "'\(path)' > /dev/null & sleep 0.7; kill -TERM $!; wait $!"
        )
        #expect(pipe.status == 143)
        let left = try FileManager.default.contentsOfDirectory(atPath: tree.path)
        #expect(left == ["pipe"], "\(left)")
    }
}

/// A report read by an HTML parser.
enum ReportCheck {
    private static let script = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Fixtures/report/check.py").path

    /// What does not belong into it.
    static func faults(of path: String) throws -> String {
        let result = try runCommand(["python3", script, path])
        return result.output.trimmingCharacters(in: .newlines) + result.errors
    }
}
