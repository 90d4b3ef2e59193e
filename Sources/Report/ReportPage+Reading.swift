internal import CloudTrail
internal import Configuration
internal import Detection
internal import Cryptography
internal import Pipeline
internal import TrailArchive

extension ReportPage {
    private static let filesAtMost = 5000
    private static let pathsAtMost = 200
    private static let unfoldedAtMost = 25

    // MARK: What was read

    func whatWasRead(_ html: inout HTMLWriter) {
        html.section(HTMLWriter.Anchor("read"), "What was read") { html in
            let balance = content.report.balance
            html.pairs { html in
                html.pair("Program", "amiwatch \(content.version)")
                html.pair("Paths") { html in
                    for path in content.paths {
                        html.element("span", .class("statement")) {
                            $0.code(path == "-" ? "standard input" : path)
                        }
                    }
                }
                policy(&html)
                inventory(&html)
                html.pair("Records") { html in
                    html.text(
                        "\(Numbers.grouped(balance.read)) read = \(Numbers.grouped(balance.ignored)) ignored + "
                            + "\(Numbers.grouped(balance.applied)) applied + \(Numbers.grouped(balance.duplicate)) duplicate + "
                            + "\(Numbers.grouped(balance.deadLettered)) dead letters"
                    )
                    html.element(
                        "span",
                        .class("detail"),
                        text: "Applied: what they tell is judged. Ignored: calls that amiwatch does not watch"
                            + (content.until == nil ? "" : ", and what is later than asked for")
                            + ". Duplicate: records that were there already. Dead letters: not readable."
                    )
                }
            }
            suppressions(&html)
            files(&html)
        }
    }

    private func policy(_ html: inout HTMLWriter) {
        html.pair("Policy") { html in
            guard let policy = content.policy else {
                return html.text("none was given: nobody is trusted, and nothing is demanded")
            }
            for file in content.policyFiles { hashed(file, &html) }
            html.element("span", .class("statement")) { html in
                html.text("as findings name it: ")
                html.code(policy.hash)
            }
        }
        let off = content.policy?.rules.filter { !$0.value.isEnabled }.keys.sorted() ?? []
        if !off.isEmpty { html.pair("Rules switched off by the policy", Self.list(off)) }
    }

    private func inventory(_ html: inout HTMLWriter) {
        guard !content.inventoryFiles.isEmpty else { return }
        html.pair("Inventories") { html in for file in content.inventoryFiles { hashed(file, &html) } }
    }

    private func hashed(_ file: ReportContent.HashedFile, _ html: inout HTMLWriter) {
        html.element("span", .class("statement")) { html in
            html.code(file.path)
            html.element("span", .class("detail")) { html in
                guard let hash = file.sha256 else { return html.text("a stream, which was not hashed") }
                html.text("SHA-256 ")
                html.code(hash)
            }
        }
    }

    private func suppressions(_ html: inout HTMLWriter) {
        guard let policy = content.policy, !policy.suppressions.isEmpty else { return }
        html.paragraph(
            "Findings that these suppressions of the policy name are hidden: they are in no count and no list of this report."
        )
        html.table(
            "Suppressions",
            ["Rule", "What", "Reason", "Owner", "Ends"],
            policy.suppressions
        ) { html, entry, column in
            switch column {
            case 0: html.code(entry.rule)
            case 1:
                let parts = [
                    entry.account.map { "account \($0)" }, entry.region.map { "Region \($0)" },
                    entry.resource.map { "resource \($0)" }, entry.discriminator.map { "part \($0)" },
                    entry.image.map { "image \($0)" }, entry.principal.map { "principal \($0)" },
                ].compactMap(\.self)
                html.text(parts.isEmpty ? "all of the rule" : parts.joined(separator: ", "))
            case 2: html.text(entry.reason)
            case 3: html.text(entry.owner)
            default: html.time(entry.ends)
            }
        }
    }

    private func files(_ html: inout HTMLWriter) {
        let files = content.notes.files
        html.element(
            "details",
            .class("timeline"),
            files.count <= Self.unfoldedAtMost ? .fixed("open", "") : nil
        ) { html in
            html.element("summary") { html in
                html.element("h3", text: Numbers.count(files.count, "file"))
                html.element("span", .class("detail")) { html in
                    html.text("SHA-256 over the lines “HASH  PATH” of all: ")
                    html.code(hashOfAll)
                }
            }
            html.newline()
            html.table(
                "Files, in the order in which they were read",
                ["File", "Bytes", "Read", "Ignored", "Applied", "Duplicate", "Dead letters"],
                files.prefix(Self.filesAtMost),
                class: "files"
            ) { html, file, column in
                switch column {
                case 0:
                    html.code(file.file.name)
                    html.element("span", .class("detail")) { html in
                        html.text("SHA-256 ")
                        html.code(file.sha256 ?? "not known")
                        if let integrity = content.report.integrity {
                            html.text(", \(integrity.why(file.file.path))")
                        }
                    }
                case 1: html.text(file.file.kind == .file ? Numbers.grouped(file.file.size) : "a stream")
                case 2: html.text(Numbers.grouped(file.read))
                case 3: html.text(Numbers.grouped(file.ignored))
                case 4: html.text(Numbers.grouped(file.applied))
                case 5: html.text(Numbers.grouped(file.duplicate))
                default: html.text(Numbers.grouped(file.deadLettered))
                }
            }
            if files.count > Self.filesAtMost {
                html.omission(
                    "\(Numbers.count(files.count - Self.filesAtMost, "more file")), not listed; the hash above is over all."
                )
            }
        }
        html.newline()
    }

