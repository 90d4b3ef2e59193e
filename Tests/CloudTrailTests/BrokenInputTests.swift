import CloudTrail
import CloudTrailTestSupport
import Compression
import TestSupport
import Foundation
import Testing

@Suite
struct BrokenInputTests {
    static let share = Samples.share
    static let other = Samples.other

    @Test
    func aRecordCutAnywhereIsOneDeadLetter() {
        let reader = RecordReader()
        let bytes = Array(Self.share.utf8)
        for end in 1..<bytes.count {
            let gathered = reader.gather(message: Array(bytes[..<end]))
            #expect(gathered.read == 1 && gathered.letters.count == 1, "\(end)")
        }
    }

    @Test
    func aDocumentOfRecordsCutAnywhereGivesThoseBefore() {
        let members = [Self.other, Self.share, Self.other, Samples.launch]
        let text = "{\"Records\":[" + members.joined(separator: ",") + "]}"
        let bytes = Array(text.utf8)
        var ends: [Int] = []
        var position = 12
        for member in members {
            position += member.utf8.count
            ends.append(position)
            position += 1
        }
        let reader = RecordReader()
        for end in 12..<bytes.count {
            let whole = ends.filter { $0 <= end }.count
            for gathered in [
                reader.gather(message: Array(bytes[..<end])), reader.gather(file: Array(bytes[..<end])),
            ] {
                #expect(gathered.letters.count == 1 && gathered.read == whole + 1, "\(end)")
                #expect(gathered.records.count == (whole >= 4 ? 2 : whole >= 2 ? 1 : 0), "\(end)")
                #expect(gathered.letters.first?.recordIndex == whole)
            }
        }
    }

    @Test
    func cutGzipGivesTheRecordsBeforeTheCut() throws {
        var random = SplitMix64(seed: 3)
        let members = (0..<300).map { _ in
            Samples.record("DisableImage", request: #"{"imageId":"ami-\#(random.next())"}"#, id: nil)
        }
        let packed = try Packing.gzip(Array(("{\"Records\":[" + members.joined(separator: ",") + "]}").utf8))
        let reader = RecordReader()
        let all = reader.gather(file: packed).records
        #expect(all.count == 300)
        var seen: Set<Int> = []
        for end in stride(from: 20, to: packed.count, by: max(1, packed.count / 200)) {
            let gathered = reader.gather(file: Array(packed[..<end]))
            #expect(gathered.letters.count == 1 && gathered.letters.first?.reason == .truncated, "\(end)")
            #expect(Array(all.prefix(gathered.records.count)) == gathered.records)
            seen.insert(gathered.records.count)
        }
        #expect(seen.count > 10)
        var damaged = packed
        damaged[damaged.count - 6] ^= 0xFF  // the checksum
        let gathered = reader.gather(file: damaged)
        #expect(gathered.records == all && gathered.letters.map(\.reason) == [.compressionDamaged])
    }

    /// What cannot be unpacked is told by the bytes that were read.
    @Test
    func damagedGzipIsTold() throws {
        let share = Array((Self.share + "\n").utf8)
        let packed = try Packing.gzip(share)
        let reader = RecordReader()
        for end in 2..<packed.count {
            for found in [
                reader.gather(message: Array(packed[..<end])), reader.gather(file: Array(packed[..<end])),
            ] {
                #expect(found.letters.count == 1 && found.letters.first?.bytes.isEmpty == false, "\(end)")
            }
        }
        let mixed = packed + Packing.zstd(share) + packed
        #expect(reader.gather(message: mixed).records.count == 3)
        let junk = reader.gather(message: packed + Array("junk".utf8) + packed)
        #expect(junk.records.count == 1 && junk.letters.map(\.reason) == [.compressionDamaged])
        #expect(junk.letters.first?.bytes == packed + Array("junk".utf8) + packed)
    }

    @Test
    func linesAroundABrokenLineAreRead() {
        let reader = RecordReader()
        let bytes = Array(Self.share.utf8)
        for end in stride(from: 1, to: bytes.count, by: 3) {
            let broken = String(decoding: bytes[..<end], as: UTF8.self)
            let file = [Samples.launch, broken, Self.other, Samples.launch].joined(separator: "\n") + "\n"
            let gathered = reader.gather(file: Array(file.utf8))
            #expect(
                gathered.records.count == 2 && gathered.letters.count == 1 && gathered.ignored == 1,
                "\(end)"
            )
        }
        let garbage = reader.gather(file: Array("nonsense\n\(Self.share)\nmore\n\n\(Self.other)\n".utf8))
        #expect(garbage.records.count == 1 && garbage.letters.count == 2 && garbage.ignored == 1)
    }

