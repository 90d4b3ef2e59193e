import Alerts
import CloudTrail
import Detection
import HTTP

/// The answers of the API: JSON of at most ``largest`` bytes.
struct ConsoleDocuments {
    /// The numbers of the account partitions that this worker has, and how many there are.
    let partitions: (own: [Int], count: Int)
    let feed: AlertFeed
    /// What the detector has answered; throws when it has not, or too long ago.
    let look: (Inquiry) throws(MissingAnswer) -> InquiryAnswer

    /// What has to be asked before there is an answer.
    struct MissingAnswer: Error { let inquiry: Inquiry }

    /// No answer has more bytes; lists stop before.
    static let largest = 190_000

    func response(to request: ConsoleRequest) throws(MissingAnswer) -> HTTPResponse {
        switch request {
        case .posture(let selection, let part): try posture(selection, part)
        case .shares(let selection, let part): try shares(selection, part)
        case .findings(let selection, let part): try findings(selection, part)
        case .finding(let id): try finding(id)
        case .image(let id, let asOf): try image(id, asOf)
        case .account(let account): try self.account(account)
        case .search(let text): try search(text)
        }
    }

    // MARK: What all answers have in common

    /// An object that says of when it is, and of which part of all accounts.
    func document(
        _ schema: String,
        of answer: InquiryAnswer,
        _ members: (inout JSONWriter) -> Void
    ) -> HTTPResponse {
        var json = JSONWriter()
        json.object { json in
            json.member("schema", schema)
            let time = answer.streamTime
            json.member("as_of", time == .distantPast ? nil : time.description)
            json.member("age_seconds", answer.answered.seconds)
            Self.write(partitions, &json)
            json.member("policy", answer.policyHash)
            members(&json)
        }
        return .json(json.bytes)
    }

    static func write(_ partitions: (own: [Int], count: Int), _ json: inout JSONWriter) {
        json.key("partitions")
        json.object { json in
            json.key("own")
            json.array { json in for number in partitions.own { json.number(number) } }
            json.member("of", partitions.count)
        }
    }

    /// A part of a list under `name`, how long the list is, and where the next part begins.
    func write<Row>(
        _ name: StaticString,
        _ rows: [Row],
        _ part: ConsoleRequest.Part,
        _ json: inout JSONWriter,
        _ row: (Row, inout JSONWriter) -> Void
    ) {
        json.member("total", rows.count)
        json.member("offset", part.offset)
        var written = 0
        json.key(name)
        json.array { json in
            for element in rows.dropFirst(part.offset).prefix(part.limit)
            where json.bytes.count < Self.largest - 8_000 {
                json.object { json in row(element, &json) }
                written += 1
            }
        }
        let next = part.offset + written
        json.member("next", next < rows.count && written > 0 ? next : nil)
    }

    func notReady(_ answer: InquiryAnswer) -> HTTPResponse {
        guard case .notReady(let words) = answer.content else { return .error(500, "unexpected answer") }
        return .busy("the detector is not ready: \(words)")
    }

    // MARK: Findings

    private func findings(
        _ selection: FindingListSelection,
        _ part: ConsoleRequest.Part
    ) throws(MissingAnswer) -> HTTPResponse {
        let answer = try look(.findings)
        guard case .findings(let all) = answer.content else { return notReady(answer) }
        let chosen = all.filter(selection.admits).sorted(by: PublishedFinding.precedes)
        return document("amiwatch.findings/1", of: answer) { json in
            Self.writeCounts(of: all, &json)
            write("findings", chosen, part, &json, Self.write)
        }
    }

    /// What is open, by severity; and what is undetermined.
    private static func writeCounts(of findings: [PublishedFinding], _ json: inout JSONWriter) {
        var open = OpenCounts()
        for finding in findings { open.count(finding) }
        json.key("open")
        json.object { json in open.write(to: &json) }
    }

