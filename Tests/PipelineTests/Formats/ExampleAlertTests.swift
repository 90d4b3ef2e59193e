import Alerts
import CloudTrail
import Configuration
import Foundation
import Testing

@testable import Detection

/// An alert of each status in every format, byte for byte as `Fixtures/formats/examples` has it.
///
/// `AMIWATCH_UPDATE_EXPECTED=1` writes them: what differs then is to be read.
struct ExampleAlertTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
        .appending(path: "Fixtures/formats/examples")

    @Test("Examples are written as they stand there", arguments: AlertFormat.foreign)
    func examples(format: AlertFormat) throws {
        let file = Self.folder.appending(path: "\(format.rawValue).txt")
        let raised: Int64 = 1_773_745_441_123
        let told = Self.alerts.map { $0.told(in: format, raised: raised) + "\n" }.joined()
        if ProcessInfo.processInfo.environment["AMIWATCH_UPDATE_EXPECTED"] == "1" {
            try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
            try Data(told.utf8).write(to: file)
        }
        let expected = try String(contentsOf: file, encoding: .utf8)
        #expect(Array(told.utf8) == Array(expected.utf8), "\(told)")
    }

    private static var alerts: [MadeAlert] {
        FindingStatus.allCases.map { status in
            var made = MadeAlert()
            made.status = status
            made.revision = 1 + (FindingStatus.allCases.firstIndex(of: status) ?? 0)
            made.rule = "ami-shared-briefly"
            made.discriminator = "444455556666"
            made.clause = "thresholds.brief_share_minutes"
            made.facts = [
                FactStatement(
                    "launch permission",
                    "444455556666",
                    eventID: EventID("00000000-0000-4000-8000-000000000002"),
                    time: made.time.advanced(bySeconds: -60)
                ), FactStatement("owner", "111122223333"),
            ]
            if status == .updated {
                (made.verdict, made.severity) = (.undetermined, .low)
                made.missing = ["who is a member of organization o-exampleorgid"]
            }
            made.actor = Actor(
                arn: "arn:aws:sts::111122223333:assumed-role/developer/ann@example.com",
                type: "AssumedRole",
                accountID: AccountID("111122223333"),
                invokedBy: status == .resolved ? "backup.amazonaws.com" : nil,
                sourceIP: status == .updated ? "2001:db8::7" : "192.0.2.10",
                userAgent: "aws-cli/2.22.0 cmd=ec2.modify|image",
                issuerARN: "arn:aws:iam::111122223333:role/developer"
            )
            if status == .resolved {
                made.call = "ResetImageAttribute"
                made.resolver = Actor(
                    arn: "arn:aws:iam::111122223333:user/bob",
                    type: "IAMUser",
                    accountID: AccountID("111122223333"),
                    sourceIP: "192.0.2.77",
                    userAgent: "console.amazonaws.com"
                )
            }
            return made
        }
    }
}