    @Test
    func severalDocumentsInOneFile() {
        let one = "{\n \"Records\": [\n\(Self.share),\n\(Self.other)\n]\n}\n"
        let gathered = RecordReader().gather(
            file: Array((one + one + Self.share + Self.share + "\n[" + Self.other + "]").utf8)
        )
        #expect(gathered.records.count == 4 && gathered.ignored == 3 && gathered.letters.isEmpty)
        #expect(RecordReader().gather(file: []).read == 0)
    }

    /// One bad record never takes good ones down with it.
    @Test(arguments: [
        (#"{"eventName":"RunInstances","a":tru}"#, 1), (#"{"eventName":"RunInstances","a":[1,2}}"#, 1),
        (#"{"eventName":"RunInstances","a":{"b":1}"#, 1), (#"{"eventName":"RunInstances"}}"#, 1),
        (#"{"eventName":"RunInstances" "x"}"#, 1), ("{\"eventName\":\"RunInstances\",\"a\":\"\u{1}\"}", 1),
        ("17x", 1),
    ])
    func aBrokenMemberIsJudgedAlone(_ broken: String, _ letters: Int) {
        for members in [
            [Self.share, broken, Samples.launch, Self.other],
            [broken, Self.share, Self.other, Samples.launch],
        ] {
            let gathered = RecordReader().gather(
                message: "{\"Records\":[" + members.joined(separator: ",") + "]}"
            )
            #expect(
                gathered.records.count == 2 && gathered.ignored == 1 && gathered.letters.count == letters,
                "\(gathered.letters.map { String(decoding: $0.bytes, as: UTF8.self) })"
            )
        }
    }

    @Test
    func fromAnUnclosedStringOnTheRestIsOneDeadLetter() {
        let broken = #"{"eventName":"RunInstances","a":"x}"#
        let gathered = RecordReader().gather(
            message: "{\"Records\":[\(Self.share),\(broken),{\"b\":1},{\"c\":2}]}"
        )
        #expect(gathered.records.count == 1 && gathered.letters.count == 1 && gathered.read == 2)
    }

    @Test
    func caps() {
        let small = RecordReader(limits: Limits(message: 4000, depth: 20, records: 5))
        let large = Samples.record(
            "DisableImage",
            request: #"{"imageId":"ami-1","x":"\#(String(repeating: "y", count: 4000))"}"#
        )
        #expect(small.gather(message: large).letters.map(\.reason) == [.tooLarge])
        let deep = Samples.record(
            "DisableImage",
            request: String(repeating: "[", count: 25) + String(repeating: "]", count: 25)
        )
        #expect(small.gather(message: deep).letters.map(\.reason) == [.tooDeep])
        let many = "[" + Array(repeating: #"{"eventName":"A"}"#, count: 9).joined(separator: ",") + "]"
        let gathered = small.gather(message: many)
        #expect(gathered.ignored == 5 && gathered.letters.map(\.reason) == [.tooManyRecords])
        #expect(small.gather(file: Array(many.utf8)).ignored == 9)
        var invalid = Array(Self.share.utf8)
        if let place = invalid.firstIndex(of: UInt8(ascii: "A")) { invalid[place] = 0xFF }
        #expect(RecordReader().gather(message: invalid).letters.map(\.reason) == [.invalidUTF8])
        var nested = Self.share
        for _ in 0..<9 { nested = "{\"payload\":" + Samples.string(nested) + "}" }
        #expect(RecordReader().gather(message: nested).letters.map(\.reason) == [.tooDeep])
    }

    @Test
    func theDepthLimitIsExact() {
        for depth in [127, 128, 129, 130] {
            // The record's own brackets are the first level.
            let inner =
                String(repeating: "[", count: depth - 1) + "1" + String(repeating: "]", count: depth - 1)
            let record = String(Samples.share.dropLast()) + ",\"x\":\(inner)}"
            let gathered = RecordReader().gather(message: record)
            #expect(gathered.records.count == (depth <= 128 ? 1 : 0), "\(depth)")
            #expect((StrictJSON.parse(record.utf8) != nil) == (depth <= 128), "\(depth)")
        }
    }

    @Test
    func bombsAreDeadLetters() throws {
        let zeros = try Packing.gzip([UInt8](repeating: 0x20, count: 3 << 20))
        let limits = Limits(
            decompression: DecompressionLimits(size: 2 << 20, ratio: 200, ratioFloor: 1 << 20)
        )
        #expect(
            RecordReader(limits: limits).gather(message: zeros).letters.map(\.reason) == [.compressionRatio]
        )
        let flat = Limits(decompression: DecompressionLimits(size: 2 << 20, ratio: 100_000))
        #expect(
            RecordReader(limits: flat).gather(message: zeros).letters.map(\.reason) == [.decompressedTooLarge]
        )
        let inside = #"{"awslogs":{"data":"\#(Data(zeros).base64EncodedString())"}}"#
        #expect(
            RecordReader(limits: flat).gather(message: inside).letters.map(\.reason) == [
                .decompressedTooLarge
            ]
        )
        #expect(RecordReader().gather(message: zeros).ignored == 1)
    }

