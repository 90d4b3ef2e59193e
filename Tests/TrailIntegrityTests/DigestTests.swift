import CloudTrail
import Cryptography
import Testing

@testable import TrailIntegrity

/// Names and documents, as CloudTrail writes them and as nobody should.
struct DigestTests {
    @Test(
        "Keys are known with any prefix, of an organization or of one account, and from within the tree",
        arguments: [
            (
                "AWSLogs/111122223333/CloudTrail/us-east-1/2026/09/22/x.json.gz", "111122223333", "us-east-1",
                false
            ),
            (
                "a/b/AWSLogs/o-abc/111122223333/CloudTrail/eu-west-1/2026/x", "o-abc/111122223333",
                "eu-west-1", false
            ),
            ("./111122223333/CloudTrail-Digest/us-east-1/2026/09/22/x", "111122223333", "us-east-1", true),
            ("/data/o-abc/111122223333/CloudTrail-Digest/r/x", "o-abc/111122223333", "r", true),
            ("AWSLogs/old/AWSLogs/111122223333/CloudTrail-Insight/r/x", "111122223333", "r", false),
        ]
    )
    func keys(path: String, owner: String, region: String, isDigest: Bool) throws {
        let key = try #require(ObjectKey(path))
        #expect(key.owner.string == owner && key.region.string == region)
        #expect((key.kind == .digest) == isDigest)
        #expect(path.hasSuffix(key.suffix.string) && key.suffix.string.hasPrefix(owner))
    }

    @Test(
        "Other paths are none",
        arguments: [
            "", "/", "AWSLogs", "AWSLogs/111122223333", "AWSLogs/111122223333/Config/us-east-1/x",
            "AWSLogs/111122223333/CloudTrail/us-east-1", "AWSLogs/12/CloudTrail/us-east-1/x",
            "notes/x.json.gz",
            "AWSLogs/o-abc/CloudTrail/us-east-1/x/y",
        ]
    )
    func foreign(path: String) { #expect(ObjectKey(path) == nil) }

    @Test("Keys that are read one after the other are those that are read alone")
    func reader() {
        var reader = ObjectKeyReader()
        for path in [
            "a/AWSLogs/111122223333/CloudTrail/r/x", "a/AWSLogs/111122223333/CloudTrail/r/y.json.gz",
            "AWSLogs/111122223333/CloudTrail/r/x", "AWSLogs/111122223333/CloudTrail/r/", "x", "", "/",
            "AWSLogs/111122223333/CloudTrail-Digest/r/2026/x",
            "AWSLogs/111122223333/CloudTrail-Digest/r/2026/y",
            "AWSLogs/o-a/111122223333/CloudTrail/r/x", "notes/x", "notes/y",
            "AWSLogs/o-a/111122223333/CloudTrail/r/y",
            "AWSLogs/111122223333/CloudTrail/r", "AWSLogs/111122223333/CloudTrail/e\u{301}/x",
            "AWSLogs/111122223333/CloudTrail/\u{E9}/x",
        ] { #expect(reader.read(path) == ObjectKey(path), "\(path)") }
    }

    @Test("The time of delivery is in a log file's name")
    func delivery() throws {
        func time(_ name: String) -> String? {
            ObjectKey("AWSLogs/111122223333/CloudTrail/us-east-1/\(name)")?.deliveryTime?.description
        }
        #expect(
            time("111122223333_CloudTrail_us-east-1_20260922T1540Z_abc.json.gz") == "2026-09-22T15:40:00Z"
        )
        #expect(
            time("111122223333_CloudTrail-Insight_us-east-1_20260922T1540Z_abc.json.gz")
                == "2026-09-22T15:40:00Z"
        )
        #expect(time("111122223333_CloudTrail_us-east-1_20261322T1540Z_abc.json.gz") == nil)
        #expect(time("x.json.gz") == nil)
    }

    private func digest(_ text: String, find: (ObjectKey) -> Int? = { _ in nil }) throws -> Digest {
        var text = text
        return try text.withUTF8 {
            try Digest(UnsafeRawBufferPointer($0), parser: JSONParser(depth: JSONInput.depth), find: find)
        }
    }

    private static let hash = String(repeating: "ab", count: 32)
    private static let starting =
        #"{"digestStartTime":"2026-09-22T15:29:23Z","digestEndTime":"2026-09-22T16:29:23Z","digestS3Bucket":"b","#
        + #""digestS3Object":"AWSLogs\/1","digestPublicKeyFingerprint":"28f6","previousDigestS3Object":null,"#
        + #""previousDigestSignature":null,"logFiles":[]}"#

    @Test("What is signed is the end, the place, the hash of the document and the signature before")
    func signedText() throws {
        let digest = try digest(Self.starting)
        let expected = "2026-09-22T16:29:23Z\nb/AWSLogs/1\n\(SHA256.hex(of: Self.starting))\nnull"
        #expect(String(decoding: digest.signedText, as: UTF8.self) == expected)
        #expect(digest.previous == nil && digest.logs.isEmpty)
        let linked = Self.starting
            .replacing(#""previousDigestS3Object":null"#, with: #""previousDigestS3Object":"AWSLogs\/0""#)
            .replacing(#""previousDigestSignature":null"#, with: #""previousDigestSignature":"0aff""#)
        #expect(String(decoding: try self.digest(linked).signedText, as: UTF8.self).hasSuffix("\n0aff"))
        #expect(try self.digest(linked).previous?.key == "AWSLogs/0")
    }

    @Test("A log file is known by its key; one that is not there keeps it")
    func logs() throws {
        let key = "AWSLogs/111122223333/CloudTrail/us-east-1/x.json.gz"
        let named = Self.starting.replacing(
            "[]",
            with: "[{\"s3Object\":\"\(key)\",\"hashValue\":\"\(Self.hash)\",\"hashAlgorithm\":\"SHA-256\"}]"
        )
        #expect(try digest(named) { _ in 7 }.logs.map(\.file) == [7])
        let absent = try digest(named).logs
        #expect(absent.map(\.missingKey) == [key] && absent[0].hash.hex == Self.hash)
        for wrong in ["abc", Self.hash.uppercased(), Self.hash + "00", String(repeating: "g", count: 64)] {
            #expect(throws: Digest.Refusal.self) { try digest(named.replacing(Self.hash, with: wrong)) }
        }
        #expect(throws: Digest.Refusal.self) { try digest(named.replacing("SHA-256", with: "MD5")) }
    }

    @Test(
        "What is no digest is refused with what is missing",
        arguments: [
            "", "[]", "{}", #"{"logFiles":[]}"#, String(repeating: "[", count: 100),
            starting.replacing("logFiles", with: "files"), starting.replacing("16:29", with: "36:29"),
            starting.replacing("previousDigestSignature", with: "x"), starting.replacing("[]", with: "[{}]"),
        ]
    )
    func refusals(text: String) {
        #expect(throws: Digest.Refusal.self) { try digest(text) }
    }

    @Test("Hours are counted back from the end, however long the time is")
    func hours() {
        let end = EventTime(seconds: 1_790_000_000)
        let hours = IntegrityFinding.hours(end.advanced(bySeconds: -9000), end)
        #expect(hours.map { end.seconds - $0.seconds } == [9000, 7200, 3600])
        #expect(IntegrityFinding.hourCount(end, end) == 0)
        #expect(IntegrityFinding.hours(.init(seconds: 0), .init(seconds: 250_000_000_000)).count == 100_000)
    }
}