    private var hashOfAll: String {
        SHA256.hex(ofLines: content.notes.files.map { "\($0.sha256 ?? "-")  \($0.file.path)" } + [""])
    }

    // MARK: What was not read

    func whatWasNotRead(_ html: inout HTMLWriter) {
        html.section(HTMLWriter.Anchor("not-read"), "What was not read") { html in
            deadLetters(&html)
            leftOut(&html)
            passedOver(&html)
            html.element("h3", text: "What records cannot tell")
            html.newline()
            html.element("ul") { html in
                for line in Self.limits { html.element("li", text: line) }
            }
            html.newline()
        }
    }

    private static let limits = [
        "Events of accounts, Regions and times of which no file was read. The summary tells for each account which times "
            + "its records reach over.",
        "Who launches an image that was shared, in the other account: CloudTrail logs that there only.",
        "What was so before the first record, unless an inventory or a later call tells it.",
        "Calls that CloudTrail was not set to log, while a trail was off, or of data events that nobody asked for.",
    ]

    private func deadLetters(_ html: inout HTMLWriter) {
        let balance = content.report.balance
        html.element("h3", text: "Records that could not be read")
        html.newline()
        guard balance.deadLettered > 0 else { return html.paragraph("None: every record could be read.") }
        let reasons = balance.lost.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { "\(Numbers.grouped($0.value)) \($0.key.rawValue)" }
        html.paragraph("\(Numbers.grouped(balance.deadLettered)): \(Self.list(reasons)).")
        html.table(
            "Dead letters",
            ["File", "Record", "Why", "Bytes"],
            content.notes.lost
        ) { html, lost, column in
            switch column {
            case 0: html.code(lost.file)
            case 1:
                html.text(Numbers.grouped(lost.recordIndex))
                if lost.count > 1 {
                    html.element("span", .class("detail"), text: "and \(lost.count - 1) more")
                }
            case 2:
                html.text("\(lost.reason.rawValue): \(lost.text)")
            default:
                html.text(Numbers.grouped(lost.size))
                html.element("span", .class("detail")) { html in
                    html.text("SHA-256 ")
                    html.code(lost.sha256)
                }
            }
        }
        let told = content.notes.lost.reduce(0) { $0 + $1.count }
        if balance.deadLettered > told {
            html.omission(
                "\(Numbers.grouped(balance.deadLettered - told)) more: 'amiwatch replay --dead-letters FILE' keeps all, "
                    + "with their bytes."
            )
        }
    }

    private func leftOut(_ html: inout HTMLWriter) {
        let files = content.notes.leftOut
        guard let integrity = content.report.integrity, !files.isEmpty else { return }
        html.element("h3", text: "Files that were not judged, because nothing proves them")
        html.newline()
        html.table(
            "Files that were left out",
            ["File", "Why", "SHA-256"],
            files.prefix(Self.filesAtMost)
        ) { html, file, column in
            switch column {
            case 0: html.code(file.file.name)
            case 1: html.text(integrity.why(file.file.path))
            default: html.code(file.sha256 ?? "not known")
            }
        }
        let others = files.count - Self.filesAtMost
        if others > 0 { html.omission("\(Numbers.count(others, "more file")), not listed.") }
    }

    private func passedOver(_ html: inout HTMLWriter) {
        let empty = content.notes.files.filter { $0.read == 0 }
        let skipped = content.listing.skipped
        html.element("h3", text: "Files that were passed over, or held nothing")
        html.newline()
        guard !empty.isEmpty || !skipped.isEmpty else { return html.paragraph("None.") }
        let all =
            skipped.map { (path: $0.path, reason: $0.reason) }
            + empty.map { (path: $0.file.name, reason: "without any record") }
        html.table("Files", ["Path", "Why"], all.prefix(Self.pathsAtMost)) { html, file, column in
            if column == 0 { html.code(file.path) } else { html.text(file.reason) }
        }
        guard all.count > Self.pathsAtMost else { return }
        let others = Dictionary(grouping: all.dropFirst(Self.pathsAtMost)) { ExactText($0.reason) }
        html.omission(
            "More of them: "
                + Self.list(
                    others.sorted { $0.key < $1.key }.map { "\(Numbers.grouped($0.value.count)) (\($0.key))" }
                ) + "."
        )
    }
}
