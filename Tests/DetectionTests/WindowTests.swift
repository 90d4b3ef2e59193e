import CloudTrail
import TestSupport
import Testing

@testable import Detection

/// Counting within a time that ends with a fact.
@Suite
struct WindowTests {
    private static let key = FactKey.refusals(World.owner, principal: ExactText(World.developer))

    private static func fact(_ number: UInt64, at second: Int64, image: Int) -> Fact {
        Fact(
            time: EventTime(seconds: World.base + second),
            phase: .changes,
            value: .share(World.image(image), [.everyone]),
            evidence: Evidence(
                id: .uuid(0, number),
                time: EventTime(seconds: World.base + second),
                origin: Origin(
                    account: World.owner,
                    region: "us-east-1",
                    name: "ModifyImageAttribute",
                    source: "ec2.amazonaws.com"
                ),
                actor: World.actors[1]
            )
        )
    }

    /// The images of a fact; image 9 does not count.
    private static func image(_ fact: Fact) -> ResourceID? {
        guard case .share(let image, _) = fact.value, image != World.image(9) else { return nil }
        return image
    }

    private static func facts(_ random: inout SplitMix64) -> [Fact] {
        (0..<Int.random(in: 1...60, using: &random)).map {
            fact(
                UInt64($0),
                at: Int64.random(in: 0..<40, using: &random),
                image: random.pick([1, 2, 3, 4, 9])
            )
        }
    }

    private static func state(_ facts: [Fact]) -> State {
        var state = State(keepsJournal: false, imagesOpenAtMost: 2)
        var touched: [KeyedFact] = []
        for fact in facts { state.insert(fact, at: key, touched: &touched) }
        return state
    }

    /// As somebody would count by hand: all facts up to one, and after the window's beginning.
    private static func counted(_ facts: some Sequence<Fact>, upTo last: Fact, _ seconds: Int64) -> Int {
        Set(
            facts.filter { $0 <= last && $0.time > last.time.advanced(bySeconds: -seconds) }
                .compactMap(image)
        ).count
    }

    @Test
    func theCountsAreThoseByHandInEveryOrder() {
        for seed in UInt64(0)..<300 {
            var random = SplitMix64(seed: seed)
            let facts = Self.facts(&random)
            let window = Window(seconds: random.pick([1, 5, 20]), distinct: Self.image)
            let view = FactView(Self.state(facts))
            let sorted = view.all(of: Self.key)
            let counts = window.counts(in: sorted)
            let again = FactView(Self.state(facts.shuffled(using: &random))).all(of: Self.key)
            #expect(window.counts(in: again) == counts)
            for (fact, count) in zip(sorted, counts) {
                let expected = Self.counted(facts, upTo: fact, window.seconds)
                #expect(count == (Self.image(fact) == nil ? 0 : expected), "seed \(seed)")
                for limit in [1, 2, 8] {
                    let found = window.count(of: Self.key, upTo: fact, atMost: limit, in: view)
                    #expect(found == min(limit, expected), "seed \(seed)")
                }
            }
        }
    }

    @Test
    func whatIsJustAsOldAsTheWindowIsLongIsOutside() {
        let facts = [Self.fact(1, at: 0, image: 1), Self.fact(2, at: 600, image: 2)]
        #expect(Window(seconds: 600, distinct: Self.image).counts(in: facts[...]) == [1, 1])
        #expect(Window(seconds: 601, distinct: Self.image).counts(in: facts[...]) == [1, 2])
    }

    /// Whatever a fact changes by coming or going, it names, and of many facts after it no more than a few.
    @Test
    func aFactNamesThoseThatCountIt() {
        for seed in UInt64(0)..<300 {
            var random = SplitMix64(seed: 9_000 + seed)
            let facts = Self.facts(&random)
            let window = Window(seconds: random.pick([5, 20]), lookback: 12, distinct: Self.image)
            let (limit, fact) = (random.pick([1, 2, 4]), random.pick(facts))
            let with = FactView(Self.state(facts))
            let without = FactView(Self.state(facts.filter { $0 != fact }))
            for view in [with, without] {
                let named = window.facts(counting: fact, of: Self.key, atMost: limit, in: view)
                #expect(named.count <= 13)
                for other in facts where other != fact {
                    func count(_ view: FactView) -> Int {
                        window.count(of: Self.key, upTo: other, atMost: limit, in: view)
                    }
                    if count(with) != count(without) { #expect(named.contains(other), "seed \(seed)") }
                }
            }
        }
    }
}
