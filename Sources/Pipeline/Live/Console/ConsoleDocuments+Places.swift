import CloudTrail
import Detection
import HTTP

// Accounts and Regions, and who shares images with whom.

extension ConsoleDocuments {
    /// An account and Region with what is open there.
    struct Place {
        let posture: Posture
        let open: OpenCounts

        /// What is not as it should be, as far as anybody told.
        var weaknesses: Int {
            [
                posture.allowedImages?.value == "disabled", posture.blockPublicAccess?.value == "unblocked",
                ["stopped", "deleted", "narrowed"].contains(posture.trail?.value ?? ""),
            ].count(where: \.self)
        }

        /// What is worse is greater: critical and high findings first, then weaknesses, then the other findings.
        var badness: UInt64 {
            func count(_ severity: Severity, atMost bits: Int) -> UInt64 {
                UInt64(min(open.count(of: severity), 1 << bits - 1))
            }
            return count(.critical, atMost: 16) << 48 | count(.high, atMost: 16) << 32
                | UInt64(weaknesses) << 28 | count(.medium, atMost: 14) << 14 | count(.low, atMost: 14)
        }

        var needsLook: Bool { weaknesses > 0 || open.isUrgent }
    }

    func posture(
        _ selection: PostureSelection,
        _ part: ConsoleRequest.Part
    ) throws(MissingAnswer) -> HTTPResponse {
        let answer = try look(.posture)
        guard case .posture(let rows) = answer.content else { return notReady(answer) }
        let all = places(rows, try publishedFindings())
        let chosen = all.filter { place in
            let scope = place.posture.scope
            let isNamed = selection.text.map {
                scope.account.description.contains($0) || scope.region.range(ofASCII: $0)
            }
            return isNamed ?? true && (!selection.onlyWeak || place.needsLook)
        }
        return document("amiwatch.posture/1", of: answer) { json in
            json.member("accounts", Set(rows.map(\.scope.account)).count)
            json.member("places", all.count)
            json.member("weak", all.count(where: \.needsLook))
            write("rows", Self.sorted(chosen, selection.order), part, &json, Self.write)
        }
    }

    func account(_ account: AccountID) throws(MissingAnswer) -> HTTPResponse {
        let answer = try look(.account(account))
        guard case .account(let reports) = answer.content else { return notReady(answer) }
        let findings = try publishedFindings().filter { $0.identity.subject.scope.account == account }
        let table = try look(.posture)
        guard case .posture(let rows) = table.content else { return notReady(table) }
        let places = places(rows.filter { $0.scope.account == account }, findings)
        guard !places.isEmpty || !reports.isEmpty else {
            return .error(404, "nothing is known of account \(account), or another worker has its partition")
        }
        return document("amiwatch.account/1", of: answer) { json in
            json.member("account_id", account.description)
            write("rows", places, ConsoleRequest.Part(), &json, Self.write)
            json.key("regions")
            json.array { json in
                for report in reports where json.bytes.count < Self.largest / 2 {
                    StateDocument.write(report, asOf: .now, to: &json, maximumBytes: Self.largest / 2)
                }
            }
            let chosen = findings.sorted(by: PublishedFinding.precedes)
            json.key("findings")
            json.object { json in
                write("rows", chosen, ConsoleRequest.Part(), &json) { row, json in Self.write(row, &json) }
            }
        }
    }

    private func publishedFindings() throws(MissingAnswer) -> [PublishedFinding] {
        guard case .findings(let findings) = try look(.findings).content else { return [] }
        return findings
    }

    /// Every place of which anything is known, with what is open there.
    private func places(_ rows: [Posture], _ findings: [PublishedFinding]) -> [Place] {
        var open: [AccountRegion: OpenCounts] = [:]
        for finding in findings where finding.status == .open {
            open[finding.identity.subject.scope, default: OpenCounts()].count(finding)
        }
        let places = rows.map { Place(posture: $0, open: open.removeValue(forKey: $0.scope) ?? OpenCounts()) }
        // Of what is open where nothing else is known.
        return places
            + open.sorted { $0.key < $1.key }.map { Place(posture: Posture(of: $0.key), open: $0.value) }
    }

    private static func sorted(_ places: [Place], _ order: PostureSelection.Order) -> [Place] {
        switch order {
        case .account: return places.sorted { $0.posture.scope < $1.posture.scope }
        case .silent:
            return places.sorted {
                let (left, right) = (
                    $0.posture.lastEvent ?? .distantPast, $1.posture.lastEvent ?? .distantPast
                )
                return left != right ? left < right : $0.posture.scope < $1.posture.scope
            }
        case .worst:
            let ranked = places.map { (rank: $0.badness, place: $0) }
            return ranked.sorted { left, right in
                left.rank != right.rank
                    ? left.rank > right.rank : left.place.posture.scope < right.place.posture.scope
            }.map(\.place)
        }
    }

