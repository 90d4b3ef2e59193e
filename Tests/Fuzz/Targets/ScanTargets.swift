import CPrefilter
import CloudTrailTestSupport

@testable import CloudTrail

/// The scans of the prefilter: with every set of instructions they say the same.
final class PrefilterTarget: FuzzTarget {
    static let name = "prefilter"
    private let levels = [AMIWATCH_PORTABLE, AMIWATCH_SSE2, AMIWATCH_AVX2, AMIWATCH_AVX512].map {
        Prefilter(simd: $0)
    }
    private(set) var reached: [String: Int] = [:]

    static func seeds() throws -> [[UInt8]] {
        let lists = try RecordSeeds.ofFixtures().map { lines in
            [0x7B] + lines.dropFirst().map { $0 == 0x0A ? 0x2C : $0 }
        }
        return try RecordSeeds.all() + lists
    }

    func take(_ input: UnsafeRawBufferPointer) throws {
        guard !input.isEmpty else { return }
        let names = levels.map { level in
            let names = level.names(in: input)
            return [
                names.suspicious ? 1 : 0, names.suspicious ? 0 : names.plain,
                names.suspicious ? 0 : names.escaped, names.one_other_call ? 1 : 0,
                !names.suspicious && names.may_be_several ? 1 : 0,
            ]
        }
        try require(names.allSatisfy { $0 == names[0] }, "names: \(names)")
        let looks = levels.map { $0.look(at: input) }
        try require(looks.allSatisfy { $0 == looks[0] }, "looks: \(looks)")
        reached["look \(looks[0].rawValue)", default: 0] += 1
        for start in [0, input.count / 3] {
            let extents = levels.map { $0.extent(in: input, from: start) }
            try require(
                extents.allSatisfy {
                    $0.end == extents[0].end && $0.closed == extents[0].closed
                        && $0.in_string == extents[0].in_string
                },
                "extents from \(start): \(extents)"
            )
        }
        guard input[0] == UInt8(ascii: "{") else { return }
        for most in [Int.max, 2] {
            let runs = levels.map { level in
                let run = level.ignorableMembers(in: input, from: 0, atMost: most)
                return [run.count, run.end, run.next_start, run.next_end]
            }
            try require(runs.allSatisfy { $0 == runs[0] }, "members: \(runs)")
            reached["members passed over", default: 0] += runs[0][0]
        }
    }
}

/// JSON: the parsers take what the strict one takes, and find the same values.
final class JSONTarget: FuzzTarget {
    static let name = "json"
    private let parser = JSONParser(depth: 128)
    private(set) var reached: [String: Int] = [:]

    static func seeds() throws -> [[UInt8]] {
        let texts = [
            #"{"a":[],"b":{},"":[[],{}],"c":[{"d":null},true,false,-1,0,12]}"#,
            #" { "a" : "b" , "c" : [ "\"", "\\", "\/\b\f\n\r\t", "é", "\u00e9\ud83d\ude00\ud800" ] } "#,
            #"[1.5,-0,123456789012345678,18446744073709551616,1e3,1E-4000,"]"]"#,
        ]
        return texts.map { Array($0.utf8) } + RecordSeeds.made()
    }

    func take(_ input: UnsafeRawBufferPointer) throws {
        let strict = StrictJSON.parse(input)
        reached[strict == nil ? "refused" : "taken", default: 0] += 1
        try withExtendedLifetime(parser) {
            let value = try? parser.parse(input)
            try require(StrictJSON.isSame(value, as: strict), "another value than the strict parser's")
        }
        guard let strict, !StrictJSON.repeatsAKey(input) else { return }
        let plain = Array(strict.plain.utf8)
        try require(StrictJSON.parse(plain) == strict, "the strict parser reads another value again")
    }
}
