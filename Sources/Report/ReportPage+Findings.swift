internal import Alerts
internal import CloudTrail
internal import Configuration
internal import Detection
internal import Pipeline

extension ReportPage {
    /// Violations that are unfolded when the page is opened; all are when it is printed.
    private static let unfoldedAtMost = 20
    /// Commands that settle what is undetermined.
    private static let commandsAtMost = 500

    func findingsSection(_ html: inout HTMLWriter) {
        html.section(HTMLWriter.Anchor("findings"), "Findings") { html in
            guard !findings.decided.isEmpty else { return html.paragraph("None.") }
            html.paragraph(
                "By rule, the worst first. A violation stands open until a later record shows that its cause is gone; then it "
                    + "is resolved, and stays in this report."
            )
            tell(findings.decided, &html)
        }
    }

    func undeterminedSection(_ html: inout HTMLWriter) {
        html.section(HTMLWriter.Anchor("undetermined"), "Undetermined") { html in
            guard !findings.undetermined.isEmpty else {
                return html.paragraph("Every finding could be decided from the records.")
            }
            html.paragraph(
                "Records tell what happened, not what was there before. For these findings a fact is missing that no record "
                    + "tells. They may be violations or not."
            )
            settling(&html)
            tell(findings.undetermined, &html)
        }
    }

    // MARK: Findings of a rule

    private func tell(_ groups: [ReportedFindings.Group], _ html: inout HTMLWriter) {
        for group in groups {
            let whole = group.entries.filter(\.isWhole)
            let rows = group.entries.filter { !$0.isWhole && $0.anchor != nil }
            let others = group.entries.count - whole.count - rows.count
            html.element("section", .class("rule")) { html in
                head(of: group, &html)
                for entry in whole { tell(entry, &html) }
                if !rows.isEmpty { self.rows(rows, &html) }
                if others > 0 {
                    html.omission(
                        "\(Numbers.count(others, "more finding")) of this rule, not told here: 'amiwatch replay --findings "
                            + "--rule \(group.rule)' prints all."
                    )
                }
            }
            html.newline()
        }
    }

    private func head(of group: ReportedFindings.Group, _ html: inout HTMLWriter) {
        let rule = RuleSet.all.rule(group.rule)?.metadata
        html.element("h3") { html in
            html.text(rule?.title ?? group.rule)
            html.text(" ")
            html.code(group.rule)
        }
        html.newline()
        let (open, over) = (group.open, group.entries.count - group.open)
        html.element("p", .class("rule-facts")) { html in
            html.text(
                Self.list(
                    [(open, "open"), (over, "resolved")].filter { $0.0 > 0 }.map {
                        "\(Numbers.grouped($0.0)) \($0.1)"
                    }
                ) + "."
            )
            guard let rule else { return }
            for technique in rule.attack { html.text(" MITRE ATT&CK \(technique).") }
            if !rule.compliance.isEmpty { html.text(" \(rule.compliance.joined(separator: "; ")).") }
            for reference in rule.references {
                html.text(" ")
                if let href = HTMLWriter.Attribute.href(reference: reference) {
                    html.element("a", href, .class("reference"), text: reference)
                } else {
                    html.code(reference)
                }
            }
        }
        html.newline()
    }

    /// What is not told whole.
    private func rows(_ entries: [ReportedFindings.Entry], _ html: inout HTMLWriter) {
        html.omission(
            "\(Numbers.count(entries.count, "more finding")) of this rule in short; 'amiwatch replay --findings' prints the "
                + "facts of each."
        )
        html.table(
            "Further findings",
            ["Severity", "Status", "What", "Account", "Region", "First seen", "Last seen"],
            entries
        ) { html, entry, column in
            let finding = entry.finding
            let scope = finding.identity.subject.scope
            switch column {
            case 0:
                html.element("span", entry.anchor.map { .id($0) }) { $0.badge(finding.severity) }
            case 1: html.text(finding.status.rawValue)
            case 2: html.message(finding)
            case 3: html.code(scope.account.description)
            case 4: html.text(scope.region)
            case 5: html.time(finding.firstSeen)
            default: html.time(finding.lastSeen)
            }
        }
    }

    // MARK: One finding

    private func tell(_ entry: ReportedFindings.Entry, _ html: inout HTMLWriter) {
        let finding = entry.finding
        let isUnfolded =
            finding.status == .open && finding.verdict == .violation
            && findings.open.count <= Self.unfoldedAtMost
        html.element(
            "details",
            .class(finding.status == .open ? "finding" : "finding over"),
            entry.anchor.map { .id($0) },
            isUnfolded ? .fixed("open", "") : nil
        ) { html in
            html.element("summary") { html in
                html.badge(finding.severity)
                if finding.status != .open {
                    html.text(" ")
                    html.element("span", .class("badge over"), text: finding.status.rawValue)
                }
                html.text(" ")
                html.element("h4") { $0.message(finding) }
                html.element("span", .class("detail")) { place(finding, &$0) }
            }
            html.newline()
            html.pairs { pairs(of: entry, &$0) }
            facts(of: finding, &html)
            guard finding.status == .open else { return }
            let settling =
                finding.verdict == .undetermined
                ? SettlingCommand.settling([SettlingCommand.Need(finding)]).commands.map(\.command) : []
            commands("To settle it, printed into a file for --inventory", settling, &html)
            let others = finding.remediation.filter { !settling.contains($0) }
            commands("To put it right", others, &html)
        }
        html.newline()
    }

