internal import CloudTrail
internal import Configuration
internal import Detection

extension ReportPage {
    private static let sharesAtMost = 2000
    private static let imagesAtMost = 500
    /// Rows of one timeline.
    private static let rowsAtMost = 300
    /// Timelines are unfolded where there are few.
    private static let unfoldedAtMost = 5

    // MARK: Shares

    func shares(_ html: inout HTMLWriter) {
        html.section(HTMLWriter.Anchor("shares"), "Who shared what with whom") { html in
            let shares = content.chronicle.shares
            guard !shares.isEmpty else {
                return html.paragraph("No record tells that an image or a snapshot was shared.")
            }
            html.paragraph(
                "Every time in which an image or a snapshot was shared, as far as the records tell, whether the policy "
                    + "allows it or not. What was shared before the first record, and never since, is not known."
            )
            html.table(
                "Shares of images and snapshots",
                ["What", "Shared with", "The policy", "From", "Until", "Findings"],
                shares.prefix(Self.sharesAtMost),
                class: "shares"
            ) { cell($1, $2, &$0) }
            if shares.count > Self.sharesAtMost {
                html.omission(
                    "\(Numbers.count(shares.count - Self.sharesAtMost, "more share")), not told here: 'amiwatch state --image "
                        + "ID --history' tells those of an image."
                )
            }
        }
    }

    private func cell(_ share: Chronicle.Share, _ column: Int, _ html: inout HTMLWriter) {
        switch column {
        case 0:
            html.code(share.resource.id)
            html.element(
                "span",
                .class("detail"),
                text: share.owner.map { "of account \($0)" } ?? "its owner is not known"
            )
        case 1: html.grantee(share.grantee)
        case 2:
            html.text(
                share.objection.map { "\(share.isUndetermined ? "undetermined" : "objects"): \($0)" }
                    ?? "trusts it"
            )
        case 3: html.moment(share.start)
        case 4:
            if let end = share.end {
                html.moment(end)
            } else {
                html.element("strong", text: "still shared at the end")
            }
        default: links(to: findings.findings(about: share), &html)
        }
    }

    // MARK: Timelines

    func accounts(_ html: inout HTMLWriter) {
        html.section(HTMLWriter.Anchor("accounts"), "Timelines of accounts") { html in
            let accounts = content.chronicle.accounts.filter { !$0.entries.isEmpty || $0.launchesLeftOut > 0 }
            guard !accounts.isEmpty else { return html.paragraph("No record tells of any change.") }
            html.paragraph(
                "The calls that changed guardrails, images, tags, shares or snapshots, those that were refused, and the "
                    + "launches that a finding is about."
            )
            for account in accounts.prefix(Self.accountsAtMost) {
                let others = account.launchesLeftOut
                timeline(
                    account.entries,
                    leftOut: others > 0
                        ? "\(Numbers.count(others, "more launch", "more launches")) and ends of instances, which no "
                            + "finding is about, are not listed." : nil,
                    isUnfolded: accounts.count <= Self.unfoldedAtMost,
                    &html
                ) { html in
                    html.element("h3") { html in
                        html.text("Account ")
                        html.code(account.id.description)
                    }
                    html.element("span", .class("detail"), text: Self.words(account))
                }
            }
            if accounts.count > Self.accountsAtMost {
                html.omission(
                    "\(Numbers.count(accounts.count - Self.accountsAtMost, "more account")), not told here."
                )
            }
        }
    }

    private static func words(_ account: Chronicle.Account) -> String {
        var parts = [Numbers.count(account.entries.count, "call")]
        if account.images > 0 { parts.append("\(Numbers.count(account.images, "image")) of its own") }
        if !account.regions.isEmpty { parts.append(list(account.regions)) }
        return parts.joined(separator: "; ")
    }

