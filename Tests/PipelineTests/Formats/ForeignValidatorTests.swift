import Alerts
import CloudTrail
import Configuration
import Foundation
import KafkaTestSupport
import Pipeline
import TestSupport
import Testing
import TrailArchive

@testable import Detection

/// Alerts in the formats of other products, before validators that others wrote (`Fixtures/formats/check.py`).
struct ForeignValidatorTests {
    private static let tests = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let checkout = tests.deletingLastPathComponent().deletingLastPathComponent().path

    @Test("Foreign validators take every alert of all fixtures, of the sample day and with hostile names")
    func validators() throws {
        let folder = try TestFolder()
        var fixtures: [Alert] = []
        for fixture in try Fixture.find("\(Self.checkout)/Tests/DetectionTests/Fixtures") {
            fixtures += try fixture.replay().alerts
        }
        #expect(fixtures.count > 300 && fixtures.contains { !$0.instances.isEmpty })
        try write(fixtures, as: "fixtures", to: folder)
        let sample = try sampleDay()
        #expect(sample.count > 50)
        try write(sample, as: "sample", to: folder)
        try write(Self.hostile, as: "hostile", to: folder)
        // Not of the fixtures, for each of them is a history of its own.
        for (name, alerts) in [("sample", sample), ("hostile", Self.hostile)] {
            var batches = AlertLines(.asff)
            var lines = alerts.flatMap { batches.lines(for: $0) }
            lines += batches.finish()
            try folder.write("\(name).batches.jsonl", lines.flatMap { $0 + [0x0A] as [UInt8] })
        }

        let check = try runCommand(
            ["python3", "\(Self.tests.path)/Fixtures/formats/check.py", folder.path],
            timeout: .seconds(900)
        )
        if check.status == 3 {
            print("\n!! formats: NOT CHECKED, the validators cannot be had from PyPI\n")
            return
        }
        print(check.output)
        #expect(check.status == 0, "\(check.errors)")
    }

    /// Each alert, or each instance of one, in every form, line for line.
    private func write(_ alerts: [Alert], as name: String, to folder: TestFolder) throws {
        let alerts = alerts.flatMap { $0.instances.isEmpty ? [$0] : $0.instances }
        for format in AlertFormat.allCases {
            var encoder = AlertEncoder(format)
            var text: [UInt8] = []
            for alert in alerts {
                for message in encoder.messages(for: alert, raised: nil, maximumBytes: .max) {
                    text += message.line + [0x0A]
                }
            }
            try folder.write("\(name).\(format.rawValue).jsonl", text)
        }
    }

    private func sampleDay() throws -> [Alert] {
        let policy = try PolicyReader.read(path: "\(Self.checkout)/Deploy/sample/policy.yaml").policy
        var replay = Replay(policy: policy)
        let listing = try TrailListing(paths: ["\(Self.checkout)/Deploy/sample/trail"])
        let decoding = DecodeAhead(
            files: listing.files,
            threads: 1,
            readsLaunchRequests: !policy.iamStatements.isEmpty,
            sessionKeys: replay.engine.sessionKeys
        )
        defer { decoding.stop() }
        var alerts: [Alert] = []
        while let batch = try decoding.next() {
            replay.take(batch, lose: { _ in }) { alerts.append($0) }
        }
        replay.finish { alerts.append($0) }
        return alerts
    }

    /// Strange texts in every place, in all statuses, kinds of resource and severities.
    private static var hostile: [Alert] {
        var random = HostileText(seed: 2026)
        let chosen = [
            "a|b", "a=b", "a\\b", "\\", "=", "|", "a\\=b", "a\nb", "\r\n", "\"quoted\"", "'", "x cs1=y",
            "\\n",
            "\u{1F600}\u{1F468}\u{200D}\u{1F469}", "e\u{301}", String(repeating: "n", count: 1023),
            String(repeating: "=", count: 1023), String(repeating: "\u{1F600}", count: 1023),
            String(repeating: "long ", count: 8000), "</script>", "{\"a\":1}", "%s%n", "\0", "\u{FEFF}bom",
        ]
        let sources = ["192.0.2.1", "2001:db8::1", "AWS Internal", "ec2.amazonaws.com"]
        let kinds = Resource.Kind.allCases
        return (0..<600).map { number in
            var made = MadeAlert.hostile { number < 4 * chosen.count ? chosen[number / 4] : random.text() }
            made.status = FindingStatus.allCases[number % 4]
            made.severity = Severity.allCases[number % 5]
            made.verdict = number.isMultiple(of: 3) ? .undetermined : .violation
            made.kind = kinds[number % kinds.count]
            let rule = RuleSet.all.rules[number % RuleSet.all.rules.count].metadata
            (made.rule, made.title) = (rule.id, "\(rule.title) \(made.clause ?? "")")
            if made.kind == .principal { made.id = "arn:aws:iam::111122223333:user/" + made.id }
            made.revision = number + 1
            if !number.isMultiple(of: 5) {
                let actor = made.actor
                made.actor = Actor(
                    arn: actor.arn,
                    type: actor.type,
                    accountID: actor.accountID,
                    invokedBy: actor.invokedBy,
                    sourceIP: sources[number % 4],
                    userAgent: actor.userAgent,
                    issuerARN: actor.issuerARN
                )
            }
            return made.alert
        }
    }
}
