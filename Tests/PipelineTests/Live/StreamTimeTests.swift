import KafkaTestSupport
import Testing

@testable import Pipeline

/// Time goes on by records that nobody watches.
@Suite(.needsRealBroker, .ownThread, .serialized)
struct StreamTimeTests {
    @Test("What is due is told once when the input has come so far, though no watched call comes any more")
    func ignoredRecords() throws {
        let stage = try Stage(partitions: 1)
        let worker = try Worker(stage)
        try #require(worker.logs("state restored"), "\(worker.lines)")
        func produce(_ record: String) throws {
            try KafkaTestSupport.produce(
                [TestMessage(record, partition: 0)],
                to: stage.input,
                at: stage.broker.bootstrapServers
            )
        }
        func count(of rule: String) throws -> Int {
            try stage.alerts().count { $0.value?.contains("\"rule_id\":\"\(rule)\"") == true }
        }
        let creation = Self.record(
            1,
            at: "03:00",
            "ec2",
            "CreateImage",
            parameters: #"{"instanceId":"i-00000000000000001","name":"web"}"#,
            response: #"{"imageId":"ami-00000000000000001"}"#
        )
        let share = Self.record(
            2,
            at: "03:01",
            "ec2",
            "ModifyImageAttribute",
            parameters: #"{"imageId":"ami-00000000000000001","attributeType":"launchPermission","#
                + #""launchPermission":{"add":{"items":[{"group":"all"}]}}}"#
        )
        for record in [creation, share] { try produce(record) }
        #expect(try becomes { try count(of: "ami-shared-publicly") == 1 }, "\(worker.lines)")
        #expect(try count(of: "ami-created-without-required-tags") == 0)
        try produce(Self.record(3, at: "04:00", "s3", "GetObject"))
        #expect(try becomes { try count(of: "ami-created-without-required-tags") == 1 }, "\(worker.lines)")
        worker.end()

        // No record that the next one reads back is so late: what was told is not taken back because of that.
        let told = try stage.alerts().count
        let next = try Worker(stage)
        #expect(next.logs("restored state evaluated"), "\(next.lines)")
        next.end()
        #expect(try stage.alerts().count == told, "\(next.lines)")
    }

    private static func record(
        _ number: Int,
        at time: String,
        _ service: String,
        _ name: String,
        parameters: String = "{}",
        response: String = "null"
    ) -> String {
        """
        {"eventVersion":"1.10","userIdentity":{"type":"IAMUser","accountId":"100000000010"},\
        "eventTime":"2026-02-02T\(time):00Z","eventSource":"\(service).amazonaws.com","eventName":"\(name)",\
        "awsRegion":"eu-central-1","requestParameters":\(parameters),"responseElements":\(response),\
        "eventID":"00000000-0000-4000-8000-00000000000\(number)","eventType":"AwsApiCall",\
        "recipientAccountId":"100000000010"}
        """
    }
}
