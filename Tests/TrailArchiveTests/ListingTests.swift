import CloudTrail
import TestSupport
import Foundation
import Testing

@testable import TrailArchive

/// Which files are read, and in what order.
struct ListingTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func list(_ names: String...) throws -> TrailListing {
        try TrailListing(paths: names.map { $0.isEmpty ? folder.path : "\(folder.path)/\($0)" })
    }

    private func names(_ listing: TrailListing) -> [String] {
        listing.files.map { String($0.path.dropFirst(folder.path.count + 1)) }
    }

    @Test("A name of CloudTrail's tells account, Region and time; any other name tells nothing")
    func name() throws {
        let name = try #require(
            TrailName(
                fileName: "123456789012_CloudTrail_eu-central-1_20260317T0910Z_1af0ef7ee510f01a.json.gz"
            )
        )
        #expect(name.account.description == "123456789012")
        #expect(name.region == "eu-central-1")
        #expect(name.time.description == "2026-03-17T09:10:00Z")
        for other in [
            "", "x.json", "123456789012_CloudTrail_eu-central-1_20260317T0910Z.json.gz",
            "12345678901_CloudTrail_eu-central-1_20260317T0910Z_a.json.gz",
            "123456789012_CloudTrail_eu-central-1_20260230T0910Z_a.json.gz",
            "123456789012_CloudTrail-Digest_eu-central-1_t_eu-central-1_20260317T0910Z.json.gz",
        ] { #expect(TrailName(fileName: other) == nil, "\(other)") }
    }

    @Test("A sign beside a letter that joins it is still the sign: names are read byte by byte")
    func joinedSigns() throws {
        // A number sign of Arabic and the `.`, `_` or `/` behind it are one character to Swift; so is a `/` with an
        // accent.
        let sign = "\u{600}"
        let base = "AWSLogs/123456789012"
        let time = "20260317T0910Z"
        let name = "123456789012_CloudTrail_\(sign)_\(time)_a.json.gz"
        #expect(TrailName(fileName: name)?.region == ExactText(sign))
        #expect(TrailName(fileName: name.replacing(sign, with: "x\u{301}"))?.region != "\u{301}x")
        try folder.write("\(sign).json", "broken".utf8)
        try folder.write("\u{301}.JSON", "broken".utf8)
        try folder.write("\(base)/CloudTrail/\(sign)/\(name)", Packing.gzip(Array("[]".utf8)))
        try folder.write("\(base)/Config\(sign)/x.json", "broken".utf8)
        let listing = try list("")
        let timed = listing.files.compactMap(\.time?.description)
        #expect(listing.files.count == 3 && timed == ["2026-03-17T09:10:00Z"])
        #expect(listing.skipped.map(\.reason) == ["a log of Config\(sign), not of CloudTrail"])
        let pair = try TestFolder()
        for name in ["caf\u{E9}.json", "cafe\u{301}.json"] { try pair.write(name, "[]".utf8) }
        let paths = try TrailListing(paths: [pair.path]).files.map(\.path)
        #expect(paths.map { $0.utf8.count - pair.path.utf8.count } == [12, 11])
    }

    @Test("Files come by the time in their names, then of their first record, whatever the folders say")
    func order() throws {
        let record = Samples.records(1)[0]
        let base = "AWSLogs/o-example/123456789012/CloudTrail"
        try folder.write(
            "\(base)/us-east-1/2026/03/17/123456789012_CloudTrail_us-east-1_20260317T0900Z_a.json.gz",
            []
        )
        try folder.write(
            "\(base)/eu-west-1/2026/03/17/123456789012_CloudTrail_eu-west-1_20260317T0920Z_b.json.gz",
            []
        )
        try folder.write(
            "\(base)/eu-west-1/2026/03/17/123456789012_CloudTrail_eu-west-1_20260317T0850Z_c.json.gz",
            []
        )
        try folder.write("plain.json", record.utf8)  // its first record is of 09:10:10
        try folder.write("packed.jsonl.gz", Packing.gzip(Array("\n \(record)".utf8)))
        try folder.write("escaped.json", #"{"message":"{\"eventTime\": \"2026-03-17T08:00:00Z\"}"}"#.utf8)
        try folder.write("silent.json", "[]".utf8)
        let listing = try list("")
        let expected = [
            "escaped.json", "0850Z_c.json.gz", "0900Z_a.json.gz", "packed.jsonl.gz", "plain.json",
            "0920Z_b.json.gz",
            "silent.json",
        ]
        #expect(names(listing).count == expected.count)
        for (name, end) in zip(names(listing), expected) { #expect(name.hasSuffix(end)) }
    }

    @Test("Digests, other services' logs and what is no trail are passed over, and said so")
    func skipped() throws {
        let name = "123456789012_CloudTrail_us-east-1_20260317T0900Z_a.json.gz"
        try folder.write("AWSLogs/123456789012/CloudTrail/us-east-1/2026/03/17/\(name)", [])
        try folder.write("AWSLogs/123456789012/CloudTrail-Digest/us-east-1/2026/03/17/d.json.gz", [])
        try folder.write("AWSLogs/123456789012/Config/us-east-1/2026/3/17/c.json.gz", [])
        try folder.write("AWSLogs/123456789012/elasticloadbalancing/us-east-1/e.log", "text".utf8)
        try folder.write("README", "words".utf8)
        try folder.write("unnamed", "  {}".utf8)
        let listing = try list("")
        #expect(names(listing).map { ($0 as NSString).lastPathComponent } == [name, "unnamed"])
        let reasons = listing.skipped.map { "\(($0.path as NSString).lastPathComponent): \($0.reason)" }
        #expect(
            reasons == [
                "README: neither JSON nor compressed", "CloudTrail-Digest: a digest, which holds no records",
                "Config: a log of Config, not of CloudTrail",
                "elasticloadbalancing: a log of elasticloadbalancing, not of CloudTrail",
            ]
        )
        // Whoever names a file wants it read.
        #expect(
            try list("README", "AWSLogs/123456789012/CloudTrail-Digest/us-east-1/2026/03/17/d.json.gz").files
                .count == 2
        )
    }

    @Test("Loops of links end, and a folder with two names is read once")
    func loops() throws {
        try folder.write("a/one.json", "{}".utf8)
        let manager = FileManager.default
        try manager.createSymbolicLink(atPath: "\(folder.path)/a/up", withDestinationPath: "..")
        try manager.createSymbolicLink(atPath: "\(folder.path)/self", withDestinationPath: "self")
        try manager.createSymbolicLink(atPath: "\(folder.path)/b", withDestinationPath: "a")
        try manager.createSymbolicLink(atPath: "\(folder.path)/two.json", withDestinationPath: "a/one.json")
        let listing = try list("")
        #expect(names(listing).map { ($0 as NSString).lastPathComponent } == ["one.json", "two.json"])
        #expect(listing.skipped.count == 3)
    }

    @Test("What cannot be read is an error that names it")
    func unreadable() throws {
        #expect(throws: TrailError.unreadable(path: "\(folder.path)/no", reason: "No such file or directory"))
        {
            try list("no")
        }
        try folder.write("a.json", [])
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.path)/b.json",
            withDestinationPath: "nowhere"
        )
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.path)/c.json",
            withDestinationPath: "nowhere"
        )
        #expect(
            throws: TrailError.manyUnreadable(
                path: "\(folder.path)/b.json",
                reason: "No such file or directory",
                others: 1
            )
        ) { try list("") }
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/empty",
            withIntermediateDirectories: true
        )
        #expect(throws: TrailError.noFiles(paths: ["\(folder.path)/empty"], skipped: 0)) { try list("empty") }
    }
}
