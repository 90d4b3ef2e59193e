import CloudTrail
import Detection
import HTTP

/// What a call of the API asks for.
enum ConsoleRequest: Sendable {
    case posture(PostureSelection, Part)
    case shares(ShareSelection, Part)
    case findings(FindingListSelection, Part)
    /// By its id, or the beginning of it.
    case finding(String)
    case image(ResourceID, AsOf)
    case account(AccountID)
    case search(String)

    /// A part of a long list.
    struct Part: Sendable {
        var offset = 0
        var limit = 100

        static let largest = 500
    }

    /// Nil where there is no such call.
    ///
    /// - Throws: `BadRequest`.
    init?(_ request: HTTPRequest) throws(BadRequest) {
        let parts = request.path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 3, parts[0].isEmpty, parts[1] == "api" else { return nil }
        let id = parts.count == 4 && !parts[3].isEmpty ? parts[3] : nil
        guard parts.count == 3 || id != nil else { return nil }
        switch (parts[2], id) {
        case ("posture", nil): self = .posture(try PostureSelection(request), try Part(request))
        case ("shares", nil): self = .shares(try ShareSelection(request), try Part(request))
        case ("findings", nil): self = .findings(try FindingListSelection(request), try Part(request))
        case ("findings", let id?):
            guard id.utf8.count >= 8, id.utf8.allSatisfy(\.isHexDigit) else {
                throw BadRequest("a finding's id has 64 hexadecimal digits; the first 8 are enough")
            }
            self = .finding(id)
        case ("images", let id?):
            guard id.hasPrefix("ami-") || id.hasPrefix("import-ami-") else {
                throw BadRequest("an image's id begins with ami-")
            }
            self = .image(ResourceID(id), try AsOf(request))
        case ("accounts", let id?):
            guard let account = AccountID(id) else { throw BadRequest("an account's id has 12 digits") }
            self = .account(account)
        case ("search", nil):
            guard let text = request.text("q") else { throw BadRequest("q is missing: what to look for") }
            self = .search(text)
        default: return nil
        }
    }
}

/// Why a call of the API cannot be answered.
struct BadRequest: Error {
    let message: String

    init(_ message: String) { self.message = message }
}

extension HTTPRequest {
    /// A parameter that says something.
    func text(_ name: String) -> String? { query(name).flatMap { $0.isEmpty ? nil : $0 } }

    func number(_ name: String, _ range: ClosedRange<Int>) throws(BadRequest) -> Int? {
        guard let text = text(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw BadRequest("\(name) is a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func word<Word: RawRepresentable<String> & CaseIterable>(_ name: String) throws(BadRequest) -> Word? {
        guard let text = text(name) else { return nil }
        guard let word = Word(rawValue: text) else {
            let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw BadRequest("\(name) is one of \(known)")
        }
        return word
    }
}

extension ConsoleRequest.Part {
    fileprivate init(_ request: HTTPRequest) throws(BadRequest) {
        offset = try request.number("offset", 0...10_000_000) ?? 0
        limit = try request.number("limit", 1...Self.largest) ?? limit
    }
}

extension AsOf {
    fileprivate init(_ request: HTTPRequest) throws(BadRequest) {
        guard let text = request.text("at") else {
            self = .now
            return
        }
        guard let end = EventTime(timeOrDay: text, endOfDay: true) else {
            throw BadRequest("at is a time (2026-03-17T09:00:00Z) or a day")
        }
        self.init(start: EventTime(timeOrDay: text, endOfDay: false) ?? end, end: end)
    }
}

/// Which accounts and Regions are listed, and in which order.
struct PostureSelection: Sendable {
    enum Order: String, CaseIterable, Sendable {
        case worst
        case account
        /// Whose last event is the oldest.
        case silent
    }

    /// A part of the account's id or of the Region's name.
    var text: String?
    /// Only those that need a look.
    var onlyWeak = false
    var order = Order.worst

    init(_ request: HTTPRequest) throws(BadRequest) {
        text = request.text("q")
        onlyWeak = request.text("only") == "weak"
        order = try request.word("sort") ?? .worst
    }
}

/// Which shares are listed.
struct ShareSelection: Sendable {
    /// Whether the policy trusts the grantee.
    enum Trust: String, CaseIterable, Comparable, Sendable {
        case trusted
        case undetermined
        case untrusted

        static func < (left: Trust, right: Trust) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .trusted: 0
            case .undetermined: 1
            case .untrusted: 2
            }
        }
    }

    var trust: Trust?
    /// A part of either side's id.
    var text: String?
    /// With both, what is shared between these two is listed, image by image.
    var owner: String?
    var grantee: String?

    init(_ request: HTTPRequest) throws(BadRequest) {
        trust = try request.word("trust")
        text = request.text("q")
        (owner, grantee) = (request.text("owner"), request.text("grantee"))
        guard (owner == nil) == (grantee == nil) else {
            throw BadRequest("owner and grantee belong together")
        }
    }
}

/// Which findings are listed.
struct FindingListSelection: Sendable {
    enum Status: String, CaseIterable, Sendable {
        case open
        case undetermined
        case resolved
        case retracted
        case all
    }

    var status = Status.open
    var severity: Severity?
    var rule: String?
    var account: String?
    var region: String?
    /// A part of the resource's id, the rule, the title or the account.
    var text: String?

    init(_ request: HTTPRequest) throws(BadRequest) {
        status = try request.word("status") ?? .open
        severity = try request.word("severity")
        (rule, account, region) = (request.text("rule"), request.text("account"), request.text("region"))
        text = request.text("q")
    }

    func admits(_ finding: PublishedFinding) -> Bool {
        let subject = finding.identity.subject
        let isUndetermined = finding.verdict == .undetermined
        let hasStatus =
            switch status {
            case .all: true
            case .open: finding.status == .open
            case .undetermined: finding.status == .open && isUndetermined
            case .resolved: finding.status == .resolved
            case .retracted: finding.status == .retracted
            }
        guard hasStatus, severity.map({ $0 == finding.severity }) ?? true,
            rule.map({ $0 == finding.identity.rule }) ?? true,
            account.map({ $0 == subject.scope.account.description }) ?? true,
            region.map({ $0 == subject.scope.region }) ?? true
        else { return false }
        guard let text else { return true }
        return [
            subject.resource.id, finding.identity.rule, subject.scope.account.description, finding.title,
            subject.discriminator ?? "",
        ].contains { $0.range(ofASCII: text) }
    }
}

extension String {
    /// Whether a text is a part of this one, whatever the case of ASCII letters.
    func range(ofASCII text: String) -> Bool {
        func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
        let wanted = text.utf8.map(lower)
        guard let first = wanted.first else { return true }
        let bytes = utf8.map(lower)
        guard bytes.count >= wanted.count else { return false }
        return (0...(bytes.count - wanted.count)).contains { start in
            bytes[start] == first && bytes[start..<(start + wanted.count)].elementsEqual(wanted)
        }
    }
}

extension UInt8 {
    fileprivate var isHexDigit: Bool { (0x30...0x39).contains(self) || (0x61...0x66).contains(self) }
}