    private func commands(_ title: String, _ commands: [String], _ html: inout HTMLWriter) {
        guard !commands.isEmpty else { return }
        html.element("h5", text: title)
        for command in commands { html.command(command) }
    }

    private func pairs(of entry: ReportedFindings.Entry, _ html: inout HTMLWriter) {
        let finding = entry.finding
        let subject = finding.identity.subject
        html.pair("Where") { html in
            html.text("\(subject.resource.type.rawValue) ")
            html.code(subject.resource.id)
            if let part = subject.discriminator {
                html.text(" (")
                html.code(part)
                html.text(")")
            }
            guard ![.accountRegion, .account].contains(subject.resource.type) else { return }
            html.text(", account ")
            html.code(subject.scope.account.description)
            if !subject.scope.region.isEmpty { html.text(", Region \(subject.scope.region)") }
        }
        html.pair("Who") { html in
            html.caller(finding.actor)
            guard let agent = finding.actor.userAgent else { return }
            html.element("span", .class("detail")) { html in
                html.text("with ")
                html.code(agent)
            }
        }
        html.pair("Seen") { html in
            html.text("\(Numbers.count(finding.occurrences, "time")), ")
            html.time(finding.firstSeen)
            if finding.lastSeen != finding.firstSeen {
                html.text(" to ")
                html.time(finding.lastSeen)
            }
        }
        html.pair(finding.resolution == nil ? "Decided by" : "Resolved by") { html in
            let event = finding.resolution ?? finding.event
            html.event(event)
            if finding.resolution != nil {
                html.element("span", .class("detail")) { html in
                    html.text("by ")
                    html.caller(event.actor)
                }
            }
        }
        if let clause = finding.clause { html.pair("Clause of the policy") { $0.code(clause) } }
        if let evidence = content.evidence {
            html.pair("Evidence", evidence.standing(of: finding).words)
        }
        html.pair("Finding") { $0.code(entry.id) }
    }

    private func facts(of finding: Finding, _ html: inout HTMLWriter) {
        if !finding.missing.isEmpty {
            html.element("h5", text: "Not known")
            html.element("ul") { html in
                for missing in finding.missing { html.element("li", text: missing) }
            }
            html.newline()
        }
        guard !finding.facts.isEmpty else { return }
        html.table(
            "Facts that decided it",
            ["Fact", "Value", "Since", "Event"],
            finding.facts,
            class: "facts"
        ) { html, fact, column in
            switch column {
            case 0: html.text(fact.what)
            case 1: html.code(fact.value, limit: HTMLWriter.longText)
            case 2: html.time(fact.time)
            default: if let event = fact.eventID { html.code(event.description) } else { html.none() }
            }
        }
    }

    // MARK: Commands that settle

    private func settling(_ html: inout HTMLWriter) {
        let undecided = findings.undetermined.flatMap(\.entries).map(\.finding)
        let settling = SettlingCommand.settling(undecided.map { SettlingCommand.Need($0) })
        let without = undecided.count {
            SettlingCommand.settling([SettlingCommand.Need($0)]).commands.isEmpty
        }
        if without > 0 {
            html.omission(
                "For \(Numbers.grouped(without)) of them no command is known: earlier log files may tell what they lack."
            )
        }
        guard !settling.commands.isEmpty else { return }
        html.element("h3", text: "Commands that settle them")
        html.paragraph(
            "Run each with credentials of its account, and keep what it prints in a file. Then replay again with "
                + "--inventory FILE for each file; findings that it settles become violations, or go away."
        )
        let shown = settling.commands.prefix(Self.commandsAtMost)
        for (account, commands) in Dictionary(grouping: shown, by: \.account).sorted(by: { $0.key < $1.key })
        {
            html.element("h4", .class("account")) { html in
                html.text("In account ")
                html.code(account.description)
            }
            for command in commands { html.command(command.command) }
        }
        let left = settling.commands.count - shown.count
        if left > 0 {
            html.omission(
                "\(Numbers.count(left, "more command")): 'amiwatch explain' tells those of one alert."
            )
        }
    }
}

extension EvidenceStanding {
    fileprivate var words: String {
        switch self {
        case .verified: "verified: CloudTrail's digests prove every file that it rests on"
        case .unverified: "unverified: nothing proves one of the files that it rests on"
        case .contradicted: "contradicted: one of the files that it rests on is not what CloudTrail delivered"
        }
    }
}

extension HTMLWriter {
    /// A call: its name, its time and the record's id.
    mutating func event(_ event: Evidence) {
        code(event.name)
        text(event.isInventory ? " (inventory)" : "")
        text(" at ")
        time(event.time)
        element("span", .class("detail")) { html in
            html.text("event ")
            html.code(event.id.description)
        }
    }
}
