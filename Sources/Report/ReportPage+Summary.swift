internal import CloudTrail
internal import Configuration
internal import Detection
internal import Pipeline

extension ReportPage {
    /// Violations told in the summary.
    private static let worstAtMost = 10

    func summary(_ html: inout HTMLWriter) {
        html.section(HTMLWriter.Anchor("summary"), "Summary") { html in
            html.element("p", .class("lead"), text: lead)
            html.newline()
            html.paragraph(coverage)
            caveats(&html)
            worst(&html)
            counts(&html)
            accountCounts(&html)
        }
    }

    private var resolved: [Finding] {
        findings.decided.flatMap(\.entries).map(\.finding).filter { $0.status != .open }
    }

    private var undecided: [Finding] { findings.undetermined.flatMap(\.entries).map(\.finding) }

    private var lead: String {
        let open = findings.open.map(\.finding)
        var text =
            open.isEmpty
            ? "No violation stands open at the end of the records that were read."
            : "\(Numbers.count(open.count, "violation")) \(open.count == 1 ? "stands" : "stand") open at the end of the "
                + "records that were read: \(Self.bySeverity(open))."
        let (over, unknown) = (resolved.count, undecided.count)
        if over > 0 {
            let what = over == 1 ? "finding was" : "findings were"
            text +=
                " \(Numbers.grouped(over)) \(open.isEmpty ? "" : "more ")\(what) resolved in the time that they cover."
        }
        if unknown > 0 {
            text +=
                " \(Numbers.count(unknown, "finding")) cannot be decided from the records alone; commands that settle "
                + "\(unknown == 1 ? "it" : "them") are given."
        }
        return text
    }

    private var coverage: String {
        let coverage = content.notes.coverage
        let balance = content.report.balance
        let files = Numbers.count(content.notes.files.count, "file")
        let read = "amiwatch read \(Numbers.count(balance.read, "record")) in \(files)"
        guard let first = coverage.values.map(\.first).min(), let last = coverage.values.map(\.last).max()
        else {
            return "\(read). None of them is of a call that it watches."
        }
        let accounts = coverage.keys.sorted().map(\.description)
        let named =
            accounts.count <= 8
            ? Self.list(accounts)
            : "\(accounts.prefix(6).joined(separator: ", ")) and \(accounts.count - 6) more"
        return
            "\(read). Those of watched calls are from \(Numbers.count(accounts.count, "account")) (\(named)), "
            + "and reach from \(first) to \(last)."
    }

    /// What keeps the reader from taking the summary for more than it is.
    private func caveats(_ html: inout HTMLWriter) {
        var lines: [(text: String, link: HTMLWriter.Anchor?)] = []
        switch content.report.integrity {
        case nil:
            lines.append(
                (
                    "The logs were not verified: nothing here shows that they are complete and unchanged.",
                    HTMLWriter.Anchor("integrity")
                )
            )
        case let integrity? where !integrity.isSound:
            lines.append((integrity.sentence, HTMLWriter.Anchor("integrity")))
        default: break
        }
        let lost = content.report.balance.deadLettered
        if lost > 0 {
            lines.append(
                ("\(Numbers.count(lost, "record")) could not be read.", HTMLWriter.Anchor("not-read"))
            )
        }
        if content.policy == nil {
            lines.append(
                (
                    "No policy was given, so nobody is trusted and nothing is demanded.",
                    HTMLWriter.Anchor("read")
                )
            )
        }
        if let hidden = content.policy?.suppressions.count, hidden > 0 {
            lines.append(
                (
                    "The policy hides the findings that \(Numbers.count(hidden, "suppression")) of it "
                        + "\(hidden == 1 ? "names" : "name").", HTMLWriter.Anchor("read")
                )
            )
        }
        if let since = content.since {
            lines.append(("Findings that records before \(since) decided are left out.", nil))
        }
        if let until = content.until {
            lines.append(("Records later than \(until) are left out; all is judged as of then.", nil))
        }
        guard !lines.isEmpty else { return }
        html.element("ul", .class("caveats")) { html in
            for line in lines {
                html.element("li") { html in
                    html.text(line.text)
                    guard let link = line.link else { return }
                    html.text(" ")
                    html.element("a", .href(link), text: "More")
                }
            }
        }
        html.newline()
    }

