@testable import CloudTrail
import CloudTrailTestSupport
import Testing
import TestSupport

/// The short ways in which values are read against the long ones that they stand for.
@Suite
struct ValueTests {
    /// Texts of a form with some of their bytes changed to neighbours of what is allowed there.
    static func changed(_ text: String, _ random: inout SplitMix64) -> String {
        var bytes = Array(text.utf8)
        for _ in 0..<Int.random(in: 0...2, using: &random) {
            let odd = "/09:@AFG`afgZz-.+ \u{0}".utf8.randomElement(using: &random) ?? 0
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = odd
        }
        if Int.random(in: 0..<20, using: &random) == 0 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func hex(_ count: Int, _ random: inout SplitMix64) -> String {
        String((0..<count).map { _ in "0123456789abcdef".randomElement(using: &random) ?? "0" })
    }

    @Test
    func idsArePackedWhenTheyComeBackAsTheyWere() {
        var random = SplitMix64(seed: 5)
        var packed = 0
        for _ in 0..<20_000 {
            let parts = [8, 4, 4, 4, 12].map { Self.hex($0, &random) }
            let event = Self.changed(parts.joined(separator: "-"), &random)
            let isUUID =
                event.utf8.count == 36
                && event.split(separator: "-", omittingEmptySubsequences: false).map(\.count)
                    == [8, 4, 4, 4, 12]
                && event.allSatisfy { "0123456789abcdef-".contains($0) }
            if case .uuid = EventID(event) { packed += 1 }
            #expect(EventID(event).description == event)
            #expect((EventID(event) == .text(event)) == !isUUID, "\(event)")

            let prefix = Bool.random(using: &random) ? "ami-" : "i-"
            let resource = Self.changed(prefix + Self.hex(17, &random), &random)
            let isPacked =
                ["ami-", "i-"].contains { name in
                    resource.hasPrefix(name) && resource.utf8.count == name.utf8.count + 17
                        && resource.dropFirst(name.count).allSatisfy { "0123456789abcdef".contains($0) }
                }
            #expect(ResourceID(resource).description == resource)
            #expect((ResourceID(resource) == .text(resource)) == !isPacked, "\(resource)")
        }
        #expect(packed > 5_000)
    }

    /// With a fraction behind it a time is read the long way.
    @Test
    func usualTimesAreReadAsAllOthersAre() {
        var random = SplitMix64(seed: 6)
        var read = 0
        for _ in 0..<50_000 {
            func digits(_ range: ClosedRange<Int>, _ count: Int) -> String {
                let text = String(Int.random(in: range, using: &random))
                return String(repeating: "0", count: count - text.count) + text
            }
            let date = "\(digits(0...9999, 4))-\(digits(0...13, 2))-\(digits(0...32, 2))"
            let time = "\(digits(0...24, 2)):\(digits(0...60, 2)):\(digits(0...61, 2))"
            let text = Self.changed("\(date)T\(time)", &random)
            #expect(EventTime("\(text)Z") == EventTime("\(text).0Z"), "\(text)")
            if EventTime("\(text)Z") != nil { read += 1 }
        }
        #expect(read > 10_000)
    }

    /// A converter that adds a fraction makes no other time of it.
    @Test(arguments: [".001", ".5", ",9", ".999999999"])
    func aFractionOfASecondIsCutOff(_ fraction: String) {
        let time = EventTime("2026-03-17T11:04:00Z")
        #expect(time != nil && EventTime("2026-03-17T11:04:00\(fraction)Z") == time)
    }

    @Test(arguments: [
        (EventTime.distantPast, "0000-01-01T00:00:00Z"), (.distantFuture, "9999-12-31T23:59:59Z"),
        (EventTime(seconds: -1), "1969-12-31T23:59:59Z"),
    ])
    func everyTimeCanBeTold(time: EventTime, text: String) {
        #expect(time.description == text)
    }

    /// A message is read the same with white space behind it, which no parser is asked to look past.
    @Test
    func aDocumentAloneIsReadAsOneOfManyIs() {
        var random = SplitMix64(seed: 11)
        let seeds =
            [Samples.share, Samples.launch, Samples.other]
            + EnvelopeTests.envelopes.compactMap {
                String(validating: $0.1, as: UTF8.self)
            }
        let reader = RecordReader()
        for index in 0..<20_000 {
            let text = Mutation.mutate(seeds[index % seeds.count], &random)
            guard text.hasPrefix("{") else { continue }
            let alone = reader.gather(message: text)
            let followed = reader.gather(message: text + "\n")
            // The bytes of what is cut off go on to the end.
            let isCut = alone.letters.contains { $0.reason == .truncated }
            #expect(isCut ? alone.read == followed.read : alone == followed, "\(text)")
        }
    }

    /// Whoever calls again is not copied again; nobody is taken for somebody else.
    @Test
    func actorsAreSharedWhenTheyAreTheSame() throws {
        var random = SplitMix64(seed: 12)
        let reader = RecordReader()
        var shared = 0
        var last: [String: Actor] = [:]
        for _ in 0..<20_000 {
            let name = String(Int.random(in: 0..<2_000, using: &random))
            let text = Samples.share.replacing("assumed-role/", with: "assumed-role/\(name)")
            let actor = try #require(reader.gather(message: text).records.first?.actor)
            #expect(actor.arn?.contains("assumed-role/\(name)") == true)
            if last[name] === actor { shared += 1 }
            last[name] = actor
        }
        #expect(shared > 2_000)
    }
}

/// Whose service-linked role an actor's principal is.
@Suite
struct LinkedServiceTests {
    @Test(
        arguments: [
            (
                "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
                "autoscaling.amazonaws.com"
            ),
            ("role/aws-service-role/x", "x"), ("role/aws-service-role/", nil), ("role/aws-service-role", nil),
            ("role/admin", nil), ("user/aws-service-role/x", nil), ("role/a/aws-service-role/x/y", nil),
            ("role", nil),
            // A path that anybody may give a role of theirs.
            ("role/a:role/aws-service-role/autoscaling.amazonaws.com/x", nil),
            ("role//aws-service-role/autoscaling.amazonaws.com/x", nil),
        ] as [(String, String?)]
    )
    func onlyUnderTheReservedPath(_ resource: String, _ service: String?) {
        #expect(Actor(arn: "arn:aws:iam::123456789012:\(resource)").linkedService == service)
        #expect(Actor(arn: "x", issuerARN: "arn:aws:iam::123456789012:\(resource)").linkedService == service)
    }

    @Test(arguments: ["", "/", "role/aws-service-role/x", ":role/aws-service-role/x"])
    func notEvenAnARN(_ text: String) {
        #expect(Actor(arn: text).linkedService == (text.hasPrefix(":") ? "x" : nil))
    }
}
