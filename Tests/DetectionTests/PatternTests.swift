import Testing

@testable import Detection

/// Patterns with `*` and `?`, held against all short texts.
@Suite
struct PatternTests {
    /// All texts of up to so many of some characters.
    private static func all(_ characters: String, upTo length: Int) -> [String] {
        (0..<length).reduce(into: [""]) { texts, number in
            texts += texts.filter { $0.count == number }.flatMap { text in
                characters.map { text + String($0) }
            }
        }
    }

    /// Two patterns of three characters that meet do so in a text of four.
    @Test
    func patternsMeetWhereSomeTextMatchesBoth() {
        let patterns = Self.all("ab*?", upTo: 3)
        let texts = Self.all("ab", upTo: 6)
        let matched = patterns.map { pattern in
            Set(texts.indices.filter { Pattern(pattern).matches(texts[$0]) })
        }
        var meeting = 0
        for (left, one) in patterns.enumerated() {
            for (right, other) in patterns.enumerated() {
                let isSo = !matched[left].isDisjoint(with: matched[right])
                #expect(Pattern(one).meets(Pattern(other)) == isSo, "\(one) and \(other)")
                if isSo { meeting += 1 }
            }
        }
        #expect(meeting > 100 && meeting < patterns.count * patterns.count)
    }

    @Test
    func aCharacterMayHaveSeveralBytes() {
        #expect(Pattern("é?").meets(Pattern("?ü")) && !Pattern("é?").meets(Pattern("ü?")))
        #expect(Pattern("i-*").meets(Pattern("?-0*")) && !Pattern("i-*").meets(Pattern("ami-*")))
    }
}