    private func worst(_ html: inout HTMLWriter) {
        let open = findings.open.sorted {
            ReportedFindings.precedes(($0.id, $0.finding), ($1.id, $1.finding))
        }
        guard !open.isEmpty else { return }
        html.element(
            "h3",
            text: open.count > Self.worstAtMost ? "The worst of what stands open" : "What stands open"
        )
        html.newline()
        html.element("ol", .class("worst")) { html in
            for entry in open.prefix(Self.worstAtMost) {
                html.element("li") { html in
                    html.badge(entry.finding.severity)
                    html.text(" ")
                    if let anchor = entry.anchor {
                        html.element("a", .href(anchor)) { $0.message(entry.finding) }
                    } else {
                        html.message(entry.finding)
                    }
                    html.element("span", .class("detail")) { place(entry.finding, &$0) }
                }
                html.newline()
            }
        }
        if open.count > Self.worstAtMost {
            html.omission(
                "\(Numbers.count(open.count - Self.worstAtMost, "more violation")) below, under Findings."
            )
        }
    }

    /// The resource, where it is, and when it was seen.
    func place(_ finding: Finding, _ html: inout HTMLWriter) {
        let subject = finding.identity.subject
        html.code(subject.resource.id)
        if ![.accountRegion, .account].contains(subject.resource.type) {
            html.text(", account \(subject.scope.account)")
            if !subject.scope.region.isEmpty { html.text(", \(subject.scope.region)") }
        }
        html.text(", last seen ")
        html.time(finding.lastSeen)
    }

    private func counts(_ html: inout HTMLWriter) {
        let (open, resolved, undecided) = (findings.open.map(\.finding), resolved, undecided)
        let severities = Severity.allCases.reversed().filter { severity in
            (open + resolved + undecided).contains { $0.severity == severity }
        }
        guard !severities.isEmpty else { return }
        html.table(
            "Findings by severity",
            ["Severity", "Violations that stand", "Undetermined", "Resolved"],
            severities.map { Optional($0) } + [nil],
            class: "counts few"
        ) { html, severity, column in
            let findings = [[], open, undecided, resolved][column]
            switch (column, severity) {
            case (0, let severity?): html.badge(severity)
            case (0, nil): html.text("all")
            case (_, let severity):
                html.text(Numbers.grouped(findings.count { severity == nil || $0.severity == severity }))
            }
        }
    }

    private func accountCounts(_ html: inout HTMLWriter) {
        var byAccount: [AccountID: [Finding]] = [:]
        for entry in findings.all {
            byAccount[entry.finding.identity.subject.scope.account, default: []].append(entry.finding)
        }
        let coverage = content.notes.coverage
        let accounts = Set(coverage.keys).union(byAccount.keys).sorted()
        guard !accounts.isEmpty else { return }
        html.table(
            "By account",
            [
                "Account", "Violations that stand", "Undetermined", "Resolved", "Records of watched calls",
                "First record", "Last record",
            ],
            accounts.prefix(Self.accountsAtMost),
            class: "counts"
        ) { html, account, column in
            let own = byAccount[account] ?? []
            let open = own.filter { $0.status == .open && $0.verdict == .violation }
            switch column {
            case 0: html.code(account.description)
            case 1: html.text(open.isEmpty ? "0" : Self.bySeverity(open))
            case 2:
                html.text(Numbers.grouped(own.count { $0.status == .open && $0.verdict == .undetermined }))
            case 3: html.text(Numbers.grouped(own.count { $0.status != .open }))
            case 4: html.text(Numbers.grouped(coverage[account]?.records ?? 0))
            case 5: html.time(coverage[account]?.first)
            default: html.time(coverage[account]?.last)
            }
        }
        if accounts.count > Self.accountsAtMost {
            html.omission(
                "\(Numbers.count(accounts.count - Self.accountsAtMost, "more account")), not listed here."
            )
        }
    }

    /// Accounts told one by one.
    static let accountsAtMost = 500
}

extension HTMLWriter {
    /// A finding's sentence: names in it stand in the order in which they were written.
    mutating func message(_ finding: Finding) {
        element("span", .class("message")) { $0.text(finding.message, limit: 400) }
    }
}
