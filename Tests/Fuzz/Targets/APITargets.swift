import CloudTrail
import CloudTrailTestSupport
import Detection
import Foundation
import HTTP

@testable import Pipeline

/// A call of the API: what is asked for is answered with JSON, or refused.
final class QueryTarget: FuzzTarget {
    static let name = "query"
    private let engine: Engine
    private let feed = AlertFeed()
    private(set) var reached: [String: Int] = [:]

    init() {
        let records = EngineSeed.all.flatMap(\.records)
        var engine = Engine(policy: EngineSeed.all.first?.policy ?? Policy())
        var alerts: [Alert] = []
        for record in records { _ = engine.process(record, into: &alerts) }
        feed.append(alerts, raised: 0)
        self.engine = engine
    }

    static func seeds() throws -> [[UInt8]] {
        [
            "/api/posture?limit=1&sort=silent&only=weak&q=1111", "/api/shares?trust=untrusted&offset=2",
            "/api/shares?owner=111122223333&grantee=all", "/api/findings?status=all&severity=high&limit=7",
            "/api/findings?rule=ami-shared-publicly&account=111122223333&region=us-east-1&q=ami",
            "/api/findings/0a1b2c3d", "/api/images/ami-0abcdef0000000001?at=2026-03-02T09:00:00Z",
            "/api/images/ami-0abcdef0000000001?at=2026-03-02", "/api/accounts/111122223333",
            "/api/search?q=ami-0abc", "/api/search?q=golden%20web", "/api/search?q=111122223333",
        ].map { Array($0.utf8) }
    }

    func take(_ input: UnsafeRawBufferPointer) throws {
        let parts = String(decoding: input, as: UTF8.self).split(separator: "?", maxSplits: 1)
        let parameters = (parts.count == 2 ? parts[1] : "").split(separator: "&").map { pair in
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = sides.count == 2 ? String(sides[1]) : ""
            return (name: String(sides[0]), value: value.removingPercentEncoding ?? value)
        }
        let request = HTTPRequest(path: String(parts.first ?? ""), parameters: parameters)
        guard let asked = try? ConsoleRequest(request) else {
            reached["refused", default: 0] += 1
            return
        }
        let documents = ConsoleDocuments(partitions: ([0], 1), feed: feed) { [engine] inquiry in
            var work = InquiryWork(inquiry)
            while true {
                guard let content = work.advance(engine, until: .now + .seconds(1)) else { continue }
                return InquiryAnswer(
                    content: content,
                    streamTime: .distantPast,
                    policyHash: "",
                    work: work.time
                )
            }
        }
        let response = try documents.response(to: asked)
        reached["status \(response.status)", default: 0] += 1
        try require(StrictJSON.parse(response.body) != nil, "the answer is no JSON")
        let count = response.body.count
        try require(count <= ConsoleDocuments.largest, "the answer has \(count) bytes")
    }
}
