import CloudTrail
import CloudTrailTestSupport
import TestSupport
import Foundation
import Testing

/// The real trails of `AMIWATCH_CORPUS`, judged by a second reading that shares no code with ours.
@Suite(.enabled(if: CorpusTests.folder != nil, "AMIWATCH_CORPUS is not set: no real trails were read"))
struct CorpusEnvelopeTests {
    static let envelopes = CorpusTests.files.filter { $0.contains("/envelopes/") }
    /// For samples whose ids were made anonymous into what is no account any more.
    static let accounts: [AccountID?] = [nil, AccountID("123456789012")]

    @Test("Every envelope gives what its bare records give", arguments: envelopes)
    func sameAsBare(path: String) throws {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let bare = try Unwrapping.records(bytes, Packing.gunzip)
        for account in Self.accounts {
            var expected = Gathered()
            for record in bare {
                let text = [UInt8](try JSONSerialization.data(withJSONObject: record))
                let one = RecordReader().gather(message: text, account: account)
                #expect(one.read == 1)
                expected.ignored += one.ignored
                expected.records += one.records
                expected.letters += one.letters
            }
            let gathered = RecordReader().gather(message: bytes, account: account)
            #expect(gathered.records == expected.records)
            #expect(gathered.letters.map(\.reason) == expected.letters.map(\.reason))
            // A container that holds no record is one that is read and ignored.
            #expect(gathered.ignored == (bare.isEmpty ? 1 : expected.ignored))
        }
    }

    @Test("The samples of one record in several envelopes are the same record")
    func oneRecordInManyEnvelopes() throws {
        func records(_ names: [String]) throws -> [[Record]] {
            try Self.envelopes.filter { path in names.contains { path.contains("/" + $0) } }.map { path in
                let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
                return RecordReader().gather(message: bytes, account: Self.accounts[1]).records
            }
        }
        for names in [["02_"], ["04a_", "04b_", "04c_"], ["06_", "08a_", "08b_"]] {
            let all = try records(names)
            #expect(all.count > 1)
            #expect(Set(all).count == 1, "\(names)")
        }
    }

    @Test("Every dead letter is deserved: no source of its account has twelve digits")
    func deserved() throws {
        for path in CorpusTests.files {
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            let read = RecordReader().gather(file: bytes)
            #expect(read.read == read.ignored + read.records.count + read.letters.count)
            for letter in read.letters {
                #expect(letter.reason == .noAccount, "\(path): \(letter.text)")
                let record = try JSONSerialization.jsonObject(with: Data(letter.bytes))
                let sources = Unwrapping.accounts(try #require(record as? [String: Any]))
                #expect(!sources.contains(where: Unwrapping.isAccount), "\(path): \(sources)")
            }
        }
    }
}

/// Envelopes opened with Foundation's JSON alone.
private enum Unwrapping {
    /// The bare records of one message.
    static func records(_ bytes: [UInt8], _ gunzip: ([UInt8]) throws -> [UInt8]) throws -> [[String: Any]] {
        let plain = bytes.starts(with: [0x1F, 0x8B]) ? try gunzip(bytes) : bytes
        return try open(JSONSerialization.jsonObject(with: Data(plain)), gunzip)
    }

    private static func open(
        _ value: Any?,
        _ gunzip: ([UInt8]) throws -> [UInt8]
    ) throws -> [[String: Any]] {
        if let text = value as? String { return try records(Array(text.utf8), gunzip) }
        guard let object = value as? [String: Any] else { return [] }
        if let members = object["Records"] as? [Any] {
            return try members.flatMap { try open($0, gunzip) }
        }
        if var detail = object["detail"] as? [String: Any] {
            if detail["recipientAccountId"] == nil { detail["recipientAccountId"] = object["account"] }
            return [detail]
        }
        if let data = (object["awslogs"] as? [String: Any])?["data"] as? String {
            return try records([UInt8](Data(base64Encoded: data) ?? Data()), gunzip)
        }
        if let events = object["logEvents"] as? [[String: Any]] {
            guard object["messageType"] as? String == "DATA_MESSAGE" else { return [] }
            return try events.flatMap { try open($0["message"], gunzip) }
        }
        let event = (object["event"] as? [String: Any])?["original"]
        let after = (object["payload"] as? [String: Any])?["after"]
        for inner in [after, object["payload"], event, object["CloudTrailEvent"], object["aws"]] {
            if let inner { return try open(inner, gunzip) }
        }
        return [object]
    }

    /// What stands where a record's account may stand.
    static func accounts(_ record: [String: Any]) -> [Any] {
        func inner(_ name: String, _ key: String) -> Any? { (record[name] as? [String: Any])?[key] }
        return [
            record["recipientAccountId"], inner("responseElements", "ownerId"),
            inner("userIdentity", "accountId"),
        ].compactMap { $0 }
    }

    static func isAccount(_ value: Any) -> Bool {
        let text = "\(value)"
        return text.count == 12 && text.allSatisfy(\.isNumber) && text != "000000000000"
    }
}
