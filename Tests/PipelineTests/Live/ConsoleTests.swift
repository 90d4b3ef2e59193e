import CloudTrail
import Configuration
import Detection
import Foundation
import HTTP
import Synchronization
import Testing
import TrailArchive

@testable import Alerts
@testable import Pipeline

/// What whoever looks at a run is told, of the sample day.
@Suite
struct ConsoleTests {
    private static let checkout = Worker.checkout

    /// The engine after the sample day.
    private static let sample = Result {
        let policy = try PolicyReader.read(path: "\(checkout)/Deploy/sample/policy.yaml").policy
        var replay = Replay(policy: policy)
        let listing = try TrailListing(paths: ["\(checkout)/Deploy/sample/trail"])
        let decoding = DecodeAhead(
            files: listing.files,
            threads: 1,
            readsLaunchRequests: !policy.iamStatements.isEmpty,
            sessionKeys: replay.engine.sessionKeys
        )
        defer { decoding.stop() }
        var alerts: [Alert] = []
        while let batch = try decoding.next() {
            replay.take(batch, lose: { _ in }) { alerts.append($0) }
        }
        replay.finish { alerts.append($0) }
        return (engine: replay.engine, alerts: alerts)
    }

    private struct Answer {
        let status: Int
        let bytes: Int
        let json: JSONTree
    }

    private static func request(_ path: String, _ parameters: [String: String]) -> HTTPRequest {
        HTTPRequest(path: path, parameters: parameters.map { (name: $0.key, value: $0.value) })
    }

    /// The answer to a call, by a detector that works in slices of one step.
    private static func get(_ path: String, _ parameters: [String: String] = [:]) throws -> Answer {
        let (engine, alerts) = try sample.get()
        let feed = AlertFeed()
        feed.append(alerts, raised: 0)
        let call = try #require(try ConsoleRequest(request(path, parameters)))
        let documents = ConsoleDocuments(partitions: ([0], 1), feed: feed) { inquiry in
            var work = InquiryWork(inquiry)
            while true {
                guard let content = work.advance(engine, until: .now) else { continue }
                return InquiryAnswer(
                    content: content,
                    streamTime: engine.state.streamTime,
                    policyHash: engine.policy.hash,
                    work: work.time
                )
            }
        }
        let response = try documents.response(to: call)
        return Answer(
            status: response.status,
            bytes: response.body.count,
            json: try #require(JSONTree(response.body))
        )
    }