    static func write(_ finding: PublishedFinding, _ json: inout JSONWriter) {
        let subject = finding.identity.subject
        json.member("finding_id", finding.identity.findingID)
        json.member("status", finding.status.rawValue)
        json.member("verdict", finding.verdict.rawValue)
        json.member("severity", finding.severity.rawValue)
        json.member("rule_id", finding.identity.rule)
        json.member("title", finding.title)
        json.member("account_id", subject.scope.account.description)
        json.member("region", subject.scope.region)
        json.key("resource")
        json.object { json in
            json.member("type", subject.resource.type.rawValue)
            json.member("id", subject.resource.id.shortened)
        }
        json.member("discriminator", subject.discriminator?.shortened)
        json.member("first_seen", finding.firstSeen.description)
        json.member("last_seen", finding.lastSeen.description)
        json.member("occurrences", finding.occurrences)
        json.member("revision", finding.revision)
    }

    /// A finding as it is now, and those of its alerts that are still at hand.
    private func finding(_ id: String) throws(MissingAnswer) -> HTTPResponse {
        let list = try look(.findings)
        guard case .findings(let all) = list.content else { return notReady(list) }
        let identity = all.lazy.map(\.identity).first { $0.findingID.hasPrefix(id) }
        guard let identity else { return .error(404, "no finding of this worker has the id \(id)") }
        let answer = try look(.finding(identity))
        guard case .finding(let kept) = answer.content else { return notReady(answer) }
        guard let kept else { return .error(404, "the finding is no longer kept") }
        var encoder = NativeAlert()
        let whole = encoder.encode(kept, policyHash: answer.policyHash, maximumBytes: Self.largest / 2)
        let alerts = feed.entries(after: 0).entries.filter { $0.line.contains(text: identity.findingID) }
        return document("amiwatch.finding-life/1", of: answer) { json in
            json.key("finding")
            json.value(whole)
            json.key("alerts")
            // The last ones, the newest first.
            json.array { json in
                for entry in alerts.reversed() where json.bytes.count + entry.line.count < Self.largest {
                    json.value(entry.line)
                }
            }
        }
    }

    // MARK: Images

    private func image(_ id: ResourceID, _ asOf: AsOf) throws(MissingAnswer) -> HTTPResponse {
        let answer = try look(.image(id, asOf))
        guard case .image(let known) = answer.content else { return notReady(answer) }
        guard let known else { return .error(404, "nothing is known of \(id)") }
        return document("amiwatch.image/1", of: answer) { json in
            json.key("state")
            StateDocument.write(known.state, asOf: asOf, to: &json, maximumBytes: Self.largest / 2)
            json.member("name", known.life.name?.shortened)
            json.member("owner", known.life.owner?.description)
            json.member("region", known.life.region)
            json.member("launches_left_out", known.life.launchesLeftOut)
            json.member("calls", known.life.entries.count)
            json.key("timeline")
            // The newest first.
            json.array { json in
                for entry in known.life.entries.reversed() where json.bytes.count < Self.largest - 8_000 {
                    json.object { json in
                        StateDocument.write(entry.evidence, &json)
                        json.key("statements")
                        json.array { json in
                            for statement in entry.statements.prefix(20) { json.string(statement.shortened) }
                        }
                    }
                }
            }
        }
    }

    // MARK: Search

    private func search(_ text: String) throws(MissingAnswer) -> HTTPResponse {
        let posture = try look(.posture)
        guard case .posture(let rows) = posture.content else { return notReady(posture) }
        let list = try look(.findings)
        guard case .findings(let findings) = list.content else { return notReady(list) }
        let images = text.utf8.count < 3 ? nil : try look(.images(prefix: text))
        var found: [FoundImage] = []
        if case .images(let some)? = images?.content { found = some }
        let accounts = Set(rows.map(\.scope.account)).filter { $0.description.hasPrefix(text) }.sorted()
        let isID = text.utf8.count >= 8
        let chosen = findings.filter {
            $0.identity.subject.resource.id.range(ofASCII: text) || $0.identity.rule.range(ofASCII: text)
                || isID && $0.identity.findingID.hasPrefix(text)
        }.sorted(by: PublishedFinding.precedes)
        return document("amiwatch.search/1", of: posture) { json in
            json.key("accounts")
            json.array { json in for account in accounts.prefix(50) { json.string(account.description) } }
            json.member("accounts_total", accounts.count)
            json.key("images")
            json.array { json in
                for image in found.sorted(by: { $0.id < $1.id }) {
                    json.object { json in
                        json.member("id", image.id.description.shortened)
                        json.member("name", image.name?.shortened)
                        json.member("owner", image.owner?.description)
                    }
                }
            }
            json.member("images_at_most", FoundImage.limit)
            json.key("principals")
            json.array { json in
                for (arn, last) in principals(text).prefix(20) {
                    json.object { json in
                        json.member("arn", arn.shortened)
                        json.member("alert", last)
                    }
                }
            }
            write("findings", chosen, ConsoleRequest.Part(offset: 0, limit: 50), &json, Self.write)
        }
    }