    @Test
    func manyUnclosedLinesTakeLinearTime() {
        let line = #"{"eventName":"RunInstances","a":{"b":[1"#
        let file = Array((Array(repeating: line, count: 20_000) + [Self.share]).joined(separator: "\n").utf8)
        let gathered = RecordReader().gather(file: file)
        #expect(gathered.letters.count == 20_000 && gathered.records.count == 1)
    }

    /// Nothing crashes, and everything is counted, whatever the bytes.
    @Test
    func randomDamage() {
        var random = SplitMix64(seed: 11)
        let seeds = EnvelopeTests.envelopes.map(\.1)
        for validation in Validation.allCases {
            let reader = RecordReader(validate: validation)
            for index in 0..<20_000 {
                var bytes = seeds[index % seeds.count]
                for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                    let place = Int.random(in: 0..<bytes.count, using: &random)
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                    case 1: bytes.remove(at: place)
                    case 2:
                        bytes.insert(
                            Array("{}[]\",:\\\n0".utf8).randomElement(using: &random) ?? 0,
                            at: place
                        )
                    default: bytes.removeSubrange(place..<min(bytes.count, place + 40))
                    }
                }
                #expect(reader.gather(message: bytes).read >= 1)
                _ = reader.gather(file: bytes)
            }
        }
    }
}

@Suite
struct NumberTests {
    /// A number that fits no machine word is sound JSON, and no reason to lose a record.
    @Test(arguments: [
        "18446744073709551616", "-99999999999999999999999999", "1e999", "1.5E-4000",
        "123456789012345678901.5",
    ])
    func largeNumbers(_ number: String) {
        let record = String(Samples.share.dropLast()) + ",\"x\":[\(number),{\"y\":\(number)}]}"
        #expect(
            RecordReader().gather(message: record).records
                == RecordReader().gather(message: Samples.share).records
        )
    }

    @Test(arguments: ["01", "1.", "-", "1e", "+1", "1e999x", ".5", "0x1", "--1"])
    func malformedNumbers(_ number: String) {
        let record = String(Samples.share.dropLast()) + ",\"x\":\(number),\"y\":1e999}"
        #expect(RecordReader().gather(message: record).letters.map(\.reason) == [.notJSON])
    }

    /// Broken members among sound ones cost no more than some readings of the input.
    @Test
    func salvageIsBounded() {
        let broken = #"{"eventName":"RunInstances","a":[{"b":1},{"#
        let text = "{\"Records\":[" + Array(repeating: broken, count: 30_000).joined(separator: ",") + "]}"
        let gathered = RecordReader().gather(message: text)
        #expect(gathered.records.isEmpty && gathered.read >= 1)
    }
}