    @Test("Findings are those of the replay, by pages and one by one")
    func findings() throws {
        var (engine, alerts) = try Self.sample.get()
        let kept = engine.keptFindings().all.filter { $0.status == .open }
        let whole = try Self.get("/api/findings", ["limit": "500"])
        let ids = whole.json["findings"]?.elements.compactMap { $0["finding_id"]?.text } ?? []
        #expect(Set(ids) == Set(kept.map(\.identity.findingID)))
        var (paged, offset): ([String], Int?) = ([], 0)
        while let next = offset {
            let part = try Self.get("/api/findings", ["limit": "7", "offset": "\(next)"]).json
            paged += part["findings"]?.elements.compactMap { $0["finding_id"]?.text } ?? []
            offset = part["next"]?.integer
        }
        #expect(paged == ids && ids.count > 10)
        let severities = whole.json["findings"]?.elements.compactMap { $0["severity"]?.text } ?? []
        #expect(severities.first == "critical")

        var encoder = NativeAlert()
        for finding in kept {
            let id = finding.identity.findingID
            let life = try Self.get("/api/findings/\(id)")
            let expected = JSONTree(encoder.encode(finding, policyHash: engine.policy.hash))
            #expect(life.json["finding"] == expected)
            let told = life.json["alerts"]?.elements.count ?? 0
            #expect(
                told == alerts.count { $0.findingID == id || $0.instances.contains { $0.findingID == id } }
            )
            #expect(try Self.get("/api/findings/\(id.prefix(8))").json["finding"]?["finding_id"]?.text == id)
        }
        #expect(try Self.get("/api/findings/00000000").status == 404)
        for (key, value) in [
            ("severity", "critical"), ("account", "777788889999"), ("rule", "allowed-amis-disabled"),
        ] {
            let some = try Self.get("/api/findings", [key: value]).json["total"]?.integer ?? 0
            #expect(some > 0 && some < ids.count, "\(key)")
        }
    }

    @Test("Guardrails, shares, an image as of a moment and a search say what the state says")
    func state() throws {
        let posture = try Self.get("/api/posture")
        let worst = try #require(posture.json["rows"]?.elements.first)
        #expect(worst["account_id"]?.text == "777788889999" && worst["region"]?.text == "eu-central-1")
        #expect(worst["allowed_amis"]?["value"]?.text == "disabled")
        #expect(worst["allowed_amis"]?["since"]?.text == "2026-03-17T14:15:00Z")
        #expect(worst["open"]?["critical"]?.integer == 1)
        let silent = try Self.get("/api/posture", ["sort": "silent"]).json["rows"]?.elements ?? []
        let times = silent.map { $0["last_event"]?.text ?? "" }
        #expect(times == times.sorted())

        let shares = try Self.get("/api/shares")
        let trusts = shares.json["edges"]?.elements.compactMap { $0["trust"]?.text } ?? []
        #expect(trusts.prefix(3).allSatisfy { $0 == "untrusted" } && trusts.contains("trusted"))
        let edge = try Self.get("/api/shares", ["owner": "777788889999", "grantee": "111122223333"])
        #expect(edge.json["shares"]?.elements.map { $0["image"]?.text } == ["ami-08fcb05a94dd68fdf"])

        func isPublic(_ at: String) throws -> String? {
            let image = try Self.get("/api/images/ami-08fcb05a94dd68fdf", ["at": at])
            let items = image.json["state"]?["groups"]?["attributes"]?["items"]?.elements ?? []
            return items.first { $0["name"]?.text == "public" }?["value"]?.text
        }
        #expect(try isPublic("2026-03-17T11:30:00Z") == "yes")
        #expect(try isPublic("") == "no")
        #expect(try Self.get("/api/images/ami-00000000000000000").status == 404)

        let account = try Self.get("/api/accounts/777788889999")
        #expect(account.json["regions"]?.elements.count == 2)
        #expect(try Self.get("/api/accounts/999999999999").status == 404)

        let found = try Self.get("/api/search", ["q": "web-"])
        #expect(found.json["images"]?.elements.compactMap { $0["name"]?.text } == ["web-debug"])
        #expect(
            try Self.get("/api/search", ["q": "7777"]).json["accounts"]?.elements.map(\.text) == [
                "777788889999"
            ]
        )
    }

    @Test("What is asked for wrongly is refused with what to write; other paths are none of the API's")
    func refusals() throws {
        for (path, parameters, words) in [
            ("/api/posture", ["limit": "0"], "limit is a number"),
            ("/api/posture", ["sort": "x"], "sort is one of"),
            ("/api/findings", ["offset": "-1"], "offset is a number"),
            ("/api/findings/zz", [:], "hexadecimal"),
            ("/api/images/i-1", [:], "ami-"), ("/api/images/ami-1", ["at": "yesterday"], "at is a time"),
            ("/api/accounts/1", [:], "12 digits"), ("/api/search", [:], "q is missing"),
            ("/api/shares", ["owner": "1"], "belong together"),
        ] as [(String, [String: String], String)] {
            let error = #expect(throws: BadRequest.self) {
                try ConsoleRequest(Self.request(path, parameters))
            }
            #expect(error?.message.contains(words) == true, "\(path)")
        }
        for path in [
            "/api", "/api/", "/api/secrets", "/api/posture/", "/api/posture/1/2", "/etc/passwd",
            "//api/posture",
        ] {
            #expect(try ConsoleRequest(HTTPRequest(path: path)) == nil, "\(path)")
        }
        for path in ["/page/", "/page/../index.html", "/page/nothing.js", "/pages.js", "/page"] {
            #expect(PageFiles.response(to: path) == nil, "\(path)")
        }
        let page = try #require(PageFiles.response(to: "/"))
        #expect(page.headers.first?.value.hasPrefix("text/html") == true)
    }

    @Test("Inquiries are bounded, and the same one waits once")
    func desk() {
        let desk = InquiryDesk()
        #expect(!desk.isAsked && desk.next() == nil)
        #expect(desk.ask(.posture) && desk.ask(.posture))
        for number in 1..<InquiryDesk.limit { #expect(desk.ask(.images(prefix: "\(number)"))) }
        #expect(!desk.ask(.shares))
        #expect(desk.next() == .posture)
        // What is being answered counts until it is.
        #expect(desk.ask(.posture) && !desk.ask(.shares))
        let woken = Mutex(0)
        desk.onAnswer { woken.withLock { $0 += 1 } }
        desk.answer(
            .posture,
            InquiryAnswer(content: .posture([]), streamTime: .distantPast, policyHash: "", work: .zero)
        )
        #expect(woken.withLock(\.self) == 1 && desk.takeAnswers().count == 1 && desk.takeAnswers().isEmpty)
        #expect(desk.ask(.shares))
    }

    @Test("The feed keeps the last alerts, numbers them, and says how many there were")
    func feed() throws {
        let alerts = try Self.sample.get().alerts
        let feed = AlertFeed()
        for _ in 0..<20 { feed.append(alerts, raised: 0) }
        let all = feed.entries(after: 0)
        #expect(all.entries.count == AlertFeed.limit && all.last == 20 * alerts.count)
        #expect(all.entries.map(\.number) == Array((all.last - AlertFeed.limit + 1)...all.last))
        #expect(feed.entries(after: all.last - 3).entries.count == 3)
        let last = try #require(JSONTree(all.entries[AlertFeed.limit - 1].line))
        #expect(last["alert_id"]?.text == alerts.last?.alertID)
        #expect(last["raised_at"]?.text == "1970-01-01T00:00:00.000Z")
    }
}
