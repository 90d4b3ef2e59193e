import CloudTrail

@testable import TrailIntegrity

/// A digest of CloudTrail, and the other documents that a verification reads.
final class DigestTarget: FuzzTarget {
    static let name = "digest"
    private let parser = JSONParser(depth: JSONInput.depth)
    private var keys = ObjectKeyReader()
    private(set) var reached: [String: Int] = [:]

    static func seeds() throws -> [[UInt8]] {
        let digest =
            #"{"awsAccountId":"111122223333","digestStartTime":"2026-09-22T10:00:00Z","digestEndTime":"2026-09-22T11:00:00Z","digestS3Bucket":"b","digestS3Object":"AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/09/22/d.json.gz","digestPublicKeyFingerprint":"\#(String(repeating: "a", count: 32))","digestSignatureAlgorithm":"SHA256withRSA","newestEventTime":"2026-09-22T10:50:00Z","oldestEventTime":"2026-09-22T10:10:00Z","previousDigestS3Bucket":"b","previousDigestS3Object":"AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/09/22/c.json.gz","previousDigestHashValue":"\#(String(repeating: "0f", count: 32))","previousDigestHashAlgorithm":"SHA-256","previousDigestSignature":"0f0f","logFiles":[{"s3Bucket":"b","s3Object":"AWSLogs/111122223333/CloudTrail/us-east-1/2026/09/22/l.json.gz","hashValue":"\#(String(repeating: "0f", count: 32))","hashAlgorithm":"SHA-256","newestEventTime":"2026-09-22T10:50:00Z","oldestEventTime":"2026-09-22T10:10:00Z"}]}"#
        let metadata =
            #"{"AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/09/22/d.json.gz":{"Metadata":{"signature":"0f0f","signature-algorithm":"SHA256withRSA"}}}"#
        let signature = #""previousDigestSignature":"#
        let first = digest.replacing("\(signature)\"0f0f\"", with: "\(signature)null")
        return try [digest, first, metadata].map { Array($0.utf8) }
            + Fuzzing.files(below: "Tests/CommandTests/Fixtures/verify", ".json")
    }

    func take(_ input: UnsafeRawBufferPointer) throws {
        do throws(Digest.Refusal) {
            let digest = try Digest(input, parser: parser) { _ in nil }
            reached["digests", default: 0] += 1
            reached["log files", default: 0] += digest.logs.count
            try? require(digest.logs.allSatisfy { $0.file == nil }, "a log file that is not there")
        } catch { reached["refused", default: 0] += 1 }
        var metadata = ObjectMetadata()
        if (try? metadata.add(input, file: "metadata.json")) != nil { reached["metadata", default: 0] += 1 }
        var publicKeys = PublicKeys()
        if (try? publicKeys.add(input, file: "keys.json")) != nil { reached["public keys", default: 0] += 1 }
        let text = String(decoding: input.prefix(400), as: UTF8.self)
        try require(keys.read(text) == ObjectKey(text), "a key read behind another is another")
    }
}
