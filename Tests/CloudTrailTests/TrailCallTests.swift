import CloudTrail
import CloudTrailTestSupport
import Testing

/// Calls that change what CloudTrail records.
@Suite
struct TrailCallTests {
    private static func fields(_ name: String, _ request: String, _ response: String = "null") -> Fields? {
        let read = RecordReader().gather(
            message: Samples.record(
                name,
                source: "cloudtrail.amazonaws.com",
                request: request,
                response: response
            )
        )
        guard case .other(let fields)? = read.records.first?.call else { return nil }
        return fields
    }

    private static let arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main"

    @Test
    func trailsBeginAndEnd() {
        for name in ["main", Self.arn] {
            for (call, isLogging) in [("StartLogging", true), ("StopLogging", false), ("DeleteTrail", false)]
            {
                let fields = Self.fields(call, "{\"name\":\"\(name)\"}")
                #expect(fields?.text("trail") == "main", "\(call)")
                #expect(fields?.flag("logging") == isLogging, "\(call)")
                #expect((fields?.flag("deleted") ?? false) == (call == "DeleteTrail"))
            }
        }
        for request in ["null", "{}", #"{"encryptionContext":{}}"#] {
            #expect(Self.fields("StopLogging", request) == nil)
        }
    }

    /// The response tells what is set then, the request what was asked for.
    @Test
    func settings() {
        let response =
            "{\"name\":\"main\",\"isMultiRegionTrail\":true,\"logFileValidationEnabled\":false,"
            + "\"isOrganizationTrail\":true,\"trailARN\":\"\(Self.arn)\"}"
        let request = #"{"name":"main","enableLogFileValidation":false,"isMultiRegionTrail":"true"}"#
        for answer in [response, "null"] {
            let fields = Self.fields("UpdateTrail", request, answer)
            #expect(fields?.texts("changed") == ["all Regions", "log file validation"])
            #expect(fields?.flag("all Regions") == true)
            #expect(fields?.flag("log file validation") == false)
            #expect(fields?.flag("the organization") == (answer == "null" ? nil : true))
        }
        #expect(Self.fields("CreateTrail", #"{"name":"main"}"#, response)?.texts("changed") == [])
    }

    @Test(arguments: [
        (#""eventSelectors":[{"readWriteType":"All","includeManagementEvents":true}]"#, true),
        (#""eventSelectors":[{"readWriteType":"WriteOnly"}]"#, true),
        (#""eventSelectors":[{"readWriteType":"ReadOnly","includeManagementEvents":true}]"#, false),
        (#""eventSelectors":[{"readWriteType":"All","includeManagementEvents":false}]"#, false),
        (#""eventSelectors":[{"readWriteType":"ReadOnly"},{"readWriteType":"WriteOnly"}]"#, true),
        (#""eventSelectors":[{"excludeManagementEventSources":["kms.amazonaws.com"]}]"#, true),
        (#""eventSelectors":[{"excludeManagementEventSources":["ec2.amazonaws.com"]}]"#, false),
        (#""eventSelectors":[]"#, false),
        (
            #""advancedEventSelectors":[{"fieldSelectors":[{"field":"eventCategory","equals":["Management"]}]}]"#,
            true
        ),
        (
            #""advancedEventSelectors":[{"fieldSelectors":[{"field":"eventCategory","equals":["Data"]}]}]"#,
            false
        ),
        (
            #""advancedEventSelectors":[{"fieldSelectors":[{"field":"eventCategory","equals":["Management"]},{"field":"readOnly","equals":["true"]}]}]"#,
            false
        ),
        (
            #""advancedEventSelectors":[{"fieldSelectors":[{"field":"eventCategory","equals":["Management"]},{"field":"eventSource","notEquals":["kms.amazonaws.com"]}]}]"#,
            true
        ),
        (
            #""advancedEventSelectors":[{"fieldSelectors":[{"field":"eventCategory","equals":["Management"]},{"field":"eventSource","notEquals":["ec2.amazonaws.com"]}]}]"#,
            false
        ),
    ])
    func selectors(_ selectors: String, _ takesIn: Bool) {
        let fields = Self.fields("PutEventSelectors", "{\"trailName\":\"\(Self.arn)\",\(selectors)}")
        #expect(fields?.text("trail") == "main")
        #expect(fields?.flag("management writes") == takesIn)
        let answered = Self.fields("PutEventSelectors", #"{"trailName":"main"}"#, "{\(selectors)}")
        #expect(answered?.flag("management writes") == takesIn)
    }
}
