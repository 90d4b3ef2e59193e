package import CloudTrail

/// What verifying a bucket came to.
package struct IntegrityReport: Sendable {
    /// How many there are of each.
    package struct Counts: Hashable, Sendable {
        package internal(set) var verified = 0
        package internal(set) var unproven = 0
        package internal(set) var contradicted = 0

        package var all: Int { verified + unproven + contradicted }

        mutating func count(_ standing: Standing) {
            switch standing {
            case .verified: verified += 1
            case .unproven: unproven += 1
            case .contradicted: contradicted += 1
            }
        }

        static func + (left: Counts, right: Counts) -> Counts {
            Counts(
                verified: left.verified + right.verified,
                unproven: left.unproven + right.unproven,
                contradicted: left.contradicted + right.contradicted
            )
        }
    }

    /// A time between two digests that none covers.
    package struct Gap: Hashable, Sendable {
        package enum Cause: String, Sendable {
            /// CloudTrail began a new chain: log file validation or logging had been off.
            case restart
            /// The digests of that time are not there.
            case missing
        }

        package let from: EventTime
        package let until: EventTime
        package let cause: Cause

        /// The hours in it, each by its beginning.
        package var hours: [EventTime] { IntegrityFinding.hours(from, until) }
        package var hourCount: Int { IntegrityFinding.hourCount(from, until) }
    }

    /// The digests of one trail in one account and Region.
    package struct Chain: Sendable {
        package let id: ChainID
        /// The time from the first digest's beginning to the last one's end.
        package let from: EventTime
        package let until: EventTime
        package internal(set) var digests = Counts()
        package internal(set) var gaps: [Gap] = []
    }

    /// The log files of one account and Region.
    package struct Place: Sendable {
        package let owner: ExactText
        package let account: AccountID
        package let region: ExactText
        package internal(set) var logs = Counts()
    }

    /// A file that is not verified.
    package struct File: Sendable {
        package let path: String
        package let isDigest: Bool
        package let standing: Standing
    }

    package internal(set) var findings: [IntegrityFinding] = []
    package internal(set) var chains: [Chain] = []
    package internal(set) var places: [Place] = []
    /// What is not verified, in the order of the listing.
    package internal(set) var unverified: [File] = []
    /// Files that lie where CloudTrail delivers nothing: they were not looked at.
    package internal(set) var others = 0
    var standings: [String: Standing] = [:]

    package var digests: Counts { chains.reduce(Counts()) { $0 + $1.digests } }
    package var logs: Counts { places.reduce(Counts()) { $0 + $1.logs } }

    /// What is known of a log file, by its path as the listing of the same paths has it.
    package func standing(ofLog path: String) -> Standing { standings[path] ?? .unproven(.elsewhere) }

    /// The report as one line of JSON, keys in a fixed order, without a newline.
    package var json: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("schema", "amiwatch.integrity/1")
            json.key("digests")
            digests.write(&json)
            json.key("log_files")
            logs.write(&json)
            json.member("other_files", others)
            json.key("findings")
            json.array { json in for finding in findings { finding.write(&json) } }
            json.key("chains")
            json.array { json in for chain in chains { chain.write(&json) } }
            json.key("regions")
            json.array { json in
                for place in places {
                    json.object { json in
                        json.member("account_id", place.account.description)
                        json.member("organization_id", place.owner.organization)
                        json.member("region", place.region.string)
                        json.key("log_files")
                        place.logs.write(&json)
                    }
                }
            }
            json.key("unverified_files")
            json.array { json in
                for file in unverified {
                    json.object { json in
                        json.member("path", file.path)
                        json.member("type", file.isDigest ? "digest" : "log")
                        json.member("standing", file.standing.word)
                        json.member("why", file.standing.why)
                    }
                }
            }
        }
        return json.bytes
    }
}

extension Standing {
    /// `verified`, `unproven` or `contradicted`.
    package var word: String {
        switch self {
        case .verified: "verified"
        case .unproven: "unproven"
        case .contradicted: "contradicted"
        }
    }

    /// The word for why; nil of what is verified.
    package var why: String? {
        switch self {
        case .verified: nil
        case .unproven(let reason): reason.rawValue
        case .contradicted(let kind): kind.rawValue
        }
    }
}

extension ExactText {
    /// The `o-…` before an account, if there is one.
    fileprivate var organization: String? {
        let parts = string.utf8.split(separator: 0x2F)
        return parts.count == 2 ? String(Substring(parts[0])) : nil
    }
}

extension IntegrityReport.Counts {
    fileprivate func write(_ json: inout JSONWriter) {
        json.object { json in
            json.member("verified", verified)
            json.member("unproven", unproven)
            json.member("contradicted", contradicted)
        }
    }
}

extension IntegrityReport.Chain {
    fileprivate func write(_ json: inout JSONWriter) {
        json.object { json in
            json.member("account_id", id.account.description)
            json.member("organization_id", id.owner.organization)
            json.member("region", id.region.string)
            json.member("trail", id.trail.string)
            json.member("home_region", id.homeRegion.string)
            json.member("backfill", id.isBackfill)
            json.member("from", from.description)
            json.member("until", until.description)
            json.key("digests")
            digests.write(&json)
            json.key("gaps")
            json.array { json in
                for gap in gaps {
                    json.object { json in
                        json.member("from", gap.from.description)
                        json.member("until", gap.until.description)
                        json.member("cause", gap.cause.rawValue)
                        json.member("hours", gap.hourCount)
                    }
                }
            }
        }
    }
}

extension IntegrityFinding {
    fileprivate func write(_ json: inout JSONWriter) {
        json.object { json in
            json.member("kind", kind.rawValue)
            json.member("account_id", account.description)
            json.member("organization_id", owner.organization)
            json.member("region", region.string)
            json.member("trail", trail?.string)
            json.member("path", path.isEmpty ? nil : path)
            json.member("detail", detail.isEmpty ? nil : detail)
            json.member("from", from?.description)
            json.member("until", until?.description)
            if kind == .digestMissing {
                json.key("missing_hours")
                json.array { json in for hour in missingHours { json.string(hour.description) } }
            }
            json.member("message", message)
        }
    }
}
