internal import CloudTrail
internal import Configuration
internal import Detection
internal import Pipeline

/// A report as one page of HTML that needs nothing else, and in which nothing runs.
///
/// It tells no time but those of the records: the same files, policy and version give the same bytes.
package struct ReportPage {
    let content: ReportContent
    let findings: ReportedFindings

    /// A page of what a replay came to.
    package init(_ content: ReportContent) {
        self.content = content
        findings = ReportedFindings(content.report.findings)
    }

    /// The page, in UTF-8.
    package func html() -> [UInt8] {
        var html = HTMLWriter()
        html.doctype()
        html.element("html", .fixed("lang", "en")) { html in
            html.newline()
            html.element("head", body: head)
            html.newline()
            html.element("body", body: body)
            html.newline()
        }
        html.newline()
        return html.bytes
    }

    private static let title = "Machine images and their guardrails: report of a CloudTrail replay"

    private func head(_ html: inout HTMLWriter) {
        html.newline()
        html.void("meta", .fixed("charset", "utf-8"))
        // Whatever this page were made to contain, no browser would run or fetch it.
        html.void(
            "meta",
            .fixed("http-equiv", "Content-Security-Policy"),
            .fixed(
                "content",
                "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
            )
        )
        html.void(
            "meta",
            .fixed("name", "viewport"),
            .fixed("content", "width=device-width, initial-scale=1")
        )
        html.void("meta", .fixed("name", "referrer"), .fixed("content", "no-referrer"))
        html.void("meta", .fixed("name", "color-scheme"), .fixed("content", "light dark"))
        html.newline()
        html.element("title", text: Self.title)
        html.newline()
        html.style(StyleSheet.text)
    }

    private func body(_ html: inout HTMLWriter) {
        html.newline()
        html.element("a", .class("skip"), .href(HTMLWriter.Anchor("summary")), text: "To the summary")
        html.element("header", body: header)
        html.newline()
        html.element("main") { html in
            html.newline()
            summary(&html)
            integrity(&html)
            findingsSection(&html)
            undeterminedSection(&html)
            shares(&html)
            accounts(&html)
            images(&html)
            whatWasRead(&html)
            whatWasNotRead(&html)
        }
        html.newline()
        html.element("footer", body: footer)
        html.newline()
    }

    private func header(_ html: inout HTMLWriter) {
        html.newline()
        html.element(
            "p",
            .class("eyebrow"),
            text: "amiwatch \(content.version), report of a CloudTrail replay"
        )
        html.element("h1", text: "Machine images and their guardrails")
        html.newline()
        html.element("nav", .fixed("aria-label", "Contents")) { html in
            html.element("ul") { html in
                for (anchor, title) in Self.sections {
                    html.element("li") { $0.element("a", .href(anchor), text: title) }
                }
            }
        }
        html.newline()
    }

    static let sections: [(HTMLWriter.Anchor, String)] = [
        (.init("summary"), "Summary"), (.init("integrity"), "Integrity of the logs"),
        (.init("findings"), "Findings"), (.init("undetermined"), "Undetermined"),
        (.init("shares"), "Who shared what with whom"), (.init("accounts"), "Timelines of accounts"),
        (.init("images"), "Timelines of images"), (.init("read"), "What was read"),
        (.init("not-read"), "What was not read"),
    ]

    private func footer(_ html: inout HTMLWriter) {
        html.paragraph(
            "All times are in UTC, and are those of the records. This page holds no time of its own: the same files, "
                + "policy and version of amiwatch give the same bytes. It is one file, fetches nothing and runs nothing. "
                + "Names, tags and user agents in it were written by whoever made the calls; characters in them that "
                + "cannot be seen, or would turn the direction of writing, are shown as their numbers."
        )
    }

    // MARK: Words

    /// `a`, `a and b`, `a, b and c`.
    static func list(_ words: [String]) -> String {
        guard let last = words.last else { return "" }
        let others = words.dropLast()
        return others.isEmpty ? last : "\(others.joined(separator: ", ")) and \(last)"
    }

    /// `1 critical, 2 high and 3 low`; empty where there is none.
    static func bySeverity(_ findings: [Finding]) -> String {
        list(
            Severity.allCases.reversed().compactMap { severity in
                let count = findings.count { $0.severity == severity }
                return count > 0 ? "\(Numbers.grouped(count)) \(severity.rawValue)" : nil
            }
        )
    }
}
