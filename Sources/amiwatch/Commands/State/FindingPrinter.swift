import Alerts
import CloudTrail
import Configuration
import Detection
import Glibc

/// Findings in one of the forms in which people and programs want them.
struct FindingPrinter {
    enum Format: String, CaseIterable {
        case table
        case text
        case json
        case csv
    }

    let format: Format
    let policyHash: String

    func print(_ findings: [KeptFinding], to output: OutputFile) throws {
        var encoder = NativeAlert()
        switch format {
        case .table:
            guard !findings.isEmpty else { return }
            try print(
                Table(
                    header: [
                        "SEVERITY", "STATUS", "RULE", "ACCOUNT", "REGION", "RESOURCE", "FIRST SEEN",
                        "LAST SEEN", "ID",
                    ],
                    rows: findings.map(Self.row)
                ),
                to: output
            )
        case .text:
            for finding in findings {
                let line = encoder.encode(finding, policyHash: policyHash)
                let isColored = Terminal.hasColor(STDOUT_FILENO)
                try output.write(AlertPicture(line, isColored: isColored).text)
            }
        case .json:
            for finding in findings { try output.line(encoder.encode(finding, policyHash: policyHash)) }
        case .csv:
            try output.write(AlertRows.header)
            for finding in findings {
                try output.write(AlertRows.row(encoder.encode(finding, policyHash: policyHash)))
            }
        }
    }

    /// The counts, the largest first.
    func print(_ counts: [FindingCount], by keys: [FindingCount.Key], to output: OutputFile) throws {
        let names = keys.map(\.rawValue) + ["findings", "worst"]
        let rows = counts.map { $0.values + [String($0.findings), $0.worst.rawValue] }
        switch format {
        case .json:
            for count in counts {
                var json = JSONWriter()
                json.object { json in
                    for (key, value) in zip(keys, count.values) {
                        json.key(text: key.jsonName)
                        json.string(value)
                    }
                    json.member("findings", count.findings)
                    json.member("worst", count.worst.rawValue)
                }
                try output.line(json.bytes)
            }
        case .csv:
            for row in [names] + rows {
                try output.write(row.map(AlertRows.cell).joined(separator: ",") + "\r\n")
            }
        case .table, .text:
            guard !rows.isEmpty else { return }
            try print(
                Table(header: names.map { $0.uppercased() }, rows: rows.map { $0.map(\.oneLine) }),
                to: output
            )
        }
    }

    private func print(_ table: Table, to output: OutputFile) throws {
        for line in table.lines(width: nil) { try output.line("\(line)") }
    }

    private static func row(_ kept: KeptFinding) -> [String] {
        let subject = kept.identity.subject
        let isOpen = kept.status == .open
        return [
            kept.severity.rawValue,
            isOpen && kept.verdict == .undetermined ? "undetermined" : kept.status.rawValue,
            kept.identity.rule, subject.scope.account.description, subject.scope.region,
            subject.resource.id + (subject.discriminator.map { " (\($0))" } ?? ""),
            kept.firstSeen.description, kept.lastSeen.description,
            String(kept.identity.findingID.prefix(12)),
        ].map(\.oneLine)
    }
}

/// How many findings have the same values of some keys.
struct FindingCount {
    enum Key: String, CaseIterable {
        case account
        case region
        case rule
        case severity
        case status
        case resource

        /// As a finding itself calls it.
        var jsonName: String {
            switch self {
            case .account: "account_id"
            case .rule: "rule_id"
            case .resource: "resource_id"
            case .region, .severity, .status: rawValue
            }
        }

        func value(of kept: KeptFinding) -> String {
            let subject = kept.identity.subject
            return switch self {
            case .account: subject.scope.account.description
            case .region: subject.scope.region
            case .rule: kept.identity.rule
            case .severity: kept.severity.rawValue
            case .status: kept.status.rawValue
            case .resource: subject.resource.id
            }
        }
    }

    let values: [String]
    private(set) var findings = 0
    private(set) var worst = Severity.informational

    static func keys(_ given: [String]) throws -> [Key] {
        var keys: [Key] = []
        for word in given.flatMap({ $0.split(separator: ",", omittingEmptySubsequences: false) }) {
            guard let key = Key(rawValue: String(word)) else {
                let known = Key.allCases.map(\.rawValue).joined(separator: ", ")
                throw UsageError("--count-by \(word) is not understood: \(known)")
            }
            if !keys.contains(key) { keys.append(key) }
        }
        return keys
    }

    /// The counts, the worst and then the largest first.
    static func of(_ findings: [KeptFinding], by keys: [Key]) -> [FindingCount] {
        var counts: [[ExactText]: FindingCount] = [:]
        for finding in findings {
            let values = keys.map { $0.value(of: finding) }
            var count = counts[values.map { ExactText($0) }] ?? FindingCount(values: values)
            count.findings += 1
            count.worst = max(count.worst, finding.severity)
            counts[values.map { ExactText($0) }] = count
        }
        return counts.values.sorted { left, right in
            if left.worst != right.worst { return left.worst > right.worst }
            if left.findings != right.findings { return left.findings > right.findings }
            return left.values.lexicographicallyPrecedes(right.values)
        }
    }

    private init(values: [String]) { self.values = values }
}
