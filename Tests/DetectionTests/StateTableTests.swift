import CloudTrail
import Pipeline
import TestSupport
import Testing

@testable import Detection

/// The tables of images and instances say what plain dictionaries say.
@Suite
struct StateTableTests {
    @Test("What is packed of an image is all that is known about it", arguments: Fixture.ofRules)
    func packedImages(_ fixture: Fixture) throws {
        var engine = Engine(policy: try fixture.policy())
        var alerts: [Alert] = []
        for record in try fixture.records() { _ = engine.process(record, into: &alerts) }
        var packing = ImagePacking()
        for (id, facts) in engine.state.images.all {
            let packed = try #require(packing.packed(facts)?.facts)
            #expect(Set(packed.attributes) == Set(facts.attributes))
            for attribute in facts.attributes {
                #expect(packed.timeline(attribute) == facts.timeline(attribute), "\(id)")
            }
            #expect(packed.launches.last(.max) == facts.launches.last(.max))
            #expect(packed.copies == facts.copies && packed.groups == facts.groups)
            #expect(
                packed.approvingPolicy == facts.approvingPolicy && Set(packed.grantees) == Set(facts.grantees)
            )
        }
    }

    @Test("What is added to a packed image is what would be added to an open one", arguments: 0..<100)
    func packedAdditions(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var table = ImageTable(openAtMost: 1)
        var expected: [ResourceID: ImageFacts] = [:]
        for number in 0..<40 {
            let id = World.image(Int.random(in: 1...3, using: &random))
            let time = EventTime(seconds: Int64.random(in: -2...2, using: &random))
            let launch = Launch(time: time, row: UInt32(number))
            let fact = Self.fact(.image(id, .firstUse), &random)
            // Shared by somebody, as while a policy is tried.
            let shared = random.chance(20) ? table : nil
            switch Int.random(in: 0..<3, using: &random) {
            case 0:
                table.insert(launch, of: id) { $0.row < $1.row }
                expected[id, default: ImageFacts()].launches.insert(launch) { $0.row < $1.row }
            case 1:
                let insertion = table.insert(fact, id, .firstUse, keepsFirstOnly: true)
                let wanted = expected[id, default: ImageFacts()]
                    .insert(fact, .firstUse, keepsFirstOnly: true)
                #expect("\(insertion)" == "\(wanted)")
            default:
                _ = table.change(id) { $0.insert(fact, .lifecycle, keepsFirstOnly: false) }
                _ = expected[id, default: ImageFacts()].insert(fact, .lifecycle, keepsFirstOnly: false)
            }
            #expect(shared.map { $0.count <= table.count } ?? true)
            for (id, facts) in expected {
                #expect(table[id]?.launches.last(.max) == facts.launches.last(.max))
                #expect(table.firstLaunches(of: id) == facts.launches.ofFirstSecond)
                for attribute in [ImageAttribute.firstUse, .lifecycle] {
                    #expect(table.timeline(id, attribute) == facts.timeline(attribute))
                }
            }
        }
    }

    @Test("A row is found by its id as long as it is there, whatever came and went", arguments: 0..<20)
    func rowIndex(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var ids: [RowIndex.Number: ResourceID] = [:]
        var index = RowIndex()
        for number in RowIndex.Number(0)..<4000 {
            let id =
                random.chance(90)
                ? ResourceID.instance(.random(in: 0..<1500, using: &random), UInt8(seed % 16))
                : .text("i-\(Int.random(in: 0..<100, using: &random))")
            let known = index.find(id) { ids[$0] == id }
            #expect(known == ids.first { $0.value == id }?.key)
            if let known {
                index.remove(known, id) { ids[$0] }
                ids[known] = nil
            } else {
                ids[number] = id
                index.insert(number, id) { ids[$0] }
            }
            #expect(index.count == ids.count)
        }
        for (number, id) in ids { #expect(index.find(id) { ids[$0] == id } == number) }
    }

    @Test(
        "An instance's facts are the same, whichever table they are in, and in every order",
        arguments: 0..<200
    )
    func instances(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var state = State(keepsJournal: true, imagesOpenAtMost: 1)
        var expected: [FactKey: [Fact]] = [:]
        var committed = expected
        let keys = (0..<6).map { FactKey.instance(AccountRegion(World.owner, "r\($0 / 3)"), Self.id($0 % 3)) }
        for _ in 0..<60 {
            let key = random.pick(keys)
            var touched: [KeyedFact] = []
            if random.chance(30), let fact = expected[key]?.randomElement(using: &random) {
                let isRemoved = state.remove(fact, at: key)
                #expect(isRemoved)
                expected[key]?.removeAll { $0 == fact }
            } else {
                let fact = Self.fact(key, &random)
                if expected[key]?.contains(where: { $0.isSame(as: fact) }) ?? false { continue }
                state.insert(fact, at: key, touched: &touched)
                expected[key, default: []].append(fact)
            }
            if random.chance(10) {
                state.commit()
                committed = expected
            } else if random.chance(10) {
                state.rollback()
                expected = committed
            }
            for key in keys {
                #expect(Array(state.timeline(key).facts) == (expected[key] ?? []).sorted())
            }
            let known = Set(keys.filter { expected[$0]?.isEmpty == false })
            #expect(Set(state.keys) == known)
            for image in 1...2 {
                let launches = state.image(World.image(image))?.launches.last(.max) ?? []
                let all = known.flatMap { key in
                    Set(
                        (expected[key] ?? []).filter { $0.value.launchedImage == World.image(image) }
                            .map(\.time)
                    )
                    .map { (key, $0) }
                }
                #expect(launches.count == all.count)
                #expect(
                    launches.allSatisfy { launch in
                        all.contains { $0.0 == state.key(of: launch) && $0.1 == launch.time }
                    }
                )
                #expect(zip(launches, launches.dropFirst()).allSatisfy { state.precedes($0, $1) })
            }
        }
    }

    private static func id(_ number: Int) -> ResourceID {
        number == 2 ? ResourceID("i-1234567\(number)") : .instance(UInt64(number), 3)
    }

    private static func fact(_ key: FactKey, _ random: inout SplitMix64) -> Fact {
        let time = EventTime(seconds: Int64.random(in: 0..<5, using: &random))
        let image = World.image(random.chance(50) ? 1 : 2)
        let scope = random.chance(80) ? key.entity.scope : AccountRegion(World.owner, "elsewhere")
        let id =
            random.chance(80)
            ? EventID.uuid(random.next(), 1) : .text("inventory/\(random.next())")
        let evidence = Evidence(
            id: id,
            time: random.chance(80) ? time : EventTime(seconds: 9),
            origin: Origin(
                account: World.owner,
                region: scope?.region ?? "",
                name: "RunInstances",
                source: "ec2"
            ),
            actor: Actor(arn: "arn:aws:iam::111122223333:user/a")
        )
        return switch Int.random(in: 0..<4, using: &random) {
        case 0: Fact(time: time, phase: .ends, value: .terminated, evidence: evidence)
        case 1: Fact(time: time, phase: .changes, value: .seen(image), evidence: evidence)
        case 2: Fact(time: time, phase: .creates, value: .launched(nil), evidence: evidence)
        default: Fact(time: time, phase: .creates, value: .launched(image), evidence: evidence)
        }
    }
}
