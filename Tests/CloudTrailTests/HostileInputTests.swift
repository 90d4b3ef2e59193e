import CloudTrail
import CloudTrailTestSupport
import Foundation
import TestSupport
import Testing

/// Records changed in every way that somebody who can write to the topic might think of.
@Suite
struct HostileInputTests {
    /// How many; `AMIWATCH_HOSTILE_ROUNDS` and `AMIWATCH_HOSTILE_SEED` ask for more and for others.
    private static func number(_ name: String, else standard: Int) -> Int {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? standard
    }

    private static let seeds: [[UInt8]] = {
        let made =
            [Samples.share, Samples.launch, Samples.other, wrapped, tags]
            + WatchedCall.allCases.map { Samples.record($0.name, request: "{\"imageId\":\"ami-1\"}") }
        let real = CorpusTests.files.filter { $0.contains("/events/") }.compactMap {
            try? Data(contentsOf: URL(fileURLWithPath: $0))
        }
        return made.map { Array($0.utf8) } + real.map { Array($0) }
    }()

    private static let wrapped = Samples.record(
        "ReplaceImageCriteriaInAllowedImagesSettings",
        request:
            #"{"ReplaceImageCriteriaInAllowedImagesSettingsRequest":{"ImageCriterion":[{"tag":1,"ImageProvider":[{"tag":1,"content":"amazon"},{"tag":2,"content":12345678901}]},{"tag":2,"ImageName":{"tag":1,"content":"é-*"},"CreationDateCondition":{"MaximumDaysSinceCreated":300}}]}}"#
    )

    private static let tags = Samples.record(
        "CreateTags",
        request:
            #"{"resourcesSet":{"items":[{"resourceId":"ami-1"},{"resourceId":"i-1"}]},"tagSet":{"items":[{"key":"Role","value":"golden"},{"key":"\ud83d\ude00","value":"\u0000\t\\"}]}}"#,
        response: #"{"_return":true}"#
    )

    /// What the strict reader takes, written anew in the plainest way, is the same record; what it refuses is none.
    @Test
    func theSameAsTheStrictReaderOrADeadLetter() {
        var random = SplitMix64(seed: UInt64(Self.number("AMIWATCH_HOSTILE_SEED", else: 77)))
        let (quick, thorough) = (RecordReader(), RecordReader(validate: .all))
        var (records, letters, refused) = (0, 0, 0)
        for index in 0..<Self.number("AMIWATCH_HOSTILE_ROUNDS", else: 6_000) {
            var bytes = Self.seeds[index % Self.seeds.count]
            for _ in 0..<Int.random(in: 1...3, using: &random) { Hostility.change(&bytes, &random) }
            let text = { String(decoding: bytes, as: UTF8.self) }
            let found = quick.gather(message: bytes)
            #expect(found.read >= 1)
            #expect(found.records == thorough.gather(message: bytes).records, "\(text())")
            guard let strict = StrictJSON.parse(bytes) else {
                refused += 1
                #expect(found.letters.count + found.ignored >= 1, "\(text())")
                continue
            }
            let plain = quick.gather(message: strict.plain)
            #expect(found.records == plain.records, "\(text())\n\(strict.plain)")
            #expect(found.letters.map(\.reason) == plain.letters.map(\.reason), "\(text())")
            records += found.records.count
            letters += found.letters.count
        }
        let all = records + letters + refused
        #expect(records * 5 > all && letters > 100 && refused * 10 > all, "\(records) \(letters) \(refused)")
    }

    /// Among others every record is counted once, and the sound ones are read.
    @Test
    func amongSoundOnes() {
        var random = SplitMix64(seed: UInt64(Self.number("AMIWATCH_HOSTILE_SEED", else: 77)) + 1)
        let reader = RecordReader()
        for index in 0..<Self.number("AMIWATCH_HOSTILE_ROUNDS", else: 6_000) / 10 {
            var bytes = Self.seeds[index % Self.seeds.count]
            for _ in 0..<Int.random(in: 1...3, using: &random) { Hostility.change(&bytes, &random) }
            guard StrictJSON.parse(bytes) != nil, !bytes.contains(0x0A) else { continue }
            let line = String(decoding: bytes, as: UTF8.self)
            let alone = reader.gather(message: line)
            let lines = reader.gather(
                file: Array([Samples.share, line, Samples.launch].joined(separator: "\n").utf8)
            )
            let list = reader.gather(message: "{\"Records\":[\(Samples.share),\(line),\(Samples.launch)]}")
            for gathered in [lines, list] {
                #expect(gathered.records.count == alone.records.count + 2, "\(line)")
                #expect(gathered.read == alone.read + 2, "\(line)")
            }
        }
    }
}