    /// Who acted in the alerts that are at hand, and the number of the last alert of each.
    private func principals(_ text: String) -> [(arn: String, last: Int)] {
        var found: [String: Int] = [:]
        for entry in feed.entries(after: 0).entries where entry.line.contains(text: text) {
            guard let arn = JSONTree(entry.line)?["actor"]?["arn"]?.text, arn.range(ofASCII: text) else {
                continue
            }
            found[arn] = entry.number
        }
        return found.sorted { $0.value > $1.value }.map { ($0.key, $0.value) }
    }
}

/// What is open in a place, by severity.
struct OpenCounts {
    private var counts = [Int](repeating: 0, count: Severity.allCases.count)
    private(set) var undetermined = 0

    init() {}

    /// As a state counts them itself.
    init(_ open: [OpenFindings: Int]) {
        for (of, number) in open { add(number, of.severity ?? .informational, of.verdict) }
    }

    mutating func count(_ finding: PublishedFinding) {
        if finding.status == .open { add(1, finding.severity, finding.verdict) }
    }

    private mutating func add(_ number: Int, _ severity: Severity, _ verdict: Verdict?) {
        guard verdict != .undetermined else {
            undetermined += number
            return
        }
        guard let index = Severity.allCases.firstIndex(of: severity) else { return }
        counts[index] += number
    }

    func count(of severity: Severity) -> Int {
        Severity.allCases.firstIndex(of: severity).map { counts[$0] } ?? 0
    }

    /// Whether anything is open that should be looked at now.
    var isUrgent: Bool { counts.suffix(2).contains { $0 > 0 } }

    /// The members of an object: only what there is.
    func write(to json: inout JSONWriter) {
        for (severity, count) in zip(Severity.allCases, counts).reversed() where count > 0 {
            json.key(text: severity.rawValue)
            json.number(count)
        }
        if undetermined > 0 { json.member("undetermined", undetermined) }
    }
}

extension PublishedFinding {
    /// What is open first, then the worst, then what happened last.
    static func precedes(_ left: PublishedFinding, _ right: PublishedFinding) -> Bool {
        if (left.status == .open) != (right.status == .open) { return left.status == .open }
        if left.severity != right.severity { return left.severity > right.severity }
        if left.lastSeen != right.lastSeen { return left.lastSeen > right.lastSeen }
        return left.identity < right.identity
    }
}

extension HTTPResponse {
    private static let noStore = [(name: "Cache-Control", value: "no-store")]

    static func json(_ bytes: [UInt8]) -> HTTPResponse {
        HTTPResponse(contentType: "application/json", headers: noStore, body: bytes)
    }

    static func error(
        _ status: Int,
        _ message: String,
        headers: [(name: String, value: String)] = []
    ) -> HTTPResponse {
        var json = JSONWriter()
        json.object { $0.member("error", message) }
        return HTTPResponse(
            status: status,
            contentType: "application/json",
            headers: noStore + headers,
            body: json.bytes
        )
    }

    /// Nothing to say at the moment.
    static func busy(_ message: String) -> HTTPResponse {
        error(503, message, headers: [(name: "Retry-After", value: "1")])
    }
}

extension String {
    /// At most 1,000 bytes or so of it.
    var shortened: String {
        utf8.count <= 1000 ? self : String(decoding: utf8.prefix(1000), as: UTF8.self) + "…"
    }
}

extension [UInt8] {
    /// Whether a text stands somewhere in it.
    func contains(text: String) -> Bool {
        String(decoding: self, as: UTF8.self).contains(text)
    }
}
