import CloudTrail
import Cryptography
import Testing

@testable import TrailIntegrity

/// Keys as CloudTrail prints them: a real one, and what looks like one.
struct KeyTests {
    /// Of us-east-1, September 2026, with the fingerprint that AWS gives it.
    private static let value =
        "MIIBCgKCAQEAi3us31jIILNaFjMX/ZHdxnL4NreyP517Chth8FfJoHAaXuh+qgRr5xtlWOwHrluP6EQ63gM9yMxn1hmT37zdbYuMnfjT7SJwBuYRUUmu"
        + "8yqXFgWd3g8UTo9+gJkGKYP8yF7D6V8/H5l5TIwLNJCSP/G2crj0uq1Pj7ZQhEjIohdQsP7luakNpAUU4QV2XuIfTUb6uVF904u9Jtbb7KogoXdRLi0s"
        + "P8qxP7ytnWCwXg/eo7Zh/CzgQglR3Qz9mW09MsdPY+y9xjNj05g1+VOpps9U42hPURpYwlrRlQMO5kbBy9AAH3TRz/KO8fIDQxbq2qRFkiNh4UiJHBk9"
        + "EyFNnQIDAQAB"
    private static let fingerprint = "28f6b7a258b62ece75008b18eaffc92b"

    private func keys(_ json: String) throws -> PublicKeys {
        var keys = PublicKeys()
        var json = json
        try json.withUTF8 { try keys.add(UnsafeRawBufferPointer($0), file: "keys.json") }
        return keys
    }

    private func list(
        value: String = value,
        start: String,
        end: String,
        name: String = "PublicKeyList"
    ) -> String {
        "{\"\(name)\":[{\"Value\":\"\(value)\",\"ValidityStartTime\":\(start),\"ValidityEndTime\":\(end),"
            + "\"Fingerprint\":\"\(Self.fingerprint)\"}]}"
    }

    @Test("A real key has the fingerprint that AWS gives it, whatever form its times have")
    func real() throws {
        for (start, end) in [
            (#""2026-09-05T18:06:29+01:00""#, #""2026-10-05T18:06:29+01:00""#),
            ("1788627989.0", "1791219989.0"),
            (#""1788627989""#, #""1791219989""#), ("1788627989", "1791219989"),
        ] {
            let keys = try keys(list(start: start, end: end))
            #expect(keys.warnings.isEmpty && keys.count == 1)
            let key = try #require(keys.named(Self.fingerprint).first)
            #expect(key.validFrom?.description == "2026-09-05T17:06:29Z")
            #expect(key.validUntil?.description == "2026-10-05T17:06:29Z")
            #expect(!key.key.verifies(Array(repeating: 7, count: 256), of: Array("text".utf8)))
        }
        #expect(try keys(list(start: "0", end: "1", name: "publicKeyList")).count == 1)
        #expect(try keys("[\(list(start: "0", end: "1")),\(list(start: "0", end: "1"))]").count == 2)
    }

    @Test("What is no key is not used, and said")
    func broken() throws {
        for value in ["", "AAAA", "not base64!", String(Self.value.dropLast(8)), Self.value + "AAAA"] {
            let keys = try keys(list(value: value, start: "0", end: "1"))
            #expect(keys.count == 0)
            #expect(keys.warnings.count == 1)
            #expect(keys.named(Self.fingerprint).isEmpty)
        }
        for text in ["", "{", "[1]", #"{"PublicKeyList":{}}"#, String(repeating: "[", count: 1000)] {
            #expect(throws: IntegrityInputError.self) { try keys(text) }
        }
    }

    @Test("Metadata is known by the part of a key that a download keeps, in any of its forms")
    func metadata() throws {
        func read(_ text: String) throws -> ObjectMetadata {
            var metadata = ObjectMetadata()
            var text = text
            try text.withUTF8 { try metadata.add(UnsafeRawBufferPointer($0), file: "head.json") }
            return metadata
        }
        let name =
            "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/09/22/111122223333_CloudTrail-Digest_us-east-1_a_b_us-east-1_"
            + "20260922T162923Z_backfill.json.gz"
        let head =
            #"{"Metadata":{"signature":"0a","signature-algorithm":"SHA256withRSA","backfill-generation-timestamp":"2026-09-22T20:00:00Z"}}"#
        let raw =
            #"{"x-amz-meta-signature":"0a","x-amz-meta-signature-algorithm":"SHA256withRSA","#
            + #""x-amz-meta-backfill-generation-timestamp":"2026-09-22T20:00:00Z"}"#
        for text in [
            "{\"s3://bucket/prefix/\(name)\":\(head)}", "{\"\(name)\":\(raw)}",
            "{\"Key\":\"\(name)\",\(head.dropFirst())\n{\"Key\":\"other\",\"Metadata\":{}}\n",
            "[{\"Key\":\"\(name)\",\(head.dropFirst())]", "{\"Key\":\"x/\(name)\",\(head.dropFirst())",
        ] {
            let metadata = try read(text)
            #expect(metadata.count == 1, "\(text)")
            let entry = try #require(metadata.entries[ExactText(String(name.dropFirst(8)))])
            #expect(entry.signature == "0a" && entry.algorithm == "SHA256withRSA")
            #expect(entry.generated?.description == "2026-09-22T20:00:00Z")
            let digest = try #require(DigestName(entry.key))
            #expect(
                digest.chain.trail == "a_b" && digest.chain.homeRegion == "us-east-1"
                    && digest.chain.isBackfill
            )
            #expect(digest.end.description == "2026-09-22T16:29:23Z")
        }
        #expect(throws: IntegrityInputError.self) { try read("{\n{") }
    }
}
