import CloudTrail
import Foundation
import Cryptography
import TestSupport
import Testing

@testable import TrailArchive

/// Whole files and windows onto them, one thread and several: all give the same.
struct DecodingTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    /// Shapes of one file with 200 sound records.
    static let shapes: [(name: String, text: String)] = {
        let records = Samples.records(200)
        let pretty = records.map {
            $0.replacing(",\"", with: ",\n  \"").replacing("{\"event", with: "{\n  \"event")
        }
        return [
            ("lines", records.joined(separator: "\n")),
            ("lines with an end", records.joined(separator: "\r\n") + "\n\n"),
            ("values without space", records.joined()),
            ("one document", Samples.document(records)),
            ("one document over lines", Samples.document(pretty, separator: ",\n") + "\n"),
            ("members behind", #"{"Records":[\#(records.joined(separator: " , "))],"more":{"a":[1,2]}}"#),
            ("pretty values", pretty.joined(separator: "\n")),
            (
                "documents of ten",
                stride(from: 0, to: 200, by: 10).map { Samples.document(records[$0..<$0 + 10]) }
                    .joined(separator: "\n")
            ),
            ("a list", "[\(records.joined(separator: ","))]"),
            ("a list over lines", "[\n" + records.joined(separator: ",\n") + "\n]\n"),
            ("a pretty list", "[\n" + pretty.joined(separator: " ,\n") + " ] "),
            ("Events", #"{"Events":[\#(records.joined(separator: ","))]}"#),
            (
                "Records as the second key",
                #"{"more":{"a":[1,2]},"Records":[\#(records.joined(separator: ","))],"b":"]"}"#
            ),
            (
                "Records as the second key over lines",
                "{\n  \"more\": [\n],\n  \"Records\": [\n" + pretty.joined(separator: ",\n") + "\n  ]\n}\n"
            ),
            (
                "logEvents",
                #"{"messageType":"DATA_MESSAGE","logEvents":[\#(records.map { "{\"message\":\(quoted($0))}" }.joined(separator: ","))]}"#
            ),
            ("a byte order mark", "\u{FEFF}" + records.joined(separator: "\n")),
            (
                "events of EventBridge",
                records.map { #"{"detail-type":"x","detail":\#($0)}"# }.joined(separator: "\n")
            ),
        ]
    }()

    private static func quoted(_ text: String) -> String {
        var json = JSONWriter()
        json.string(text)
        return json.text
    }

    @Test("A member larger than the window is one dead letter, and the list goes on behind it")
    func largeMembers() throws {
        var records = Samples.records(60)
        let large = #"{"eventName":"A","x":"\#(String(repeating: "x{[\\\"", count: 10_000))"}"#
        for place in [0, 30, 59] {
            records = Samples.records(60)
            records[place] = large
            let list = records.joined(separator: ",")
            for text in [
                Samples.document(records), "[\(list)]",
                "{\"more\":1,\"Events\":[\(list)],\"b\":[{\"c\":\"]}\"}]}",
                "[\n" + records.joined(separator: ",\n") + "\n]",
            ] {
                let decoded = try Decoded.file(folder.write("large.json", text.utf8), window: 4096)
                #expect(decoded.read == 60 && decoded.lost == [.tooLarge], "\(place): \(decoded)")
            }
        }
    }

    @Test("A dead letter says where in the unpacked file it stands, whatever the window")
    func places() throws {
        var records = Samples.records(60)
        for number in stride(from: 1, to: 60, by: 7) {
            records[number] = "{\"eventName\":\"RunInstances\",\"n\":\(number),}"
        }
        records[40] = #"{"eventName":"A","x":"\#(String(repeating: "x{[\\\"", count: 2_000))"}"#
        for text in [Samples.document(records), records.joined(separator: "\n")] {
            let bytes = Array("\u{FEFF}\(text)".utf8)
            for path in [
                try folder.write("places", bytes), try folder.write("places.gz", Packing.gzip(bytes)),
            ] {
                for window in [4096, 5003, TrailWindow.usualSize] {
                    let lost = try Decoded.lostRecords(of: path, window: window)
                    #expect(lost.count == (window < 10_000 ? 10 : 9), "\(path), window \(window)")
                    for letter in lost {
                        let offset = try #require(letter.byteOffset)
                        #expect(bytes[offset...].starts(with: letter.bytes), "\(path), window \(window)")
                    }
                }
            }
        }
    }

    @Test("CSV is told once however long it is, and what stands behind it is read")
    func table() throws {
        let row = #""{type=AssumedRole, x=y}","2026-03-04T05:06:07Z","ec2.amazonaws.com","DescribeImages""#
        let rows = Array(repeating: row, count: 300).joined(separator: "\n")
        let csv = "\"useridentity\",\"eventtime\",\"eventsource\",\"eventname\"\n\(rows)\n"
        let records = Samples.records(60).joined(separator: "\n")
        for text in [csv, csv + records] {
            let bytes = Array(text.utf8)
            let whole = try Decoded.file(folder.write("table.csv", bytes))
            #expect(whole.lost == [.notJSON] && whole.read == (text == csv ? 1 : 61))
            for path in [try folder.write("t.csv", bytes), try folder.write("t.gz", Packing.gzip(bytes))] {
                for window in [4096, 5003, 66_000] {
                    #expect(try Decoded.file(path, window: window) == whole, "\(path), window \(window)")
                }
            }
        }
    }

    @Test("A document over 64 MiB loses nothing")
    func reallyLarge() throws {
        let records = Samples.records(3).joined(separator: ",")
        let count = (66 << 20) / records.utf8.count
        let list = Array(repeating: records, count: count).joined(separator: ",")
        for text in ["[\(list)]", "{\"more\":1,\"Records\":[\(list)]}"] {
            let decoded = try Decoded.file(folder.write("large.json", text.utf8))
            #expect(decoded.read == 3 * count && decoded.lost.isEmpty && decoded.ids.count == count)
        }
    }

    @Test("Every shape gives the same in windows of any size, packed or not", arguments: shapes.map(\.name))
    func windows(shape name: String) throws {
        let shape = try #require(Self.shapes.first { $0.name == name })
        let bytes = Array(shape.text.utf8)
        let half = bytes.count / 2
        let whole = try Decoded.file(folder.write("whole.json", bytes))
        #expect(whole.read == 200, "\(whole)")
        #expect(whole.ids.count == 67)
        let files = [
            try folder.write("file.json", bytes), try folder.write("file.gz", Packing.gzip(bytes)),
            try folder.write("file.zst", Packing.zstd(bytes, block: 1 << 12)),
            try folder.write(
                "members.gz",
                Packing.gzip(Array(bytes[..<half])) + Packing.gzip(Array(bytes[half...])) + [0, 0, 0]
            ),
        ]
        for path in files {
            #expect(try Decoded.file(path) == whole, "\(path)")
            for window in [3000, 4096, 5003, 20_000, 66_000] {
                #expect(try Decoded.file(path, window: window) == whole, "\(path), window \(window)")
            }
        }
    }

    @Test("A file that is cut off gives what stands before the cut, and one dead letter")
    func cut() throws {
        for shape in Self.shapes where shape.name != "values without space" {
            let packed = try Packing.gzip(Array(shape.text.utf8))
            let path = try folder.write("cut.gz", packed[..<(packed.count * 2 / 3)])
            let whole = try Decoded.file(path)
            #expect(whole.lost == [.truncated], "\(shape.name): \(whole)")
            #expect(whole.read > 50)
            for window in [4096, 20_000] {
                let decoded = try Decoded.file(path, window: window)
                #expect(decoded == whole, "\(shape.name), window \(window)")
            }
        }
    }

    @Test("A damaged member keeps the records before it")
    func damaged() throws {
        var packed = Packing.zstd(Array(Self.shapes[0].text.utf8), block: 1 << 12)
        packed[packed.count / 2 / 4099 * 4099 + 6] |= 0x06  // a block of the reserved type
        let path = try folder.write("damaged.zst", packed)
        let whole = try Decoded.file(path)
        #expect(whole.lost == [.compressionDamaged])
        let decoded = try Decoded.file(path, window: 5000)
        #expect(decoded == whole, "\(decoded); \(whole)")
    }

    @Test("A broken line costs no other line, in whatever window it lies", arguments: [3000, 5003, 1 << 20])
    func brokenLines(window: Int) throws {
        var lines = Samples.records(200)
        lines[50] = String(lines[50].dropLast(40))  // neither string nor object closed
        lines[80] = "not JSON"
        lines[120] = String(lines[120].dropLast())  // a bracket is missing
        let path = try folder.write("lines.jsonl", lines.joined(separator: "\n").utf8)
        let decoded = try Decoded.file(path, window: window)
        #expect(decoded.lost.count == 3, "\(decoded)")
        #expect(decoded.read == 200)
        #expect(decoded.indices == [50, 80, 120])
    }

    @Test("A value larger than the window is one dead letter, and reading goes on behind it")
    func large() throws {
        var lines = Samples.records(20)
        lines[7] = #"{"eventName":"\#(String(repeating: "x", count: 50_000))"}"#
        let path = try folder.write("lines.jsonl", lines.joined(separator: "\n").utf8)
        let decoded = try Decoded.file(path, window: 4096)
        #expect(decoded.read == 20, "\(decoded)")
        #expect(decoded.lost.count == 1)
    }

    @Test("Data that unpacks to far more than its size ends in a dead letter")
    func bomb() throws {
        let bytes = Array(Samples.records(1)[0].utf8) + [UInt8](repeating: 0x20, count: 100 << 20)
        let decoded = try Decoded.file(folder.write("bomb.gz", Packing.gzip(bytes)))
        #expect(decoded.lost == [.compressionRatio], "\(decoded)")
        #expect(decoded.ids.count == 1)
    }

    @Test(
        "A kilobyte that unpacks to very many broken lines is as many dead letters as of a message, and one for the rest"
    )
    func brokenLinesOfABomb() throws {
        let sound = Samples.records(1)[0]
        let lines = Array(repeating: String(repeating: "{\n", count: 1 << 15), count: 4).joined(
            separator: sound + "\n"
        )
        let bytes = Array(lines.utf8)
        let path = try folder.write("lines.gz", Packing.gzip(bytes))
        for window in [1 << 16, TrailWindow.usualSize] {
            let decoded = try Decoded.file(path, window: window)
            let lost = try Decoded.lostRecords(of: path, window: window)
            #expect(decoded.ids.count == 3 && lost.count <= 1_003, "\(lost.count), window \(window)")
            #expect(lost.reduce(0) { $0 + $1.count } == 4 << 15)
            let rest = try #require(lost.last)
            #expect(rest.reason == .tooManyDeadLetters && lost.dropLast().allSatisfy { $0.count == 1 })
            #expect(rest.recordIndex == lost.count - 1 && rest.byteOffset == 2 * (lost.count - 1))
            #expect(rest.bytes.first == 0x7B && rest.text.hasPrefix("\(rest.count) more "))
        }
    }

    @Test("Of a large file every broken record is told", arguments: [1 << 16, TrailWindow.usualSize])
    func brokenLinesOfALargeFile(window: Int) throws {
        let line = "{\"eventName\":\"RunInstances\",\"x\":\"\(String(repeating: "y", count: 1_000))\n"
        let path = try folder.write("lines.jsonl", String(repeating: line, count: 3_000).utf8)
        let lost = try Decoded.lostRecords(of: path, window: window)
        #expect(lost.count == 3_000 && lost.allSatisfy { $0.count == 1 })
    }

    @Test("Of a file that is not what it was when it was verified nothing is handed over")
    func changed() throws {
        let text = Samples.document(Samples.records(50))
        let packed = try Packing.gzip(Array(text.utf8))
        let digest = Array(text.utf8).withUnsafeBytes { SHA256.digest(of: $0) }
        func decode(_ bytes: [UInt8], _ digest: SHA256Digest) throws -> Int {
            var file = TrailFile(
                path: try folder.write("sealed.json.gz", bytes),
                kind: .file,
                size: 0,
                time: nil
            )
            file.digest = digest
            var records = 0
            try TrailDecoder().decode(file, index: 0) { batch in
                records += batch.entries.count + batch.ignored
                return true
            }
            return records
        }
        #expect(try decode(packed, digest) == 50)
        let other = SHA256.digest(of: UnsafeRawBufferPointer(start: nil, count: 0))
        for (bytes, digest) in [
            (packed, other), (Array(text.utf8), digest), (packed + [0], digest), (packed + packed, digest),
            (Array(packed.dropLast(9)), digest), ([], digest),
        ] {
            #expect(throws: TrailError.changed(path: folder.path + "/sealed.json.gz")) {
                try decode(bytes, digest)
            }
        }
    }

    @Test("Several threads hand over the same batches as one, in the order of the files")
    func threads() throws {
        let records = Samples.records(3000)
        for number in 0..<30 {
            let part = records[number * 100..<number * 100 + 100]
            try folder.write("\(100 + number).json", Samples.document(part).utf8)
        }
        let files = try TrailListing(paths: [folder.path]).files.sorted { $0.path < $1.path }
        func decode(_ threads: Int) throws -> [String] {
            let ahead = DecodeAhead(files: files, threads: threads)
            var result: [String] = []
            while let batch = try ahead.next() {
                var decoded = Decoded()
                decoded.take(batch)
                result.append("\(batch.file) \(batch.isLast) \(decoded) \(decoded.ids)")
            }
            return result
        }
        let one = try decode(1)
        #expect(one.count == 30)
        for threads in 2...5 { #expect(try decode(threads) == one) }
    }

    @Test(
        "A file that goes away while others are read is an error that names it; stopping early hangs nothing"
    )
    func failures() throws {
        let sound = try folder.write("sound.json", Samples.document(Samples.records(5000)).utf8)
        let files = [sound, folder.path + "/gone.json", sound].map {
            TrailFile(path: $0, kind: .file, size: 0, time: nil)
        }
        #expect(throws: TrailError.unreadable(path: files[1].path, reason: "No such file or directory")) {
            let ahead = DecodeAhead(files: files, threads: 2)
            while try ahead.next() != nil {}
        }
        let ahead = DecodeAhead(files: Array(repeating: files[0], count: 40), threads: 3)
        _ = try ahead.next()
        ahead.stop()
        #expect(try ahead.next() == nil)
    }

    @Test("While a file that comes first takes long, the one behind it is read to its end")
    func slowFile() async throws {
        let slow = "\(folder.path)/slow"
        try #require(mkfifo(slow, 0o600) == 0)
        let text = Samples.document(Samples.records(30_000))
        let files = [
            TrailFile(path: slow, kind: .stream, size: 0, time: nil),
            TrailFile(path: try folder.write("quick.json", text.utf8), kind: .file, size: 0, time: nil),
        ]
        let ahead = DecodeAhead(files: files, threads: 2)
        let writer = open(slow, O_WRONLY | O_CLOEXEC)
        let deadline = ContinuousClock.now + .seconds(30)
        while ahead.waiting < 10, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(ahead.waiting == 10)
        close(writer)
        var read = [0, 0]
        while let batch = try ahead.next() { read[batch.file] += batch.entries.count }
        #expect(read == [0, 10_000])
    }
}
