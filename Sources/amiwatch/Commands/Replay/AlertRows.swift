import Alerts
import Configuration

/// Alerts or findings as rows of a table for spreadsheets: RFC 4180, a header first, every cell in quotes.
///
/// A cell in which a spreadsheet would see a formula begins with an apostrophe, and stands on one line.
enum AlertRows {
    private static let columns: [(name: String, path: [String])] = [
        ("status", ["status"]), ("verdict", ["verdict"]), ("severity", ["severity"]),
        ("rule_id", ["rule_id"]),
        ("account_id", ["account_id"]), ("region", ["region"]), ("resource_type", ["resource", "type"]),
        ("resource_id", ["resource", "id"]), ("discriminator", ["discriminator"]),
        ("event_time", ["event", "time"]), ("event_name", ["event", "name"]), ("event_id", ["event", "id"]),
        ("actor_arn", ["actor", "arn"]), ("source_ip", ["actor", "source_ip"]),
        ("first_seen", ["first_seen"]),
        ("last_seen", ["last_seen"]), ("occurrences", ["occurrences"]), ("clause", ["clause"]),
        ("message", ["message"]), ("missing", ["missing"]), ("remediation", ["remediation"]),
        ("finding_id", ["finding_id"]), ("alert_id", ["alert_id"]), ("evidence", ["evidence"]),
    ]

    /// The names of the columns, with the line's end.
    static var header: String { row(columns.map(\.name)) }

    /// An alert, or a finding, as one row, with the line's end.
    static func row(_ alert: [UInt8]) -> String {
        let tree = JSONTree(alert)
        return row(
            columns.map { column -> String in
                let value = column.path.reduce(tree) { $0?[$1] }
                if let number = value?.integer { return String(number) }
                return value?.text ?? (value?.elements ?? []).compactMap(\.text).joined(separator: " | ")
            }
        )
    }

    private static func row(_ cells: [String]) -> String {
        cells.map(cell).joined(separator: ",") + "\r\n"
    }

    static func cell(_ text: String) -> String {
        var quoted = "\""
        if isFormula(text) { quoted += "'" }
        for scalar in text.oneLine.unicodeScalars {
            if scalar == "\"" { quoted += "\"" }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }

    /// Also the full-width forms, which some spreadsheets read as the plain ones.
    private static func isFormula(_ text: String) -> Bool {
        let first = text.unicodeScalars.first { !$0.properties.isWhitespace }
        return first.map { "=+-@\u{FF1D}\u{FF0B}\u{FF0D}\u{FF20}".unicodeScalars.contains($0) } ?? false
            || text.utf8.first.map { $0 == 0x09 || $0 == 0x0D } ?? false
    }
}
