import CloudTrail
import Configuration
import Glibc
import TrailIntegrity

/// What verifying came to, for people.
struct IntegrityPicture {
    private let report: IntegrityReport

    init(_ report: IntegrityReport) { self.report = report }

    func print(to output: OutputFile) throws {
        let width = Terminal.width(of: STDOUT_FILENO)
        let isColored = Terminal.hasColor(STDOUT_FILENO)
        for line in table.lines(width: width) { try output.line("\(line)") }
        if let gaps {
            try output.line("")
            for line in gaps.lines(width: width) { try output.line("\(line)") }
        }
        if !report.findings.isEmpty { try output.line("") }
        for finding in report.findings {
            let kind = ("\(finding.kind.rawValue)" as TerminalLine).painted(.red, if: isColored)
            try output.line(kind + "  \(finding.message)")
        }
    }

    /// A row for each account and Region.
    private var table: Table {
        struct Key: Hashable {
            let owner: ExactText
            let region: ExactText
        }
        let chains = Dictionary(grouping: report.chains) { Key(owner: $0.id.owner, region: $0.id.region) }
        let rows = report.places.map { place -> [String] in
            let chains = chains[Key(owner: place.owner, region: place.region)] ?? []
            let digests = chains.reduce(into: (verified: 0, all: 0)) {
                $0.verified += $1.digests.verified
                $0.all += $1.digests.all
            }
            let missing = chains.flatMap(\.gaps).filter { $0.cause == .missing }.reduce(0) {
                $0 + $1.hourCount
            }
            return [
                place.owner.string.oneLine, place.region.string.oneLine,
                "\(Numbers.grouped(digests.verified)) of \(Numbers.grouped(digests.all))",
                "\(Numbers.grouped(place.logs.verified)) of \(Numbers.grouped(place.logs.all))",
                Numbers.grouped(missing), chains.map(\.from).min()?.description ?? "-",
                chains.map(\.until).max()?.description ?? "-",
                Set(chains.map(\.id.trail)).sorted().joined(separator: ", ").oneLine,
            ]
        }
        return Table(
            header: [
                "ACCOUNT", "REGION", "DIGESTS PROVEN", "LOG FILES PROVEN", "HOURS MISSING", "FROM", "UNTIL",
                "TRAILS",
            ],
            rows: rows
        )
    }

    /// The time between digests that none covers; nil where there is none.
    private var gaps: Table? {
        let rows = report.chains.flatMap { chain in
            chain.gaps.map { gap in
                [
                    gap.from.description, gap.until.description, Numbers.grouped(gap.hourCount),
                    chain.id.owner.string.oneLine, chain.id.region.string.oneLine,
                    chain.id.trail.string.oneLine + (chain.id.isBackfill ? " (backfill)" : ""),
                    gap.cause == .missing
                        ? "digests are missing" : "CloudTrail began a new chain: it had been off",
                ]
            }
        }
        guard !rows.isEmpty else { return nil }
        return Table(
            header: ["GAP FROM", "UNTIL", "HOURS", "ACCOUNT", "REGION", "TRAIL", "WHY"],
            rows: rows
        )
    }

    /// How much is proven, and why the rest is not; the lines, without newlines.
    var summary: [TerminalLine] {
        func counts(_ counts: IntegrityReport.Counts, _ what: String) -> String {
            "\(Numbers.count(counts.all, what)): \(Numbers.grouped(counts.verified)) proven, "
                + "\(Numbers.grouped(counts.unproven)) unproven, \(Numbers.grouped(counts.contradicted)) contradicted"
        }
        var lines: [TerminalLine] = [
            "\(counts(report.digests, "digest"))", "\(counts(report.logs, "log file"))",
        ]
        for (isDigest, what) in [(true, "digest"), (false, "log file")] {
            var reasons: [Standing.Reason: Int] = [:]
            for file in report.unverified where file.isDigest == isDigest {
                if case .unproven(let reason) = file.standing { reasons[reason, default: 0] += 1 }
            }
            for (reason, count) in reasons.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                lines.append("unproven: \(Numbers.count(count, what)): \(reason.text)")
            }
        }
        if report.others > 0 {
            lines.append(
                "passed over: \(Numbers.count(report.others, "file")) where CloudTrail delivers nothing"
            )
        }
        lines.append("not compared: buckets, and what stands before AWSLogs/ in keys")
        let findings = report.findings.count
        lines.append(findings == 0 ? "nothing is wrong" : "\(Numbers.count(findings, "finding"))")
        return lines
    }
}
