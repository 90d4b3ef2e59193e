import Alerts
import Configuration
import Glibc

/// What is known about the terminal behind a file descriptor, if it is one.
enum Terminal {
    /// Whether somebody sees the output as it comes.
    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// Columns; nil when it is no terminal.
    static func width(of descriptor: Int32) -> Int? {
        guard isTerminal(descriptor) else { return nil }
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Whether colours are wanted: a terminal that is not `dumb`, and no `NO_COLOR` (no-color.org).
    static func hasColor(_ descriptor: Int32) -> Bool {
        guard isTerminal(descriptor) else { return false }
        if let value = getenv("NO_COLOR"), value.pointee != 0 { return false }
        return getenv("TERM").map { strcmp($0, "dumb") != 0 } ?? false
    }

    enum Color: String {
        case red = "31"
        case yellow = "33"
        case green = "32"
        case cyan = "36"
        case bold = "1"
        case faint = "2"
    }

    /// A command to paste; what would be pasted otherwise than it is shown is left out.
    static func command(_ text: String) -> String {
        text.utf8.allSatisfy { 0x20...0x7E ~= $0 }
            ? text : "(left out: a command with unprintable characters)"
    }
}

extension JSONTree {
    /// With every text on one line and unable to steer a terminal: what is in an alert was written by whoever made
    /// the call.
    ///
    /// What is longer than any screen is cut, and says so.
    var forTerminal: JSONTree {
        mapTexts { text in
            let (limit, count) = (2000, text.unicodeScalars.count)
            guard count > limit else { return text.oneLine }
            let beginning = String(text.unicodeScalars.prefix(limit))
            return beginning.oneLine + "... (\(Numbers.grouped(count - limit)) more characters)"
        }
    }
}

/// Rows in columns, each as wide as its widest cell; the last one is wrapped to the width of the terminal.
struct Table {
    var header: [String] = []
    var rows: [[String]]

    /// The lines; `width` nil wraps nothing.
    func lines(width: Int?) -> [String] {
        let all = header.isEmpty ? rows : [header] + rows
        let columns = all.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            all.map { column < $0.count ? $0[column].unicodeScalars.count : 0 }.max() ?? 0
        }
        let indent = widths.dropLast().reduce(0) { $0 + $1 + 2 }
        return all.flatMap { row -> [String] in
            let start = row.dropLast().enumerated().map { column, cell in
                cell + String(repeating: " ", count: widths[column] - cell.unicodeScalars.count + 2)
            }.joined()
            let last = row.last ?? ""
            guard let width, width - indent >= 20 else { return [start + last] }
            let parts = Self.wrap(last, width - indent)
            return parts.enumerated().map { index, part in
                (index == 0 ? start : String(repeating: " ", count: indent)) + part
            }
        }
    }

    private static func wrap(_ text: String, _ width: Int) -> [String] {
        var lines = [""]
        for word in text.split(separator: " ") {
            let line = lines[lines.count - 1]
            if line.isEmpty {
                lines[lines.count - 1] = String(word)
            } else if line.count + 1 + word.count <= width {
                lines[lines.count - 1] = line + " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
