import CloudTrail
import Testing
import TestSupport

@testable import Detection

/// Which list of image criteria admits more: by comparing, and by trying every image of a small world.
@Suite
struct CriteriaComparisonTests {
    private static let providers: [ExactText] = [
        "amazon", "aws-marketplace", "none", "\(World.owner)", "\(World.vendor)", "\(World.stranger)",
    ]
    private static let codes: [ExactText] = ["a1", "b2"]

    /// An image that somebody else owns; nil is what no criterion names.
    private struct Image: Hashable {
        var owner: ExactText?
        var alias: ExactText?
        var codes: Set<ExactText>
        var created: Int
        var deprecated: Int

        func isAdmitted(by criterion: ImageCriterion) -> Bool {
            (criterion.providers?.contains { $0 == owner || $0 == alias } ?? true)
                && (criterion.productCodes.map { !codes.isDisjoint(with: $0) } ?? true)
                && created <= criterion.maximumDaysSinceCreated ?? .max
                && deprecated <= criterion.maximumDaysSinceDeprecated ?? .max
        }

        static let all: [Image] = {
            var all: [Image] = []
            for owner in [nil, "\(World.vendor)", "\(World.stranger)"] as [ExactText?] {
                for alias in [nil, "amazon", "aws-marketplace"] as [ExactText?] {
                    for codes in [[], ["a1"], ["b2"], ["a1", "b2"]] as [Set<ExactText>] {
                        for created in [10, 20, 30] {
                            for deprecated in [0, 5, 9] {
                                all.append(
                                    Image(
                                        owner: owner,
                                        alias: alias,
                                        codes: codes,
                                        created: created,
                                        deprecated: deprecated
                                    )
                                )
                            }
                        }
                    }
                }
            }
            return all
        }()
    }

    /// All names of one to four letters, one of which no criterion names.
    private static let names: [[UInt8]] = {
        var names: [[UInt8]] = [[]]
        for length in 1...4 {
            names += names.filter { $0.count == length - 1 }.flatMap { name in "abz".utf8.map { name + [$0] }
            }
        }
        return names.filter { !$0.isEmpty }
    }()

    private static func matches(_ name: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        if first == UInt8(ascii: "*") {
            return matches(name, pattern.dropFirst()) || (!name.isEmpty && matches(name.dropFirst(), pattern))
        }
        return name.first.map { first == UInt8(ascii: "?") || first == $0 } ?? false
            && matches(name.dropFirst(), pattern.dropFirst())
    }

    private static func isNamed(_ name: String, by criterion: ImageCriterion) -> Bool {
        criterion.names?.contains { matches(Array(name.utf8)[...], Array($0.string.utf8)[...]) } ?? true
    }

    /// A criterion with the images and names of the small world that it admits, as bits.
    private struct Tried {
        let criterion: ImageCriterion
        var images = SIMD8<UInt64>()
        var names = SIMD2<UInt64>()

        init(_ criterion: ImageCriterion) {
            self.criterion = criterion
            for (number, image) in Image.all.enumerated() where image.isAdmitted(by: criterion) {
                images[number / 64] |= 1 << UInt64(number % 64)
            }
            for (number, name) in CriteriaComparisonTests.names.enumerated()
            where isNamed(String(decoding: name, as: UTF8.self), by: criterion) {
                names[number / 64] |= 1 << UInt64(number % 64)
            }
        }

        /// Whether it admits an image that none of a list does.
        func admitsMore(than old: [Tried]) -> Bool {
            (0..<1 << old.count).contains { subset in
                var (images, left) = (images, names)
                for (number, other) in old.enumerated() {
                    let isAdmitting = subset >> number & 1 == 1
                    images &= isAdmitting ? other.images : ~other.images
                    if isAdmitting { left &= ~other.names }
                }
                return images != .zero && left != .zero
            }
        }
    }

