import CloudTrail
import TestSupport
import Testing

@testable import Detection

/// What comparing and matching image criteria takes, counted in steps.
@Suite
struct CriteriaWorkTests {
    /// As many criteria and names as AWS takes, and names as long.
    private static func list(_ name: (_ criterion: Int, _ number: Int) -> String) -> [ImageCriterion] {
        (0..<10).map { criterion in
            ImageCriterion(
                providers: (0..<200).map { "\(100_000_000_000 + $0)" },
                names: (0..<50).map { number in
                    let name = name(criterion, number)
                    precondition(name.utf8.count <= 128)
                    return ExactText(name)
                },
                productCodes: (0..<50).map { "code\($0)" }
            )
        }
    }

    private static func digits(_ number: Int) -> String {
        String(repeating: "0", count: 3 - String(number).count) + String(number)
    }

    /// Names that make matching hard, by the number of the list.
    private static let kinds: [@Sendable (Int, Int, Int) -> String] = [
        // A long beginning, and the difference at the end.
        { "*" + String(repeating: "a", count: 115) + "\(digits($0))-\(digits($1))-\(digits($2))*" },
        // The difference at the beginning, in another place each time.
        { list, criterion, number in
            "*\(digits(list))\(digits(criterion))" + String(repeating: "ab", count: 20 + number % 20) + "*"
                + digits(number) + "*"
        },
        // As many `*` as there is room for, and nearly a match.
        { list, criterion, number in
            String(repeating: "*a", count: 50 + (list + number) % 8) + "*\(criterion % 2)b"
        },
        // `?` matches nearly everything.
        { list, criterion, number in
            "*" + String(repeating: "?", count: 40 + (list + number) % 40) + "a*"
                + String(repeating: "b", count: criterion + 1) + "*"
        },
        // Characters of several bytes.
        { list, criterion, number in
            "*é" + String(repeating: "é", count: 40 + (list + number) % 10) + "*\(criterion)é*"
        },
    ]

    @Test(arguments: kinds.indices)
    func hardNamesAreComparedInBoundedWork(kind: Int) {
        let limit = 300_000
        let comparisons = CriteriaComparisons(steps: limit)
        var engine = Engine(policy: Policy(), rules: RuleSet([AllowedAMIsCriteriaWeakened(comparisons)]))
        var alerts: [Alert] = []
        for number in 0..<24 {
            let list = Self.list { Self.kinds[kind](number, $0, $1) }
            _ = engine.process(Self.replacing(list, number), into: &alerts)
            // Each list is compared with the one before it, and with the one that counts as the last good one.
            #expect(comparisons.count <= max(0, 2 * number - 1))
            #expect(comparisons.steps <= comparisons.count * limit)
        }
        #expect(comparisons.count > 0)
        let steps = comparisons.steps
        engine.reconcile(into: &alerts)
        #expect(comparisons.steps == steps, "nothing is compared twice")
    }

    private static func replacing(_ list: [ImageCriterion], _ number: Int) -> Record {
        Record(
            id: .uuid(0x4000, 0x8000_0000_0000_0000 + UInt64(number)),
            account: World.owner,
            region: "us-east-1",
            time: EventTime(seconds: World.base + Int64(number)),
            name: "ReplaceImageCriteriaInAllowedImagesSettings",
            source: "ec2.amazonaws.com",
            call: .imageCriteria(list)
        )
    }

    /// One account changes its criteria again and again, each time to the hardest that AWS takes: a call of another
    /// account between two of them is judged at once and compares nothing, and no call takes more than the first ones.
    @Test
    func nobodyWaitsForAnotherAccountsCriteria() {
        let limit = 50_000
        let comparisons = CriteriaComparisons(steps: limit)
        var settings = Engine.Settings()
        settings.keepsJournal = true
        settings.horizonSeconds = 86_400
        let rules = RuleSet([AllowedAMIsCriteriaWeakened(comparisons), AMISharedPublicly()])
        var engine = Engine(policy: Policy(), rules: rules, settings: settings)
        var taken: [Int] = []
        for number in 0..<60 {
            var alerts: [Alert] = []
            let before = comparisons.steps
            let list = Self.list { Self.kinds[1](number, $0, $1) }
            _ = engine.process(Self.replacing(list, number), into: &alerts)
            taken.append(comparisons.steps - before)
            alerts = []
            let share = LaunchPermissionChange(image: World.image(number), added: [.everyone], removed: [])
            var other = Self.replacing([], number + 1_000)
            (other.account, other.name) = (World.stranger, "ModifyImageAttribute")
            other.call = .modifyLaunchPermission(share)
            _ = engine.process(other, into: &alerts)
            #expect(alerts.map(\.finding.identity.rule) == ["ami-shared-publicly"], "call \(number)")
            #expect(comparisons.steps == before + taken[number], "call \(number)")
            engine.commit()
        }
        // Of such lists some five are known at a time, and each is compared with two others at most.
        #expect(taken.allSatisfy { $0 <= 10 * limit } && taken.contains { $0 > limit / 2 }, "\(taken)")
        #expect(taken[40...].reduce(0, +) <= 2 * taken[10..<30].reduce(0, +), "\(taken)")
    }

