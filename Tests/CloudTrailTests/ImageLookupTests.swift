import CloudTrail
import CloudTrailTestSupport
import Testing

/// Calls that look images up: who names no owner can be given anybody's image.
@Suite
struct ImageLookupTests: CallReading {
    private static let named =
        #"{"filterSet":{"items":[{"name":"name","valueSet":{"items":[{"value":"web-*"}]}}]}}"#

    @Test
    func namesWithoutAnOwnerAreTold() {
        var fields = Fields()
        fields["names"] = .texts(["web-*"])
        #expect(Self.call("DescribeImages", Self.named) == .other(fields))
    }

    @Test(
        "A lookup that names owners or images, looks for no name, or failed is ignored, and not handed on",
        arguments: [
            ("null", nil), ("{}", nil), (#"{"imagesSet":{"items":[{"imageId":"ami-1"}]}}"#, nil),
            (#"{"ownersSet":{"items":[{"owner":"self"}]},"# + named.dropFirst(), nil),
            (
                #"{"filterSet":{"items":[{"name":"state","valueSet":{"items":[{"value":"available"}]}}]}}"#,
                nil
            ),
            (named, "Client.RequestLimitExceeded"),
        ] as [(String, String?)]
    )
    func othersAreIgnored(request: String, error: String?) {
        let gathered = RecordReader().gather(
            message: Samples.record("DescribeImages", request: request, error: error)
        )
        #expect(gathered.ignored == 1)
        #expect(gathered.records.isEmpty && gathered.letters.isEmpty)
    }

    @Test("What is not sound is a dead letter also where it would tell nothing")
    func unsoundLookupsAreDeadLetters() {
        let broken = Samples.record("DescribeImages", time: "yesterday")
        #expect(RecordReader().gather(message: broken).letters.count == 1)
    }
}
