import CloudTrail
import CloudTrailTestSupport
import Testing
import TestSupport

@Suite
struct MergingTests {
    /// Records of one id whose every part is sometimes there and sometimes not.
    static func random(_ random: inout SplitMix64) -> Record {
        func some<Value>(_ values: [Value]) -> Value? {
            Bool.random(using: &random) ? values.randomElement(using: &random) : nil
        }
        let images = ["ami-1", "ami-2", "ami-0abcdef1234567890"].map { ResourceID($0) }
        let image = images.randomElement(using: &random) ?? images[0]
        let grantees: [Grantee] = [.everyone, .organization("o"), .organizationalUnit("o")]
        let call: Call =
            switch Int.random(in: 0..<12, using: &random) {
            case 0: .nothing
            case 1: .unreadable(some(["a", "b"]) ?? "")
            case 2:
                .runInstances(
                    .init(
                        instances: some([[.init(id: image, image: some(images))]]) ?? [],
                        requestedImage: some(images),
                        unread: some(["a", "b"])
                    )
                )
            case 3:
                .createImage(
                    .init(
                        image: some(images),
                        name: some(["x", "y"]),
                        origin: some([
                            .imported, .instance(image), .snapshots(["s"]),
                            .copy(image, region: some(["r", "q"])),
                            .restored(bucket: some(["b"]), key: some(["k"])),
                        ]),
                        imageTags: some([["a": "b"], ["a": "c"]]) ?? [:],
                        snapshotTags: some([["a": "b"]]) ?? [:],
                        copiesImageTags: Bool.random(using: &random)
                    )
                )
            case 4: .deprecateImage(image, at: some([EventTime(seconds: 5), EventTime(seconds: 9)]))
            case 5:
                .modifyLaunchPermission(
                    .init(
                        image: image,
                        added: some(grantees).map { [$0] } ?? [],
                        removed: some(grantees).map { [$0] } ?? [],
                        unread: some(["a", "b"])
                    )
                )
            case 6:
                .changeTags(
                    .init(
                        resources: some([["a"], ["b", "c"]]) ?? [],
                        tags: some([["k": nil], ["k": "v"]]) ?? [:],
                        deletes: Bool.random(using: &random)
                    )
                )
            case 7: .allowedImages(some(AllowedImagesState.allCases) ?? .enabled)
            case 8: .imageCriteria(some([[.init(providers: ["amazon"])], [.init(names: ["n"])]]) ?? [])
            case 9: .disableImage(image)
            case 10: .other(fields(&random))
            default: .terminateInstances(some(images).map { [$0] } ?? [])
            }
        return Record(
            id: .text("1"),
            account: AccountID("123456789012") ?? .none,
            region: some(["r1", "r2"]) ?? "",
            time: EventTime(seconds: Int64.random(in: 0...2, using: &random)),
            name: some(["n", "m"]) ?? "",
            source: "s",
            error: some(["e", "f"]),
            sharedEventID: some(["x", "y"]),
            actor: Actor(
                arn: some(["a", "b"]),
                type: some(["t"]),
                accountID: some(["111111111111", "222222222222"]).flatMap { AccountID($0) },
                invokedBy: some(["i"]),
                sourceIP: some(["1", "2"]),
                userAgent: some(["u"]),
                issuerARN: some(["z"])
            ),
            call: call
        )
    }

    private static func fields(_ random: inout SplitMix64) -> Fields {
        let values: [Fields.Value?] = [
            nil, .text("a"), .text("b"), .number(1), .number(-2), .flag(true), .flag(false), .texts([]),
            .texts(["a", "b"]),
        ]
        var fields = Fields()
        for name in ["x", "y"] as [ExactText] {
            fields[name] = values.randomElement(using: &random)?.flatMap(\.self)
        }
        return fields
    }

    @Test
    func commutativeAssociativeIdempotent() {
        var random = SplitMix64(seed: 99)
        for _ in 0..<20_000 {
            let (a, b, c) = (Self.random(&random), Self.random(&random), Self.random(&random))
            #expect(a.merged(with: a) == a)
            #expect(a.merged(with: b) == b.merged(with: a))
            #expect(a.merged(with: b).merged(with: c) == a.merged(with: b.merged(with: c)))
        }
    }

    /// Copies and addenda of one record say the same in every order.
    @Test
    func copiesInAnyOrder() {
        var random = SplitMix64(seed: 100)
        for _ in 0..<5_000 {
            let copies = (0..<4).map { _ in
                var copy = Self.random(&random)
                copy.isAddendum = Bool.random(using: &random)
                return copy
            }
            func together(_ copies: [Record]) -> RecordCopies {
                copies.dropFirst().reduce(.alike(copies[0])) { $0.adding($1) }
            }
            let expected = together(copies)
            for _ in 0..<3 {
                #expect(together(copies.shuffled(using: &random) + copies.prefix(2)) == expected)
            }
            let addenda = copies.filter(\.isAddendum)
            if let first = addenda.first {
                let told = addenda.dropFirst().reduce(first) { $0.merged(with: $1) }
                #expect(expected.record.isAddendum && expected.record.time == told.time)
                if let error = told.error { #expect(expected.record.error == error) }
                if let ip = told.actor.sourceIP { #expect(expected.record.actor.sourceIP == ip) }
            }
        }
    }

    @Test
    func presentBeatsAbsent() throws {
        let full = try #require(RecordReader().gather(message: Samples.launch).records.first)
        var reduced = full
        reduced.actor = .unknown
        reduced.region = ""
        reduced.call = .unreadable("dropped")
        #expect(reduced.merged(with: full) == full)
        reduced.call = .nothing
        #expect(full.merged(with: reduced) == full)
        var launch = InstanceLaunch(instances: [], requestedImage: nil)
        if case .runInstances(let read) = full.call { launch = read }
        launch.instances.removeLast()
        launch.unread = "an instance without instanceId"
        reduced.call = .runInstances(launch)
        #expect(full.merged(with: reduced) == full && reduced.merged(with: full) == full)
    }
}