    /// The largest lists with names as people give them are far from the limit, and compared to the end.
    @Test
    func theLargestListsOfOrdinaryNames() {
        let shapes: [(String, Int) -> String] = [
            { "golden-image-of-team-\($1)-for-*-servers-\($0)" },
            { "*-golden-image-of-team-\($1)-\($0)" },
            { "\($1)/hardened/*-x86_64-????\($0)" },
            { "*team\($1)*release*\($0)" },
        ]
        for shape in shapes {
            func list(_ suffix: String) -> [ImageCriterion] {
                Self.list { shape(suffix, 50 * $0 + $1) }
            }
            for (old, new, isWeaker) in [("*", "1*", false), ("1*", "*", true), ("1*", "2*", true)] {
                var budget = StepBudget(.max)
                let weakening = CriteriaComparison(account: World.owner)
                    .weakening(from: list(old), to: list(new), &budget)
                #expect(weakening?.isCertain == (isWeaker ? true : nil), "\(shape(new, 0))")
                #expect(budget.taken < CriteriaComparison.steps / 2, "\(shape(new, 0))")
            }
        }
    }

    /// Combinations of values are few, however they are spread over the criteria.
    @Test
    func valuesThatEachCriterionHasOthersOf() {
        func list(_ suffix: String) -> [ImageCriterion] {
            (0..<10).map { criterion in
                func having(_ count: Int) -> [Int] {
                    (0..<count).filter { ($0 * 37 + 11) >> criterion & 1 == 0 }
                }
                return ImageCriterion(
                    providers: having(200).map { "\(100_000_000_000 + $0)" },
                    names: having(50).map { "name-\($0)-\(suffix)" },
                    productCodes: having(50).map { "code\($0)" }
                )
            }
        }
        var budget = StepBudget(.max)
        let comparison = CriteriaComparison(account: World.owner)
        #expect(comparison.weakening(from: list("*"), to: list("1*"), &budget) == nil)
        #expect(budget.taken < CriteriaComparison.steps / 2)
    }

    // MARK: Beyond the limit