    func images(_ html: inout HTMLWriter) {
        html.section(HTMLWriter.Anchor("images"), "Timelines of images") { html in
            let images = content.chronicle.images
            if images.isEmpty {
                html.paragraph("No finding is about an image, and none was shared.")
            } else {
                html.paragraph("The images that a finding is about, and those that were shared.")
            }
            for image in images.prefix(Self.imagesAtMost) {
                let others = image.launchesLeftOut
                timeline(
                    image.entries,
                    leftOut: others > 0
                        ? "\(Numbers.count(others, "more launch", "more launches")) of it, not listed." : nil,
                    isUnfolded: images.count <= Self.unfoldedAtMost,
                    &html
                ) { html in
                    html.element("h3") { html in
                        html.text("Image ")
                        html.code(image.id.description)
                    }
                    html.element("span", .class("detail")) { html in
                        if let name = image.name {
                            html.code(name)
                            html.text("; ")
                        }
                        html.text(image.owner.map { "of account \($0)" } ?? "its owner is not known")
                        if let region = image.region { html.text("; \(region)") }
                        html.text("; \(Numbers.count(image.entries.count, "call"))")
                    }
                }
            }
            let others = max(0, images.count - Self.imagesAtMost)
            if others > 0 { html.omission("\(Numbers.count(others, "more such image")), not told here.") }
            if content.chronicle.otherImages > 0 {
                html.omission(
                    "\(Numbers.count(content.chronicle.otherImages, "image")) besides, that no finding is about and nobody "
                        + "shared. 'amiwatch state --image ID --history' tells what is known of any image."
                )
            }
        }
    }

    private func timeline(
        _ entries: [Chronicle.Entry],
        leftOut: String?,
        isUnfolded: Bool,
        _ html: inout HTMLWriter,
        head: (inout HTMLWriter) -> Void
    ) {
        html.element("details", .class("timeline"), isUnfolded ? .fixed("open", "") : nil) { html in
            html.element("summary", body: head)
            html.newline()
            let shown = self.shown(entries)
            html.table(
                "In order of time",
                ["Time", "Call", "By", "What it tells", "Findings"],
                shown,
                class: "calls"
            ) { html, entry, column in
                switch column {
                case 0: html.time(entry.evidence.time)
                case 1:
                    html.code(entry.evidence.name)
                    html.element("span", .class("detail")) { html in
                        html.text(entry.evidence.isInventory ? "inventory" : entry.evidence.region)
                    }
                case 2: html.caller(entry.evidence.actor)
                case 3:
                    if entry.statements.isEmpty { html.none() }
                    for statement in entry.statements {
                        html.element("span", .class("statement")) { $0.text(statement, limit: 500) }
                    }
                default: links(to: findings.findings(by: entry.evidence.id), &html)
                }
            }
            let left = entries.count - shown.count
            if left > 0 {
                html.omission(
                    "\(Numbers.count(left, "more call")), not listed: first those are listed that a finding is about."
                )
            }
            if let leftOut { html.omission(leftOut) }
        }
        html.newline()
    }

    /// Of too many calls those that a finding is about, and then the first.
    private func shown(_ entries: [Chronicle.Entry]) -> [Chronicle.Entry] {
        guard entries.count > Self.rowsAtMost else { return entries }
        let isDecisive = entries.map { !findings.findings(by: $0.evidence.id).isEmpty }
        var places = entries.indices.filter { isDecisive[$0] }.prefix(Self.rowsAtMost)
        places += entries.indices.filter { !isDecisive[$0] }.prefix(Self.rowsAtMost - places.count)
        return places.sorted().map { entries[$0] }
    }

    /// Links to findings: of many the first.
    private func links(to entries: [ReportedFindings.Entry], _ html: inout HTMLWriter) {
        if entries.isEmpty { return html.none() }
        for entry in entries.prefix(6) {
            guard let anchor = entry.anchor else { continue }
            html.element("a", .href(anchor), .class("finding-link"), text: entry.finding.identity.rule)
            html.text(" ")
        }
        if entries.count > 6 { html.text("and \(Numbers.grouped(entries.count - 6)) more") }
    }
}

extension HTMLWriter {
    /// When a call was made, by whom, and which record tells it.
    fileprivate mutating func moment(_ evidence: Evidence) {
        time(evidence.time)
        element("span", .class("detail")) { html in
            html.text("by ")
            html.caller(evidence.actor)
        }
        element("span", .class("detail")) { html in
            html.text("\(evidence.name)\(evidence.isInventory ? " (inventory)" : ""), event ")
            html.code(evidence.id.description)
        }
    }

    /// With whom something is shared.
    fileprivate mutating func grantee(_ grantee: String) {
        if grantee.hasSameBytes(as: "all") {
            element("strong", text: "everybody")
        } else {
            code(grantee)
        }
    }
}
