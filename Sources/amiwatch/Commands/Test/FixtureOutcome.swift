import Alerts
import CloudTrail
import Configuration
import Pipeline
import TrailArchive

/// What a fixture gave, beside what it should have given.
struct FixtureOutcome {
    /// Nil when there is no file of expected alerts.
    let expected: [JSONTree]?
    let alerts: [[UInt8]]
    let lost: [LostRecord]
    private let pairs: [Pair]

    /// An expected alert and one that came; either may be missing.
    private struct Pair {
        let expected: JSONTree?
        let found: JSONTree?
    }

    /// Replays a fixture's events, and compares.
    init(of fixture: Fixture) throws {
        let replayed = try fixture.replay()
        for problem in replayed.problems {
            StandardError.line("amiwatch: \(fixture.inventoryPath ?? ""): \(problem)")
        }
        var encoder = NativeAlert()
        alerts = replayed.alerts.map { encoder.encode($0) }
        lost = replayed.lost
        expected = try fixture.expectedLines()?.enumerated().map { number, line in
            guard let alert = JSONTree(line), case .object = alert else {
                throw Failure("\(fixture.expectedPath):\(number + 1): not a JSON object on one line")
            }
            return alert
        }
        pairs = Self.align(expected ?? [], alerts.compactMap { JSONTree($0) })
    }

    var isAsExpected: Bool {
        expected != nil && lost.isEmpty
            && pairs.allSatisfy { pair in
                guard let expected = pair.expected, let found = pair.found else { return false }
                return JSONDifference.of(found, from: expected).isEmpty
            }
    }

    /// What differs, for people.
    func lines(color: Bool) -> [TerminalLine] {
        var lines: [TerminalLine] = []
        for letter in lost {
            lines.append(
                "events.jsonl, record \(letter.recordIndex): \(letter.reason.rawValue), \(letter.text)"
            )
        }
        if expected == nil {
            lines.append("expected-alerts.jsonl is missing; --update writes it")
        }
        for (index, pair) in pairs.enumerated() {
            switch (pair.expected, pair.found) {
            case (let expected?, let found?):
                let differences = JSONDifference.of(found, from: expected)
                guard !differences.isEmpty else { continue }
                lines.append("alert \(index + 1): \(Self.title(found))")
                for difference in differences {
                    lines.append("    \(difference.path)")
                    lines.append(("      - \(difference.expected)" as TerminalLine).painted(.red, if: color))
                    lines.append(("      + \(difference.found)" as TerminalLine).painted(.green, if: color))
                }
            case (let expected?, nil):
                lines.append(("- missing: \(Self.title(expected))" as TerminalLine).painted(.red, if: color))
            case (nil, let found?):
                lines.append(
                    ("+ not expected: \(Self.title(found))" as TerminalLine).painted(.green, if: color)
                )
            case (nil, nil): continue
            }
        }
        return lines
    }

    private static func title(_ whole: JSONTree) -> String {
        let alert = whole.forTerminal
        let parts = [
            alert["rule_id"]?.text, alert["status"]?.text, alert["resource"]?["id"]?.text,
            alert["discriminator"]?.text, alert["event"]?["time"]?.text,
        ].compactMap(\.self)
        return parts.isEmpty ? String(decoding: alert.line, as: UTF8.self) : parts.joined(separator: "  ")
    }

    /// Whether two alerts can be about the same, so that their difference is worth showing.
    private static func isLike(_ expected: JSONTree, _ found: JSONTree) -> Bool {
        func agrees(_ keys: String...) -> Bool {
            let wanted = keys.reduce(Optional(expected)) { $0?[$1] }
            return wanted == nil || wanted == keys.reduce(Optional(found)) { $0?[$1] }
        }
        return agrees("rule_id") && agrees("status") && agrees("resource", "id") && agrees("discriminator")
    }

    /// The longest common sequence of alerts that are alike, and what stands between.
    private static func align(_ expected: [JSONTree], _ found: [JSONTree]) -> [Pair] {
        let (rows, columns) = (expected.count, found.count)
        var longest = [[Int]](repeating: [Int](repeating: 0, count: columns + 1), count: rows + 1)
        for row in stride(from: rows - 1, through: 0, by: -1) {
            for column in stride(from: columns - 1, through: 0, by: -1) {
                longest[row][column] =
                    isLike(expected[row], found[column])
                    ? longest[row + 1][column + 1] + 1
                    : max(longest[row + 1][column], longest[row][column + 1])
            }
        }
        var (row, column) = (0, 0)
        var pairs: [Pair] = []
        while row < rows || column < columns {
            if row < rows, column < columns, isLike(expected[row], found[column]) {
                pairs.append(Pair(expected: expected[row], found: found[column]))
                (row, column) = (row + 1, column + 1)
            } else if column == columns || row < rows && longest[row + 1][column] >= longest[row][column + 1]
            {
                pairs.append(Pair(expected: expected[row], found: nil))
                row += 1
            } else {
                pairs.append(Pair(expected: nil, found: found[column]))
                column += 1
            }
        }
        return pairs
    }
}

/// One place at which two JSON values differ.
struct JSONDifference {
    let path: String
    let expected: String
    let found: String

    /// Where a value is not as expected; keys that the expected objects leave out may be anything.
    static func of(_ found: JSONTree, from expected: JSONTree, path: String = "") -> [JSONDifference] {
        guard expected != found else { return [] }
        if case .object(let members) = expected, case .object = found {
            return members.flatMap { member -> [JSONDifference] in
                let path = path.isEmpty ? member.key : "\(path).\(member.key)"
                guard let value = found[member.key] else {
                    return [JSONDifference(path: path, expected: text(member.value), found: "(no such key)")]
                }
                return of(value, from: member.value, path: path)
            }
        }
        if case .array(let wanted) = expected, case .array(let got) = found, wanted.count == got.count {
            return zip(got, wanted).enumerated().flatMap { index, pair in
                of(pair.0, from: pair.1, path: "\(path)[\(index)]")
            }
        }
        return [JSONDifference(path: path, expected: text(expected), found: text(found))]
    }

    private static func text(_ value: JSONTree) -> String {
        String(decoding: value.line, as: UTF8.self).oneLine
    }
}