    /// What cannot be compared to the end is neither a violation nor allowed.
    @Test
    func aComparisonThatTakesTooLongIsUndetermined() throws {
        let old = Self.list { Self.kinds[1](1, $0, $1) }
        let new = Self.list { Self.kinds[1](2, $0, $1) }
        let findings = Self.findings([old, new])
        #expect(findings.count == 1)
        let finding = try #require(findings.first)
        #expect(finding.verdict == .undetermined && finding.severity == .low)
        #expect(
            finding.missing == [
                "whether the old image criteria cover the new ones (comparing them takes too many steps)"
            ]
        )
        // What is certain is said: it needs no names.
        var wider = new
        wider[3].providers = ["999988887777"]
        let certain = try #require(Self.findings([old, wider]).first)
        #expect(certain.verdict == .violation)
        #expect(certain.message.contains("provider added: 999988887777"))
        // It is over when the old list is back.
        #expect(Self.findings([old, new, old]).map(\.status) == [.resolved])
    }

    /// The findings of a detector that compares no more than a few names.
    private static func findings(_ lists: [[ImageCriterion]]) -> [Finding] {
        let rules = RuleSet([AllowedAMIsCriteriaWeakened(CriteriaComparisons(steps: 100))])
        var engine = Engine(policy: Policy(), rules: rules)
        var alerts: [Alert] = []
        for (number, list) in lists.enumerated() {
            _ = engine.process(replacing(list, number), into: &alerts)
        }
        return engine.findings().map(\.finding)
    }

    /// With fewer steps a comparison says less, and never anything else.
    @Test
    func fewerStepsNeverTellAnythingElse() {
        var random = SplitMix64(seed: 71)
        func pattern() -> String {
            (0..<Int.random(in: 1...8, using: &random)).map { _ in random.pick(["a", "b", "?", "*"]) }
                .joined()
        }
        func list() -> [ImageCriterion] {
            (0..<2).map { _ in
                ImageCriterion(
                    providers: random.chance(50) ? [random.pick(["amazon", "\(World.vendor)"])] : nil,
                    names: random.chance(90) ? (0..<3).map { _ in ExactText(pattern()) } : nil
                )
            }
        }
        var counts = (certain: 0, undetermined: 0)
        for _ in 0..<5000 {
            let (old, new) = (list(), list())
            let comparison = CriteriaComparison(account: World.owner)
            let truth = comparison.weakening(from: old, to: new)
            var budget = StepBudget(Int.random(in: 0...60, using: &random))
            guard let said = comparison.weakening(from: old, to: new, &budget) else {
                #expect(truth == nil, "\(old.summary) -> \(new.summary)")
                continue
            }
            if said.isCertain {
                counts.certain += 1
                #expect(truth != nil, "\(old.summary) -> \(new.summary)")
            } else {
                counts.undetermined += 1
            }
        }
        #expect(counts.certain > 500 && counts.undetermined > 500, "\(counts)")
    }

    // MARK: Matching

    /// Both ways of matching agree, on patterns as texts, and on texts longer than one word and than two.
    @Test
    func aPreparedTextIsMatchedByTheSamePatterns() {
        var random = SplitMix64(seed: 72)
        var matches = 0
        for _ in 0..<30_000 {
            let most = random.pick([3, 6, 70, 200])
            func made(of letters: [String], _ most: Int) -> String {
                (0..<Int.random(in: 0...most, using: &random)).map { _ in random.pick(letters) }.joined()
            }
            let text = made(of: ["a", "b", "é", "?", "*"], most)
            let pattern =
                random.chance(50)
                ? text.replacing(random.pick(["a", "b", "é"]), with: "*")
                : made(of: ["a", "b", "é", "?", "*", "*"], min(most, 12))
            var budget = StepBudget(.max)
            let isMatched = PatternText(text).isMatched(by: pattern, &budget)
            #expect(isMatched == Pattern(pattern).matches(text), "\(pattern) matches \(text)")
            if isMatched == true { matches += 1 }
            var other = text
            let isCovered = other.withUTF8 { PatternText($0, .pattern) }.isMatched(by: pattern, &budget)
            #expect(isCovered == Pattern(pattern).covers(Pattern(text)), "\(pattern) covers \(text)")
        }
        #expect(matches > 5000)
    }

    /// What AWS lets names and criteria be is always matched to the end; what is longer, as far as the steps go.
    @Test
    func aLaunchIsMatchedInBoundedWork() throws {
        let name = String(repeating: "a", count: 128)
        let criteria = Self.list { criterion, number in
            String(repeating: "*a", count: 50 + number % 8) + "*\(criterion % 2)b"
        }
        var budget = StepBudget(.max)
        for pattern in criteria.flatMap({ $0.names ?? [] }) {
            #expect(PatternText(name).isMatched(by: pattern.string, &budget) == false)
        }
        #expect(budget.taken < CriteriaComparison.steps / 10)

        let sound = try #require(Self.launch(of: name, under: criteria))
        #expect(sound.verdict == .violation && sound.missing.isEmpty)
        let long = String(repeating: "a", count: 100_000)
        let endless = try #require(Self.launch(of: long, under: criteria))
        #expect(endless.verdict == .undetermined)
        #expect(endless.missing.contains { $0.contains("takes too many steps") })
    }

    private static func launch(of name: String, under criteria: [ImageCriterion]) -> Finding? {
        func record(_ number: UInt64, _ account: AccountID, _ name: String, _ call: Call) -> Record {
            Record(
                id: .uuid(0x4000, 0x8000_0000_0000_0000 + number),
                account: account,
                region: "us-east-1",
                time: EventTime(seconds: World.base + Int64(number)),
                name: name,
                source: "ec2.amazonaws.com",
                call: call
            )
        }
        var criteria = criteria
        for index in criteria.indices {
            (criteria[index].providers, criteria[index].productCodes) = (nil, nil)
        }
        let launch = InstanceLaunch(
            instances: [.init(id: World.instance(1), image: World.image(1))],
            requestedImage: nil
        )
        var engine = Engine(policy: Policy(), rules: RuleSet([LaunchNotAllowedByCriteria()]))
        var alerts: [Alert] = []
        for record in [
            record(
                1,
                World.vendor,
                "CreateImage",
                .createImage(ImageCreation(image: World.image(1), name: ExactText(name), imageTags: [:]))
            ),
            record(2, World.owner, "EnableAllowedImagesSettings", .allowedImages(.enabled)),
            record(3, World.owner, "ReplaceImageCriteriaInAllowedImagesSettings", .imageCriteria(criteria)),
            record(4, World.owner, "RunInstances", .runInstances(launch)),
        ] {
            _ = engine.process(record, into: &alerts)
        }
        return engine.findings().map(\.finding).first
    }
}
