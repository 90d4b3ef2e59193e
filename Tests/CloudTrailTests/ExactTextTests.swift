import Testing

@testable import CloudTrail
import CloudTrailTestSupport

/// Texts that Unicode calls canonically equivalent are not the same to AWS.
@Suite
struct ExactTextTests {
    /// `é` as one scalar and as two, the Kelvin sign and `K`, the Ångström sign and `Å`, a Hangul syllable and its
    /// parts, two orders of combining marks.
    static let pairs = [
        ("caf\u{E9}", "cafe\u{301}"), ("\u{212A}ey", "Key"), ("\u{212B}", "\u{C5}"),
        ("\u{D55C}", "\u{1112}\u{1161}\u{11AB}"), ("a\u{323}\u{301}", "a\u{301}\u{323}"),
    ]

    @Test(arguments: pairs)
    func twoTexts(_ one: String, _ other: String) {
        #expect(one == other)
        #expect(ExactText(one) != ExactText(other) && ExactText(one) == ExactText(one))
        #expect(Set([ExactText(one), ExactText(other)]).count == 2)
        #expect((ExactText(one) < ExactText(other)) != (ExactText(other) < ExactText(one)))
        #expect(ResourceID("ami-\(one)") != ResourceID("ami-\(other)"))
        #expect(EventID(one) != EventID(other))
        #expect(Grantee.organization("arn:\(one)") != Grantee.organization("arn:\(other)"))
        #expect(Actor(arn: one) != Actor(arn: other))
    }

    @Test(arguments: pairs)
    func twoTags(_ one: String, _ other: String) throws {
        let text = Samples.record(
            "CreateTags",
            request:
                #"{"resourcesSet":{"items":[{"resourceId":"ami-\#(one)"},{"resourceId":"ami-\#(other)"}]},"tagSet":{"items":[{"key":"\#(one)","value":"1"},{"key":"\#(other)","value":"2"}]}}"#
        )
        let record = try #require(RecordReader().gather(message: text).records.first)
        guard case .changeTags(let change) = record.call else {
            Issue.record("\(record.call)")
            return
        }
        #expect(change.resources.count == 2)
        #expect(change.tags == [ExactText(one): "1", ExactText(other): "2"])
    }

    /// Which copy comes first decides nothing, also where `String` sees no difference.
    @Test(arguments: pairs)
    func mergingIsCommutative(_ one: String, _ other: String) throws {
        let records = [one, other].map {
            Record(
                id: EventID("1"),
                account: AccountID.none,
                region: $0,
                time: EventTime(seconds: 0),
                name: "CreateImage",
                source: WatchedCall.source,
                call: .createImage(ImageCreation(image: ResourceID("ami-1"), name: ExactText($0)))
            )
        }
        #expect(records[0] != records[1])
        #expect(records[0].merged(with: records[1]) == records[1].merged(with: records[0]))
        let origins: [(String) -> ImageCreation.Origin] = [
            { .copy(ResourceID("ami-2"), region: ExactText($0)) }, { .snapshots([ExactText($0)]) },
            { .restored(bucket: ExactText($0), key: "k") }, { .restored(bucket: "b", key: ExactText($0)) },
        ]
        let calls: [(String) -> Call] =
            origins.map { origin in { .createImage(ImageCreation(image: nil, origin: origin($0))) } }
            + [
                { .unreadable("unknown state \($0)") },
                { .imageCriteria([ImageCriterion(names: [ExactText($0)])]) },
                { .imageCriteria([ImageCriterion(providers: [ExactText($0)])]) },
                { .inventory(Self.inventory($0)) },
            ]
        for call in calls {
            let (left, right) = (call(one), call(other))
            #expect(left != right && left == call(one))
            #expect(left.merged(with: right) == right.merged(with: left))
        }
    }

    private static func inventory(_ text: String) -> Inventory {
        var inventory = Inventory(isDated: true)
        var image = Inventory.Image(id: ResourceID("ami-1"))
        image.name = ExactText(text)
        inventory.images = [image]
        return inventory
    }

    @Test(arguments: pairs)
    func twoRegionsOfAnInventory(_ one: String, _ other: String) throws {
        let text = [one, other].map {
            #"{"InstanceImageMetadata":[{"InstanceId":"i-1","AvailabilityZone":"x-\#($0)1a"}]}"#
        }.joined(separator: "\n")
        let options = InventoryReader.Options(account: AccountID("111122223333"))
        let output = try Array(text.utf8).withUnsafeBytes { try InventoryReader.read($0, options: options) }
        #expect(Set(output.records.map { ExactText($0.region) }) == ["x-\(one)1", "x-\(other)1"])
    }

    /// An accent on a sign that parts an ARN or a zone's name does not take the sign away.
    @Test
    func accentsOnSigns() throws {
        #expect(InventoryReader.region(ofZone: "us-east-1\u{301}a") == "us-east-1")
        let text = #"[{"Id":"111122223333","Arn":"arn:aws:organizations::444455556666:account/o-\u0301a/1"}]"#
        let output = try Array(text.utf8).withUnsafeBytes { try InventoryReader.read($0) }
        guard case .inventory(let inventory) = try #require(output.records.first).call else { return }
        #expect(inventory.organization == "o-\u{301}a")
    }

    @Test
    func prefixesAndSuffixes() {
        #expect("ami-\u{301}1".hasBytes(prefix: "ami-") && !"ami-\u{301}1".hasPrefix("ami-"))
        #expect("x\u{200D}.com".hasBytes(suffix: ".com") && !"com".hasBytes(suffix: ".com"))
        #expect(String?.none.hasSameBytes(as: nil) && !String?.some("").hasSameBytes(as: nil))
    }
}
