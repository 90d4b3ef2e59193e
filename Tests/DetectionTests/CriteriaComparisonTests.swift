import CloudTrail
import Testing
import TestSupport

@testable import Detection

/// Which list of image criteria admits more, beside a comparison of every combination alone.
@Suite
struct CriteriaComparisonTests {
    private static let providers: [ExactText] = ["amazon", "none", "\(World.owner)", "\(World.vendor)"]
    private static let names: [ExactText] = ["web-*", "web-1*", "*", "db-?", "db-*"]
    private static let codes: [ExactText] = ["a1", "b2"]

    private static func criterion(_ random: inout SplitMix64) -> ImageCriterion {
        func some<Value>(_ values: [Value], _ random: inout SplitMix64) -> [Value]? {
            guard random.chance(60) else { return nil }
            return Array(values.shuffled(using: &random).prefix(Int.random(in: 1...2, using: &random)))
        }
        return ImageCriterion(
            providers: some(providers, &random),
            names: some(names, &random),
            productCodes: some(codes, &random),
            maximumDaysSinceCreated: some([10, 20], &random)?.first,
            maximumDaysSinceDeprecated: some([0, 5], &random)?.first,
            unknown: random.chance(10) ? ["Other": "1"] : [:]
        )
    }

    @Test
    func aWeakeningIsACombinationThatNoOldCriterionAdmits() {
        var random = SplitMix64(seed: 5)
        var counts = (weaker: 0, same: 0)
        for _ in 0..<20_000 {
            let old = (0..<Int.random(in: 1...3, using: &random)).map { _ in Self.criterion(&random) }
            let new = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                random.chance(50) ? Self.criterion(&random) : old.randomElement(using: &random) ?? .init()
            }
            let isWeaker = !new.allSatisfy { Self.isCovered($0, by: old) }
            let weakening = CriteriaComparison(account: World.owner).weakening(from: old, to: new)
            #expect((weakening != nil) == isWeaker, "\(old.summary) -> \(new.summary)")
            if isWeaker { counts.weaker += 1 } else { counts.same += 1 }
        }
        #expect(counts.weaker > 2_000 && counts.same > 2_000, "\(counts)")
    }

    private static func isCovered(_ new: ImageCriterion, by old: [ImageCriterion]) -> Bool {
        func others(_ criterion: ImageCriterion) -> [ExactText?]? {
            criterion.providers?.filter { $0 != "none" && $0 != "\(World.owner)" }
        }
        for provider in others(new) ?? [nil] {
            for name in new.names ?? [nil] as [ExactText?] {
                for code in new.productCodes ?? [nil] as [ExactText?] {
                    let isAdmitted = old.contains { old in
                        func admits(_ values: [ExactText?]?, _ isAdmitting: (ExactText) -> Bool) -> Bool {
                            values?.contains { $0.map(isAdmitting) ?? false } ?? true
                        }
                        return admits(others(old)) { $0 == provider }
                            && admits(old.names) { wide in
                                name.map { Pattern(wide.string).covers(Pattern($0.string)) } ?? false
                            } && admits(old.productCodes) { $0 == code }
                            && new.maximumDaysSinceCreated ?? .max <= old.maximumDaysSinceCreated ?? .max
                            && new.maximumDaysSinceDeprecated ?? .max <= old.maximumDaysSinceDeprecated
                                ?? .max
                            && old.unknown.allSatisfy { new.unknown[$0.key] == $0.value }
                    }
                    if !isAdmitted { return false }
                }
            }
        }
        return true
    }

    /// Whatever the narrower pattern matches the wider one matches, too.
    @Test
    func aPatternCoversNothingThatItDoesNotMatch() {
        var random = SplitMix64(seed: 6)
        func pattern(_ random: inout SplitMix64) -> Pattern {
            Pattern(
                (0..<Int.random(in: 0...5, using: &random)).map { _ in
                    ["a", "b", "é", "?", "*"].randomElement(using: &random) ?? ""
                }.joined()
            )
        }
        let letters = ["a", "b", "é"]
        var texts = [""]
        for length in 1...5 {
            texts += texts.filter { $0.count == length - 1 }.flatMap { text in letters.map { text + $0 } }
        }
        var count = 0
        for _ in 0..<20_000 {
            let (wide, narrow) = (pattern(&random), pattern(&random))
            guard wide.covers(narrow) else { continue }
            count += 1
            for text in texts where narrow.matches(text) && !wide.matches(text) {
                Issue.record("\(wide) covers \(narrow), and does not match \(text)")
            }
        }
        #expect(count > 1_000)
        for (wide, narrow) in [
            ("*", ""), ("*", "?*"), ("a*", "ab*"), ("a?*", "ab*c?"), ("*-*", "x-y"), ("?", "?"), ("?", "é"),
            ("a*b*c", "a*bb?c*c"),
        ] {
            #expect(Pattern(wide).covers(Pattern(narrow)), "\(wide) \(narrow)")
        }
        for (wide, narrow) in [("?", "*"), ("a", "?"), ("ab*", "a*"), ("?*", "*"), ("", "*")] {
            #expect(!Pattern(wide).covers(Pattern(narrow)), "\(wide) \(narrow)")
        }
    }
}
