import Configuration
import Foundation
import Kafka
import KafkaTestSupport
import Testing

@testable import Alerts
@testable import Pipeline

/// One account does the same thing again and again.
@Suite(.needsRealBroker, .ownThread, .serialized)
struct BusyAccountTests {
    private static let busy = "100000000010"

    /// A share of one image after the other where block public access is on: each says more of one finding.
    @Test(
        "Public shares: each is told once, and what is written grows with their number, not with its square"
    )
    func publicShares() throws {
        let small = try written(shares: 100)
        let large = try written(shares: 400)
        for (count, run) in [(100, small), (400, large)] {
            #expect(run.alerts["ami-shared-publicly open"] == count, "\(run)")
            // What belongs to them all together: its beginning, its first change, 10 and 100 occurrences, and so on.
            #expect(run.alerts.values.reduce(0, +) - count <= 10, "\(run)")
            // 5 MB for 3,000.
            #expect(run.bytes / count < 1_666, "\(run)")
            #expect(run.largestEntry < 1_000, "\(run)")
        }
        #expect(large.bytes < 5 * small.bytes, "\(small) \(large)")
        // What is read back is no more than one entry for each thing that is known.
        #expect(large.restoredEntries < 12 * 400, "\(large)")
    }

    @Test(
        "A flood of one account does not keep another's alert waiting",
        arguments: ["3,000 refused shares", "image criteria that are hard to compare"]
    )
    func others(flood name: String) throws {
        let stage = try Stage(partitions: 2)
        let worker = try Worker(stage)
        try #require(worker.logs("state restored"), "\(worker.lines)")
        let calls =
            name.hasPrefix("image criteria")
            ? (0..<6).map(Self.criteria)
            : (0..<3000).map { Self.share($0, by: Self.busy, isDenied: true) }
        let flood = calls.map { TestMessage($0, partition: 0) }
        let other = Self.share(9_000, by: "100000000012")
        let measured = try timed {
            try produce(flood, to: stage.input, at: stage.broker.bootstrapServers)
            try produce(
                [TestMessage(other, partition: 1)],
                to: stage.input,
                at: stage.broker.bootstrapServers
            )
            return try becomes {
                try stage.alerts().contains { $0.value?.contains("\"account_id\":\"100000000012\"") == true }
            }
        }
        #expect(measured.value && measured.calm < .seconds(15), "\(measured)")
        worker.end(within: .seconds(20))
    }

    // MARK: Support

    private struct Run {
        var alerts: [String: Int] = [:]
        /// Everything ever written to the state and the catalogue.
        var bytes = 0
        var largestEntry = 0
        var restoredEntries = 0
    }

    /// Produces in small pieces, so that there are many transactions; the same alert twice is a failure.
    private func written(shares count: Int) throws -> Run {
        let stage = try Stage(partitions: 1)
        let servers = stage.broker.bootstrapServers
        let worker = try Worker(stage)
        try #require(worker.logs("state restored"), "\(worker.lines)")
        try produce([TestMessage(Self.blocking, partition: 0)], to: stage.input, at: servers)
        for start in stride(from: 0, to: count, by: 10) {
            try produce(
                (start..<(start + 10)).map { TestMessage(Self.share($0, by: Self.busy), partition: 0) },
                to: stage.input,
                at: servers
            )
        }
        #expect(
            try becomes {
                try stage.alerts().count { $0.value?.contains("\"ami-shared-publicly\"") == true } >= count
            }
        )
        worker.end(within: .seconds(20))
        var run = Run()
        var ids: Set<String> = []
        for message in try stage.alerts() {
            let alert = try #require(JSONTree(Array((message.value ?? "").utf8)))
            let isNew = ids.insert(alert["alert_id"]?.text ?? "").inserted
            #expect(isNew, "\(message)")
            run.alerts["\(alert["rule_id"]?.text ?? "") \(alert["status"]?.text ?? "")", default: 0] += 1
        }
        for topic in [stage.topics.state, stage.topics.catalogue] {
            try stage.readBytes(topic) { key, value in
                run.bytes += key.count + (value?.count ?? 0)
                run.largestEntry = max(run.largestEntry, value?.count ?? 0)
            }
        }
        run.restoredEntries = try stage.runToEnd().detector.restoredEntries
        return run
    }

    private static let blocking = call(
        0,
        "EnableImageBlockPublicAccess",
        busy,
        "{\"EnableImageBlockPublicAccessRequest\":{\"ImageBlockPublicAccessState\":\"block-new-sharing\"}}"
    )

    /// An image, another one for each number, is shared with everybody.
    static func share(_ number: Int, by account: String, isDenied: Bool = false) -> String {
        let digits = String(100_000 + number)
        return call(
            number + 1,
            "ModifyImageAttribute",
            account,
            "{\"imageId\":\"ami-00000000000\(digits)\",\"attributeType\":\"launchPermission\","
                + "\"launchPermission\":{\"add\":{\"items\":[{\"group\":\"all\"}]}}}",
            error: isDenied ? "\"errorCode\":\"Client.UnauthorizedOperation\"," : ""
        )
    }

    /// As many criteria and names as AWS takes, as long as they may be, each nearly covered by each.
    private static func criteria(_ number: Int) -> String {
        func three(_ number: Int) -> String { String(String(1000 + number).dropFirst()) }
        let long = String(repeating: "a", count: 115)
        let criteria = (0..<10).map { criterion in
            let names = (0..<50).map { name in
                "{\"tag\":\(name + 1),\"content\":\"*\(long)\(three(number))-\(three(criterion))-\(three(name))*\"}"
            }
            return "{\"tag\":\(criterion + 1),\"ImageName\":[\(names.joined(separator: ","))]}"
        }
        let name = "ReplaceImageCriteriaInAllowedImagesSettings"
        let list = criteria.joined(separator: ",")
        return call(number + 1, name, busy, "{\"\(name)Request\":{\"ImageCriterion\":[\(list)]}}")
    }

    private static func call(
        _ number: Int,
        _ name: String,
        _ account: String,
        _ parameters: String,
        error: String = ""
    ) -> String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let time = "2026-03-01T\(two(number / 3600)):\(two(number / 60 % 60)):\(two(number % 60))Z"
        return "{\"eventVersion\":\"1.10\",\"userIdentity\":{\"type\":\"IAMUser\",\"arn\":"
            + "\"arn:aws:iam::\(account):user/ann\",\"accountId\":\"\(account)\"},\"eventTime\":\"\(time)\","
            + "\"eventSource\":\"ec2.amazonaws.com\",\"eventName\":\"\(name)\",\"awsRegion\":\"us-east-1\","
            + "\"sourceIPAddress\":\"192.0.2.7\",\"userAgent\":\"aws-cli\",\(error)\"requestParameters\":\(parameters),"
            + "\"responseElements\":null,\"eventID\":\"00000000-0000-4000-9000-\(100_000_000_000 + number)\","
            + "\"eventType\":\"AwsApiCall\",\"recipientAccountId\":\"\(account)\"}"
    }
}