    private static func criterion(_ random: inout SplitMix64) -> ImageCriterion {
        func some<Value>(_ values: [Value], _ percent: Int, _ random: inout SplitMix64) -> [Value]? {
            guard random.chance(percent) else { return nil }
            return Array(values.shuffled(using: &random).prefix(Int.random(in: 1...3, using: &random)))
        }
        func name(_ random: inout SplitMix64) -> ExactText {
            let length = Int.random(in: 1...4, using: &random)
            return ExactText((0..<length).map { _ in random.pick(["a", "b", "?", "*", "*"]) }.joined())
        }
        return ImageCriterion(
            providers: some(providers, 60, &random),
            names: some((0..<3).map { _ in name(&random) }, 80, &random),
            productCodes: some(codes, 30, &random),
            maximumDaysSinceCreated: some([10, 20], 30, &random)?.first,
            maximumDaysSinceDeprecated: some([0, 5], 30, &random)?.first
        )
    }

    @Test("What only the new list admits is found whenever there is such an image, and is one")
    func everyImageIsTried() {
        var random = SplitMix64(seed: 5)
        let pool = (0..<2_000).map { _ in Tried(Self.criterion(&random)) }
        // The names of each with one `*` for nothing, and with one for something: together they match the same.
        let halves = pool.map { tried in
            ["", "?*"].map { half in
                var criterion = tried.criterion
                criterion.names = (criterion.names ?? ["*"]).map { name in
                    ExactText(name.string.replacing("*", with: half, maxReplacements: 1))
                }
                return Tried(criterion)
            }
        }
        var counts = (weaker: 0, same: 0, together: 0)
        for _ in 0..<100_000 {
            var old = (0..<Int.random(in: 1...3, using: &random)).map { _ in random.pick(pool) }
            var new = (0..<Int.random(in: 1...2, using: &random)).map { _ in
                random.pick(random.chance(40) ? pool : old)
            }
            if random.chance(20) {
                let whole = pool.indices.randomElement(using: &random) ?? 0
                old += halves[whole]
                new = [pool[whole]] + (random.chance(70) ? [] : new)
            }
            let (before, after) = (old.map(\.criterion), new.map(\.criterion))
            let isWeaker = new.contains { $0.admitsMore(than: old) }
            let weakening = CriteriaComparison(account: World.owner).weakening(from: before, to: after)
            if let image = weakening?.image {
                let alone = { (list: [ImageCriterion]) in list.contains { Self.isAdmitted(image, by: $0) } }
                if !alone(after) || alone(before) {
                    Issue.record("\(image.words): \(before.summary) -> \(after.summary)")
                }
                counts.weaker += 1
            } else {
                if isWeaker || weakening != nil { Issue.record("\(before.summary) -> \(after.summary)") }
                counts.same += 1
                if !new.allSatisfy({ new in old.contains { !new.admitsMore(than: [$0]) } }) {
                    counts.together += 1
                }
            }
        }
        #expect(counts.weaker > 20_000 && counts.same > 20_000 && counts.together > 3_000, "\(counts)")
    }

    private static func isAdmitted(_ image: AdmittedImage, by criterion: ImageCriterion) -> Bool {
        let described = Image(
            owner: image.provider,
            codes: Set([image.productCode].compactMap(\.self)),
            created: image.daysSinceCreated ?? .max,
            deprecated: image.daysSinceDeprecated ?? .max
        )
        return described.isAdmitted(by: criterion) && isNamed(image.name, by: criterion)
    }

    @Test("A parameter of unknown meaning makes undetermined what depends on it, and nothing else")
    func unknownParameters() {
        let names: [ExactText] = ["web-*"]
        func list(_ unknown: [ExactText: ExactText], _ names: [ExactText]) -> [ImageCriterion] {
            [ImageCriterion(names: names, unknown: unknown)]
        }
        func weakening(
            _ old: [ImageCriterion],
            _ new: [ImageCriterion]
        ) -> CriteriaComparison.Weakening? {
            CriteriaComparison(account: World.owner).weakening(from: old, to: new)
        }
        let marked = list(["ImageWatermarks": "1"], names)
        #expect(weakening(marked, marked) == nil)
        #expect(weakening(list([:], names), marked) == nil)
        #expect(weakening(marked, list([:], names))?.isCertain == true, "a demand less")
        let other = weakening(marked, list(["ImageWatermarks": "2"], names))
        #expect(other?.isCertain == false)
        if case .parameters(let names)? = other?.doubt {
            #expect(names == ["ImageWatermarks"])
        } else {
            Issue.record("\(String(describing: other))")
        }
        #expect(weakening(marked, list(["ImageWatermarks": "2"], ["db-*"]))?.image?.name == "db-x")
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
