internal import CloudTrail
internal import Detection

extension HTMLWriter {
    /// A table; below its columns each row is written cell by cell, by the column's number.
    mutating func table<Row>(
        _ caption: String,
        _ columns: [StaticString],
        _ rows: some Sequence<Row>,
        class name: StaticString = "",
        cell: (inout HTMLWriter, Row, Int) -> Void
    ) {
        element("table", name.utf8CodeUnitCount > 0 ? .class(name) : nil) { html in
            html.element("caption", text: caption)
            html.element("thead") { html in
                html.element("tr") { html in
                    for column in columns {
                        html.element("th", .fixed("scope", "col"), text: column.description)
                    }
                }
            }
            html.newline()
            html.element("tbody") { html in
                for row in rows {
                    html.element("tr") { html in
                        for (number, column) in columns.enumerated() {
                            html.element("td", .fixed("data-label", column)) { cell(&$0, row, number) }
                        }
                    }
                    html.newline()
                }
            }
        }
        newline()
    }

    /// What is known of one thing, name by name.
    mutating func pairs(_ body: (inout HTMLWriter) -> Void) {
        element("dl", body: body)
        newline()
    }

    /// One name of `pairs`, and what is known.
    mutating func pair(_ name: String, _ body: (inout HTMLWriter) -> Void) {
        element("dt", text: name)
        element("dd", body: body)
    }

    /// One name of `pairs`, and a text.
    mutating func pair(_ name: String, _ value: String) { pair(name) { $0.text(value) } }

    /// A section with its heading.
    mutating func section(_ anchor: Anchor, _ title: String, _ body: (inout HTMLWriter) -> Void) {
        element("section", .id(anchor)) { html in
            html.element("h2", text: title)
            html.newline()
            body(&html)
        }
        newline()
    }

    mutating func paragraph(_ text: String) {
        element("p", text: text)
        newline()
    }

    /// What was left out, and where it can be had.
    mutating func omission(_ text: String) {
        element("p", .class("omission"), text: text)
        newline()
    }

    /// An id, an ARN, a path: as it is, in a fixed width; a short one on one line.
    mutating func code(_ text: String, limit: Int = 400) {
        element("code", text.utf8.count <= 24 ? .class("short") : nil) { $0.text(text, limit: limit) }
    }

    mutating func time(_ time: EventTime?) {
        guard let time, time != .distantPast, time != .distantFuture else { return none() }
        element("time", text: time.description)
    }

    /// Nothing, for a cell.
    mutating func none() { element("span", .class("none"), text: "–") }

    /// A command to paste; what would be pasted otherwise than it is shown is left out.
    mutating func command(_ command: String) {
        element("pre") { html in
            html.element("code") { html in
                if command.utf8.allSatisfy({ 0x20...0x7E ~= $0 }) {
                    html.text(command, limit: .max)
                } else {
                    html.text("(left out: a command with unprintable characters)")
                }
            }
        }
        newline()
    }

    /// A severity as a word on a colour.
    mutating func badge(_ severity: Severity) {
        element("span", Self.badges[severity].map { .class($0) }, text: severity.rawValue)
    }

    private static let badges: [Severity: StaticString] = [
        .critical: "badge critical", .high: "badge high", .medium: "badge medium", .low: "badge low",
        .informational: "badge informational",
    ]

    /// Who called: the caller's ARN, and from where.
    mutating func caller(_ actor: Actor) {
        if let arn = actor.arn ?? actor.invokedBy { code(arn) } else { text("not known") }
        if let address = actor.sourceIP {
            element("span", .class("detail")) { html in
                html.text("from ")
                html.code(address)
            }
        }
    }
}
