import CloudTrail

/// One thing wrong, or doubtful, in what a user wrote: where, what, what to write instead, and what it would break.
package struct Diagnostic: Hashable, Sendable, CustomStringConvertible {
    /// Whether the file can be used nevertheless.
    package enum Severity: String, Hashable, Sendable {
        /// The file is refused.
        case error
        /// The file is used; somebody should look.
        case warning
    }

    package var location: FileLocation
    package var severity: Severity
    /// What is wrong, one line.
    package var message: String
    /// What to write, as it should stand in the file.
    package var instead: String?
    /// What it would break.
    package var impact: String?

    package init(
        _ severity: Severity,
        at location: FileLocation,
        _ message: String,
        instead: String? = nil,
        impact: String? = nil
    ) {
        self.location = location
        self.severity = severity
        self.message = message
        self.instead = instead
        self.impact = impact
    }

    /// One line for people: `policy.yaml:4:13: error: …; write "111122223333" (otherwise …)`.
    package var description: String {
        var line = "\(location): \(severity.rawValue): \(message)"
        if let instead { line += "; write \(instead)" }
        if let impact { line += " (otherwise \(impact))" }
        return line.oneLine
    }

    /// One JSON object on one line, keys in a fixed order, null where there is nothing to say.
    package var json: String {
        var json = JSONWriter()
        json.object { json in
            json.member("file", location.file)
            json.member("line", location.line)
            json.member("column", location.column)
            json.member("severity", severity.rawValue)
            json.member("message", message)
            json.member("instead", instead)
            json.member("impact", impact)
        }
        return json.text
    }
}

/// A place in a file, or a setting that came from outside any file.
package struct FileLocation: Hashable, Sendable, CustomStringConvertible {
    /// The file as the user named it; else what gave the value: `--input`, `AMIWATCH_INPUT_TOPICS`.
    package var file: String
    /// Counted from 1; nil where the whole file is meant.
    package var line: Int?
    /// Counted from 1, in characters; nil where the whole file is meant.
    package var column: Int?
    /// Whether `file` names an option or a variable.
    package var isSetting = false

    package init(file: String, line: Int? = nil, column: Int? = nil, isSetting: Bool = false) {
        self.file = file
        self.line = line
        self.column = column
        self.isSetting = isSetting
    }

    /// The same line and column of a file of the same name, byte for byte.
    package static func == (left: FileLocation, right: FileLocation) -> Bool {
        left.file.hasSameBytes(as: right.file) && left.line == right.line && left.column == right.column
            && left.isSetting == right.isSetting
    }

    /// `policy.yaml:4:13`, or the file alone.
    package var description: String {
        guard let line, let column else { return file.oneLine }
        return "\(file.oneLine):\(line):\(column)"
    }
}

/// All that is wrong with one configuration, found in one go.
///
/// Warnings come along, in the order of the places.
package struct ConfigurationErrors: Error, Hashable, Sendable, CustomStringConvertible {
    /// Errors and warnings, at least one error.
    package let diagnostics: [Diagnostic]

    package init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }

    package var errors: [Diagnostic] { diagnostics.filter { $0.severity == .error } }

    package var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}
