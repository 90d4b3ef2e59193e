import CloudTrail
import CloudTrailTestSupport
import Foundation
import Testing

/// Network activity events tell a call a second time, and without its parameters: they are no record of it.
@Suite
struct NetworkActivityTests {
    private static func told(_ call: WatchedCall, _ marks: String) -> String {
        Samples.record(call.name).dropLast() + "," + marks + "}"
    }

    @Test(arguments: WatchedCall.allCases)
    func isIgnored(_ call: WatchedCall) {
        for marks in [
            #""eventType":"AwsVpceEvent","eventCategory":"NetworkActivity","vpcEndpointId":"vpce-1""#,
            #""eventType":"AwsVpceEvent""#, #""eventCategory":"NetworkActivity""#,
            #""eventType":"AwsVpceEvent","errorCode":"VpceAccessDenied""#,
        ] {
            let event = Self.told(call, marks)
            for message in [
                event, event.replacingOccurrences(of: "2026-03-04T05:06:07Z", with: "never"),
                "{\"Records\":[\(event)]}", "{\"schema\":{},\"payload\":\(Samples.string(event))}",
            ] {
                for validation in Validation.allCases {
                    let found = RecordReader(validate: validation).gather(message: message)
                    #expect(found.ignored == 1 && found.read == 1, "\(message)")
                }
            }
        }
    }

    /// Every other type, and the same word in another place, is a record as before.
    @Test(arguments: [
        #""eventType":"AwsApiCall","eventCategory":"Management""#, #""eventType":"awsvpceevent""#,
        #""eventType":["AwsVpceEvent"]"#, #""vpcEndpointId":"AwsVpceEvent""#, #""eventCategory":null"#,
        #""additionalEventData":{"eventType":"AwsVpceEvent"}"#,
    ])
    func nearMisses(_ marks: String) {
        let expected = RecordReader().gather(message: Samples.share).records
        let found = RecordReader().gather(message: Samples.share.dropLast() + "," + marks + "}")
        #expect(found.records == expected && found.read == 1)
    }

    @Test
    func inOCSF() {
        func event(_ metadata: String, _ unmapped: String) -> String {
            #"{"class_uid":6003,"metadata":{"uid":"u"\#(metadata)},"time":1772600767123,"cloud":{"region":"eu-central-1","account":{"uid":"123456789012"}},"api":{"operation":"DisableImage","service":{"name":"ec2.amazonaws.com"},"request":{"data":{"imageId":"ami-1"}}},"unmapped":{\#(unmapped)}}"#
        }
        for message in [
            event(#","event_code":"AwsVpceEvent""#, ""), event(#","log_name":"AwsVpceEvent""#, ""),
            event(#","event_code":"x""#, #""eventType":"AwsVpceEvent""#),
        ] {
            #expect(RecordReader().gather(message: message).ignored == 1, "\(message)")
        }
        let call = event(#","event_code":"AwsApiCall""#, #""x":"AwsVpceEvent""#)
        #expect(RecordReader().gather(message: call).records.count == 1)
    }
}

/// No account has the id 000000000000, which emulators of AWS write.
@Suite
struct ZeroAccountTests {
    @Test(arguments: ["\"000000000000\"", "0"])
    func theReasonNamesIt(_ account: String) {
        let record = Samples.share.replacingOccurrences(of: "123456789012", with: "000000000000")
            .replacingOccurrences(of: "\"000000000000\"", with: account)
        let letters = RecordReader().gather(message: record).letters
        #expect(letters.map(\.reason) == [.noAccount])
        #expect(letters.first?.text.contains("000000000000") == true, "\(letters)")
        let ocsf =
            #"{"class_uid":6003,"time":1772600767123,"cloud":{"account":{"uid":\#(account)}},"api":{"operation":"DisableImage","service":{"name":"ec2.amazonaws.com"}}}"#
        #expect(RecordReader().gather(message: ocsf).letters.first?.text.contains("000000000000") == true)
    }

    @Test(arguments: ["\"12\"", "null", "\"00000000000\"", "{}"])
    func otherIdsAreOnlyUnusable(_ account: String) {
        let record = Samples.share.replacingOccurrences(of: "\"123456789012\"", with: account)
        let letters = RecordReader().gather(message: record).letters
        #expect(letters.map(\.text) == ["no 12-digit account id in recipientAccountId or userIdentity"])
    }
}

/// An addendum is the record that it names, once more.
@Suite
struct AddendumReadingTests {
    private static func addendum(_ text: String) -> String {
        Samples.share.replacingOccurrences(of: "11111111-2222", with: "99999999-2222").dropLast()
            + #","addendum":\#(text)}"#
    }

    @Test
    func hasTheIdOfTheOriginal() throws {
        let original = try #require(RecordReader().gather(message: Samples.share).records.first)
        let text =
            #"{"reason":"UPDATED_DATA","updatedFields":"userAgent","originalRequestID":"r","originalEventID":"11111111-2222-4333-8444-555555555555"}"#
        let found = try #require(RecordReader().gather(message: Self.addendum(text)).records.first)
        #expect(found.id == original.id && found.isAddendum && !original.isAddendum && found != original)
        let ocsf =
            #"{"class_uid":6003,"metadata":{"uid":"v"},"time":1772600767123,"cloud":{"account":{"uid":"123456789012"}},"api":{"operation":"DisableImage","service":{"name":"ec2.amazonaws.com"},"request":{"data":{"imageId":"ami-1"}}},"unmapped":{"addendum":{"originalEventID":"u"}}}"#
        let mapped = try #require(RecordReader().gather(message: ocsf).records.first)
        #expect(mapped.id == .text("u") && mapped.isAddendum)
    }

    /// One that was only late, or is of no known shape, is a record like any other.
    @Test(arguments: [
        #"{"reason":"DELIVERY_DELAY"}"#, #"{"originalEventID":""}"#, #"{"originalEventID":null}"#,
        #"{"originalEventID":7}"#, "null", "[]", #""11111111-2222-4333-8444-555555555555""#,
    ])
    func withoutAnOriginal(_ text: String) {
        let records = RecordReader().gather(message: Self.addendum(text)).records
        #expect(records.map(\.isAddendum) == [false])
        #expect(records.first?.id.description.hasPrefix("99999999") == true)
    }
}
