import Foundation
import TestSupport
import Testing

/// The runbook has what the program says when something is wrong, and nothing else.
struct RunbookTests {
    private static let page = "Sources/Detection/Detection.docc/Runbook.md"

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: Binary.checkout.appending(path: path), encoding: .utf8)
    }

    /// The first cells of a section's table, without their backquotes.
    private static func entries(of section: String) throws -> [String] {
        let page = try text(Self.page)
        let rest = try #require(page.components(separatedBy: "\n## \(section)\n").dropFirst().first)
        return rest.components(separatedBy: "\n## ")[0].split(separator: "\n").compactMap {
            $0.wholeMatch(of: /\| `(.+?)` \| .*/).map { String($0.output.1) }
        }
    }

    /// Messages that are put together elsewhere, by the expression that stands for each.
    private static let named = [
        "Self.notShown": [
            "alerts topic was not read to its end in time; it holds alerts that are not shown here"
        ],
        "\"\\(lack)\"": [
            "… takes no writes: it has no leader; start the brokers that hold it",
            "… takes no writes (NOT_ENOUGH_REPLICAS): … of … replicas … in sync, and min.insync.replicas is ……",
        ],
        // What reading a file says: under the table.
        "\"\\(warning)\"": [], "\"\\(doubt)\"": [], "\"\\(diagnostic)\"": [],
    ]

    @Test("Each warning and error of the log stands in the runbook, and each line of the runbook is logged")
    func log() throws {
        let sources = Binary.checkout.appending(path: "Sources")
        let files = FileManager.default.enumerator(atPath: sources.path)?.allObjects as? [String] ?? []
        var logged: Set<String> = []
        var calls = 0
        for file in files where file.hasSuffix(".swift") {
            let code = try String(contentsOf: sources.appending(path: file), encoding: .utf8)
            // Elsewhere a plain `error(` or `warning(` is another one.
            let isOfLog = code.contains("extension RunLog")
            for call in code.matches(
                of: /(?:\blog\.(?:warning|error)|^ {8}(?:error|warning))\(\s*/.anchorsMatchLineEndings()
            ) {
                if !isOfLog, code[call.range].hasPrefix(" ") { continue }
                calls += 1
                logged.formUnion(try Self.messages(code[call.range.upperBound...], file))
            }
        }
        #expect(calls > 20)
        let entries = try Self.entries(of: "Lines of the log")
        #expect(Set(entries).count == entries.count)
        #expect(logged.subtracting(entries).sorted() == [], "not in the runbook")
        #expect(Set(entries).subtracting(logged).sorted() == [], "nobody logs it")
    }

    /// What the first argument of a call can say: one text, or two with a condition between.
    private static func messages(_ arguments: Substring, _ file: String) throws -> [String] {
        if let name = named.keys.first(where: { arguments.hasPrefix($0) }) { return named[name] ?? [] }
        var rest = arguments
        var texts: [String] = []
        var joins = false
        while true {
            rest = rest.drop { $0.isWhitespace }
            if rest.hasPrefix("\"") {
                let (text, end) = literal(rest)
                if joins, let last = texts.popLast() { texts.append(last + text) } else { texts.append(text) }
                rest = rest[end...]
                joins = false
            } else if rest.hasPrefix("+") {
                joins = true
                rest = rest.dropFirst()
            } else if rest.hasPrefix("?") || rest.hasPrefix(":") {
                rest = rest.dropFirst()
            } else if rest.hasPrefix(",") || rest.hasPrefix(")") {
                break
            } else if texts.isEmpty, let question = rest.firstIndex(of: "?"),
                !rest[..<question].contains(where: { $0 == "," || $0 == "(" })
            {
                rest = rest[question...]
            } else {
                Issue.record("\(file): what is logged cannot be told: \(arguments.prefix(80))")
                break
            }
        }
        return texts
    }

    /// A literal's text, with … for what is put in, and where it ends.
    private static func literal(_ code: Substring) -> (String, Substring.Index) {
        var text = ""
        var index = code.index(after: code.startIndex)
        while index < code.endIndex, code[index] != "\"" {
            if code[index...].hasPrefix("\\(") {
                var depth = 0
                repeat {
                    if code[index] == "(" { depth += 1 }
                    if code[index] == ")" { depth -= 1 }
                    index = code.index(after: index)
                } while depth > 0 || code[code.index(before: index)] == "\\"
                text += "…"
            } else {
                text.append(code[index])
                index = code.index(after: index)
            }
        }
        return (text, code.index(after: index))
    }

    @Test("Each alert rule stands in the runbook, and each of the runbook's is a rule")
    func alertRules() throws {
        let rules = try Self.text("Deploy/prometheus/alerts.yml").matches(of: /- alert: (\w+)/).map {
            String($0.output.1)
        }
        #expect(rules.count > 10)
        #expect(try Self.entries(of: "Alert rules") == rules)
    }
}
