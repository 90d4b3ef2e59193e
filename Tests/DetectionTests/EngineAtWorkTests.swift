import CloudTrail
import TestSupport
import Testing

@testable import Detection

/// What can be asked of an engine at work.
@Suite
struct EngineAtWorkTests {
    private static func run(_ seed: UInt64, _ body: (Engine, inout Engine) throws -> Void) throws {
        var random = SplitMix64(seed: 61_000 + seed)
        let policy = World.policy(&random)
        var engine = Engine.journaling(policy)
        var alerts: [Alert] = []
        for record in History.records(Int.random(in: 20...80, using: &random), random) {
            _ = engine.process(record, into: &alerts)
        }
        engine.evaluateDeferred(into: &alerts)
        engine.commit()
        var restored = try engine.restored(by: policy)
        try body(engine, &restored)
    }

    @Test("Its findings, in short and one by one, are those that a restored state lists")
    func findings() throws {
        var count = 0
        for seed in UInt64(0)..<20 {
            try Self.run(seed) { engine, restored in
                let published = engine.publishedFindings(about: engine.findingSubjects)
                let short = Dictionary(uniqueKeysWithValues: published.map { ($0.identity, $0) })
                let kept = restored.keptFindings().all
                #expect(short.count == kept.count)
                for finding in kept {
                    let row = try #require(short[finding.identity])
                    #expect(row.status == finding.status && row.verdict == finding.verdict)
                    #expect(row.title == finding.title && row.revision > 0)
                    let one = try #require(engine.keptFinding(finding.identity))
                    #expect(one.finding == finding.finding && one.status == finding.status)
                    #expect(one.severity == finding.severity && one.message == finding.message)
                    if finding.status != .retracted { #expect(row.severity == finding.severity) }
                    count += 1
                }
            }
        }
        #expect(count > 200, "\(count)")
    }

    @Test("Its guardrails and shares are those of the reports; other workers' accounts are left out")
    func places() throws {
        var (settings, shares) = (0, 0)
        for seed in UInt64(0)..<20 {
            try Self.run(seed) { engine, restored in
                for row in engine.posture(of: engine.judgedAccounts) {
                    let region = ExactText(row.scope.region)
                    let report = try #require(
                        restored.reports(.guardrails(row.scope.account, region: region), asOf: .now).first
                    )
                    let items = try #require(report.groups.first { $0.name == "settings" }).items
                    for (name, setting) in [
                        ("Allowed AMIs", row.allowedImages),
                        ("block public access for images", row.blockPublicAccess),
                    ] {
                        let item = try #require(items.first { $0.name == name })
                        #expect(item.value == setting?.value && item.since == setting?.since)
                        settings += setting == nil ? 0 : 1
                    }
                    #expect(row.lastEvent.map { $0 == engine.state.clock(of: row.scope.account) } ?? true)
                }
                let all = engine.chronicle(of: []).shares.filter {
                    $0.end == nil && $0.resource.type == .image
                }
                let standing = engine.standingShares(of: engine.knownImages)
                #expect(standing.count == all.count)
                shares += standing.count

                var part = engine
                part.isOwned = { $0 == World.owner }
                #expect(part.judgedAccounts.allSatisfy { $0 == World.owner })
                let published = part.publishedFindings(about: part.findingSubjects)
                #expect(published.allSatisfy { $0.identity.subject.scope.account == World.owner })
            }
        }
        #expect(settings > 20 && shares > 20, "\(settings) \(shares)")
    }

    @Test("Pieces are the whole, and one that is gone is noticed")
    func pieces() throws {
        try Self.run(7) { engine, _ in
            for size in [1, 2, 7] {
                var (images, last) = ([ResourceID](), ResourceID?.none)
                while let piece = engine.knownImages(behind: last, atMost: size), let end = piece.last {
                    #expect(piece.count <= size)
                    images += piece
                    last = end
                }
                #expect(images == engine.knownImages && images.count > 3)
            }
            #expect(engine.knownImages(behind: ResourceID("ami-gone"), atMost: 1) == nil)
        }
    }

    @Test("Nothing of the state is copied for whoever asks")
    func noCopy() throws {
        var random = SplitMix64(seed: 60_999)
        var engine = Engine.journaling(World.policy(&random))
        var alerts: [Alert] = []
        for record in History.records(60, random) {
            let memory = engine.state.memory
            let rows = engine.posture(of: engine.judgedAccounts)
            let shares = engine.standingShares(of: engine.knownImages)
            let findings = engine.publishedFindings(about: engine.findingSubjects)
            let one = findings.first.flatMap { engine.keptFinding($0.identity) }
            let image = engine.knownImages.first.map { engine.known(.image($0), asOf: .now) }
            _ = engine.process(record, into: &alerts)
            engine.commit()
            #expect(engine.state.memory == memory)
            withExtendedLifetime((rows, shares, findings, one, image)) {}
        }
    }

    @Test("Of an image that was launched often only the last launches are told")
    func manyLaunches() throws {
        var engine = Engine(policy: Policy())
        var alerts: [Alert] = []
        for number in 0..<50 {
            let record = Record(
                id: .uuid(7, UInt64(number)),
                account: World.owner,
                region: "us-east-1",
                time: EventTime(seconds: World.base + Int64(number)),
                name: "RunInstances",
                source: "ec2.amazonaws.com",
                actor: World.actors[0],
                call: .runInstances(
                    InstanceLaunch(
                        instances: [
                            .init(id: ResourceID("i-000000000000000\(10 + number)"), image: World.image(1))
                        ],
                        requestedImage: World.image(1)
                    )
                )
            )
            _ = engine.process(record, into: &alerts)
            engine.commit()
        }
        let report = try #require(engine.known(.image(World.image(1)), asOf: .now, itemsAtMost: 10).first)
        let launches = try #require(report.groups.first { $0.name == "launches" })
        #expect(launches.items.count == 10)
        #expect(launches.items.last?.name.hasSuffix("59") == true)
        #expect(launches.incomplete?.contains("only the last 10 of 50") == true)
        let whole = try #require(engine.known(.image(World.image(1)), asOf: .now).first)
        #expect(whole.groups.first { $0.name == "launches" }?.items.count == 50)
        let life = try #require(engine.chronicle(of: World.image(1), launchesAtMost: 10))
        #expect(life.launchesLeftOut == 40)
    }
}

extension Engine {
    fileprivate var knownImages: [ResourceID] { knownImages(behind: nil, atMost: .max) ?? [] }
    fileprivate var findingSubjects: [Subject] { findingSubjects(behind: nil, atMost: .max) ?? [] }
}
