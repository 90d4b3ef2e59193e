internal import Alerts
internal import CloudTrail
internal import Configuration
internal import Detection
internal import Pipeline
internal import TrailIntegrity

extension ReportPage {
    private static let findingsAtMost = 500

    func integrity(_ html: inout HTMLWriter) {
        html.section(HTMLWriter.Anchor("integrity"), "Integrity of the logs") { html in
            guard let integrity = content.report.integrity else { return Self.notVerified(&html) }
            let isSound = integrity.isSound
            html.element("p", .class(isSound ? "verdict sound" : "verdict broken"), text: integrity.sentence)
            html.newline()
            html.paragraph(
                "CloudTrail signs a digest of the log files of every hour, and each digest names the one before it. The "
                    + "signatures, the hashes of the log files and the hours between digests were checked, and each file was hashed "
                    + "once more from the bytes that were judged."
            )
            places(integrity.report, &html)
            gaps(integrity.report, &html)
            wrong(integrity.report, &html)
            unproven(integrity.report, &html)
        }
    }

    private static func notVerified(_ html: inout HTMLWriter) {
        html.paragraph(
            "The logs were not verified. This report tells what the files say that were read; it does not show that no file is "
                + "missing and that none was changed. CloudTrail's digest files show both, where log file validation was on: "
                + "download them too, and replay again with the public keys of that time."
        )
        html.command(
            "aws cloudtrail list-public-keys --start-time TIME --end-time TIME --region REGION > keys.json"
        )
        html.command("amiwatch replay --verify keys.json --report report.html FOLDER")
        html.paragraph(
            "SHA-256 of every file, as it was read for this report, is listed under “What was read”."
        )
    }

    private func places(_ report: IntegrityReport, _ html: inout HTMLWriter) {
        guard !report.places.isEmpty else { return }
        html.table(
            "By account and Region",
            [
                "Account", "Region", "Digests proven", "Log files proven", "Hours missing", "From", "Until",
                "Trails",
            ],
            report.places
        ) { html, place, column in
            let chains = report.chains.filter { $0.id.owner == place.owner && $0.id.region == place.region }
            switch column {
            case 0: html.code(place.owner.string)
            case 1: html.code(place.region.string)
            case 2:
                let digests = chains.map(\.digests)
                html.share(digests.reduce(0) { $0 + $1.verified }, of: digests.reduce(0) { $0 + $1.all })
            case 3: html.share(place.logs.verified, of: place.logs.all)
            case 4:
                let missing = chains.flatMap(\.gaps).filter { $0.cause == .missing }
                html.text(Numbers.grouped(missing.reduce(0) { $0 + $1.hourCount }))
            case 5: html.time(chains.map(\.from).min())
            case 6: html.time(chains.map(\.until).max())
            default: html.text(Set(chains.map(\.id.trail)).sorted().joined(separator: ", "))
            }
        }
    }

    private func gaps(_ report: IntegrityReport, _ html: inout HTMLWriter) {
        let gaps = report.chains.flatMap { chain in chain.gaps.map { (chain: chain.id, gap: $0) } }
        guard !gaps.isEmpty else { return }
        html.table(
            "Time that no digest covers",
            ["From", "Until", "Hours", "Account", "Region", "Trail", "Why"],
            gaps.prefix(Self.findingsAtMost)
        ) { html, row, column in
            switch column {
            case 0: html.time(row.gap.from)
            case 1: html.time(row.gap.until)
            case 2: html.text(Numbers.grouped(row.gap.hourCount))
            case 3: html.code(row.chain.owner.string)
            case 4: html.code(row.chain.region.string)
            case 5: html.text(row.chain.trail.string)
            default:
                html.text(
                    row.gap.cause == .missing
                        ? "digests are missing" : "CloudTrail began a new chain: it had been off"
                )
            }
        }
        let others = gaps.count - Self.findingsAtMost
        if others > 0 { html.omission("\(Numbers.grouped(others)) more: 'amiwatch verify' tells all.") }
    }

    private func wrong(_ report: IntegrityReport, _ html: inout HTMLWriter) {
        guard !report.findings.isEmpty else { return }
        html.table(
            "What is wrong",
            ["What", "In words"],
            report.findings.prefix(Self.findingsAtMost)
        ) { html, finding, column in
            if column == 0 { html.code(finding.kind.rawValue) } else { html.text(finding.message) }
        }
        let others = report.findings.count - Self.findingsAtMost
        if others > 0 { html.omission("\(Numbers.grouped(others)) more: 'amiwatch verify' tells all.") }
    }

    private func unproven(_ report: IntegrityReport, _ html: inout HTMLWriter) {
        var reasons: [String: Int] = [:]
        for file in report.unverified {
            if case .unproven(let reason) = file.standing {
                reasons[(file.isDigest ? "digest: " : "log file: ") + reason.text, default: 0] += 1
            }
        }
        guard !reasons.isEmpty else { return }
        html.table(
            "What nothing proves, and nothing speaks against",
            ["Files", "Why"],
            reasons.sorted { $0.key.bytesPrecede($1.key) },
            class: "counts"
        ) { html, reason, column in
            html.text(column == 0 ? Numbers.grouped(reason.value) : reason.key)
        }
    }
}

extension ReplayIntegrity {
    /// Whether every file is proven, and nothing is wrong or missing.
    var isSound: Bool {
        report.findings.isEmpty && (files[.unverified] ?? 0) == 0 && (files[.contradicted] ?? 0) == 0
    }

    /// What is proven, and what became of the rest.
    var sentence: String {
        let all = files.values.reduce(0, +)
        func count(_ standing: EvidenceStanding) -> String { Numbers.grouped(files[standing] ?? 0) }
        var text =
            "CloudTrail's digests prove \(count(.verified)) of \(Numbers.count(all, "log file")). Unproven: \(count(.unverified)); "
            + "not what CloudTrail delivered: \(count(.contradicted))."
        if filesLeftOut > 0 {
            text +=
                " \(Numbers.count(filesLeftOut, "file")) with \(Numbers.count(recordsLeftOut, "record")) that nothing proves "
                + "\(filesLeftOut == 1 ? "was" : "were") not judged."
        } else if judgesAll, !isSound {
            text += " What is not proven was judged all the same; each finding tells what its evidence is."
        }
        let wrong = report.findings.count
        text += wrong == 0 ? " Nothing else is wrong." : " Verifying found \(Numbers.count(wrong, "fault"))."
        return text
    }

    /// Why a file is not judged, or not proven.
    func why(_ path: String) -> String {
        switch report.standing(ofLog: path) {
        case .verified: "proven"
        case .unproven(let reason): "not proven: \(reason.text)"
        case .contradicted(let kind): "not what CloudTrail delivered: \(kind.rawValue)"
        }
    }
}

extension HTMLWriter {
    fileprivate mutating func share(_ part: Int, of all: Int) {
        text("\(Numbers.grouped(part)) of \(Numbers.grouped(all))")
    }
}