    private static func write(_ place: Place, _ json: inout JSONWriter) {
        let posture = place.posture
        json.member("account_id", posture.scope.account.description)
        json.member("region", posture.scope.region)
        write("allowed_amis", posture.allowedImages, &json)
        write("block_public_access", posture.blockPublicAccess, &json)
        write("trail", posture.trail, &json)
        json.member("last_event", posture.lastEvent?.description)
        json.key("open")
        json.object { json in place.open.write(to: &json) }
    }

    private static func write(_ name: StaticString, _ setting: Posture.Setting?, _ json: inout JSONWriter) {
        json.key(name)
        guard let setting else { return json.string(nil) }
        json.object { json in
            json.member("value", setting.value)
            json.member("since", setting.since?.description)
        }
    }

    // MARK: Shares

    /// What one account shares with a grantee.
    private struct Edge {
        let owner: String?
        let grantee: String
        var shares: [Chronicle.Share] = []
        var trust = ShareSelection.Trust.trusted
        /// What the policy says of the grantee, at its worst.
        var objection: String?
        var since = EventTime.distantFuture

        mutating func add(_ share: Chronicle.Share) {
            shares.append(share)
            since = min(since, share.start.time)
            let trust = share.trust
            guard trust > self.trust else { return }
            (self.trust, objection) = (trust, share.objection)
        }
    }

    func shares(
        _ selection: ShareSelection,
        _ part: ConsoleRequest.Part
    ) throws(MissingAnswer) -> HTTPResponse {
        let answer = try look(.shares)
        guard case .shares(let shares) = answer.content else { return notReady(answer) }
        if let owner = selection.owner, let grantee = selection.grantee {
            let rows = shares.filter { ($0.owner?.description ?? "unknown", $0.grantee) == (owner, grantee) }
                .sorted {
                    $0.start.time != $1.start.time
                        ? $0.start.time < $1.start.time : $0.resource.id < $1.resource.id
                }
            return document("amiwatch.shares/1", of: answer) { json in
                write("shares", rows, part, &json, Self.write)
            }
        }
        var edges: [[ExactText]: Edge] = [:]
        for share in shares {
            let owner = share.owner?.description
            let key = [ExactText(owner ?? ""), ExactText(share.grantee)]
            edges[key, default: Edge(owner: owner, grantee: share.grantee)].add(share)
        }
        let chosen = edges.values.filter { edge in
            (selection.trust.map { $0 == edge.trust } ?? true)
                && (selection.text.map {
                    edge.grantee.range(ofASCII: $0) || edge.owner?.contains($0) ?? false
                }
                    ?? true)
        }
        return document("amiwatch.shares/1", of: answer) { json in
            json.member("images", Set(shares.map { ExactText($0.resource.id) }).count)
            json.key("by_trust")
            json.object { json in
                for trust in ShareSelection.Trust.allCases {
                    json.key(text: trust.rawValue)
                    json.number(edges.values.count { $0.trust == trust })
                }
            }
            write("edges", chosen.sorted(by: Self.precedes), part, &json, Self.write)
        }
    }

    /// The worst first, then the largest.
    private static func precedes(_ left: Edge, _ right: Edge) -> Bool {
        if left.trust != right.trust { return left.trust > right.trust }
        if (left.grantee == "all") != (right.grantee == "all") { return left.grantee == "all" }
        if left.shares.count != right.shares.count { return left.shares.count > right.shares.count }
        if left.owner != right.owner { return left.owner ?? "" < right.owner ?? "" }
        return left.grantee < right.grantee
    }

    private static func write(_ edge: Edge, _ json: inout JSONWriter) {
        json.member("owner", edge.owner)
        json.member("grantee", edge.grantee.shortened)
        json.member("images", edge.shares.count)
        json.member("trust", edge.trust.rawValue)
        json.member("objection", edge.objection?.shortened)
        json.member("since", edge.since == .distantPast ? nil : edge.since.description)
    }

    private static func write(_ share: Chronicle.Share, _ json: inout JSONWriter) {
        json.member("image", share.resource.id.shortened)
        json.member("owner", share.owner?.description)
        json.member("grantee", share.grantee.shortened)
        json.member("trust", share.trust.rawValue)
        json.member("objection", share.objection?.shortened)
        json.member("since", share.start.time == .distantPast ? nil : share.start.time.description)
        json.key("event")
        json.object { json in StateDocument.write(share.start, &json) }
    }
}

extension Chronicle.Share {
    fileprivate var trust: ShareSelection.Trust {
        objection == nil ? .trusted : isUndetermined ? .undetermined : .untrusted
    }
}
