import Configuration
import Glibc
import Pipeline

/// A bar on standard error while files are replayed, when that is a terminal.
struct ReplayProgress {
    private let total: Int
    private let isShown: Bool
    private let stopwatch = Stopwatch()
    private var bytes = 0
    private var nextSeconds = 0.2
    private var isDrawn = false

    /// A bar for so many bytes; none known for a stream.
    init(total: Int, isShown: Bool) {
        self.total = total
        self.isShown = isShown && Terminal.isTerminal(STDERR_FILENO)
    }

    /// Counts what was read, and draws the bar now and then.
    mutating func advance(bytes read: Int, replay: Replay) {
        bytes += read
        guard isShown, stopwatch.seconds >= nextSeconds else { return }
        let seconds = stopwatch.seconds
        nextSeconds = seconds + 0.1
        isDrawn = true
        let rate = Double(replay.balance.read) / seconds
        var line = "\(Numbers.grouped(replay.balance.read)) records, \(Numbers.short(rate)) a second"
        if total > 0 {
            let share = min(1, Double(bytes) / Double(total))
            let left = share > 0 ? seconds / share - seconds : 0
            let width = Terminal.width(of: STDERR_FILENO) ?? 80
            let texts = [
                "\(Int(share * 100)) %  \(line), \(Numbers.duration(left)) left",
                "\(Int(share * 100)) %, \(Numbers.duration(left)) left", "\(Int(share * 100)) %",
            ]
            // As much as fits beside a bar of 8; the last column stays free, so that nothing wraps.
            let text = texts.first { $0.utf8.count + 12 <= width } ?? texts[2]
            let size = min(24, width - text.utf8.count - 4)
            let filled = Int(share * Double(max(0, size)))
            line = text
            if size >= 8 {
                line =
                    "[" + String(repeating: "=", count: filled)
                    + String(repeating: " ", count: size - filled) + "] " + text
            }
        }
        if let width = Terminal.width(of: STDERR_FILENO) { line = String(line.prefix(max(0, width - 1))) }
        write("\r\u{1B}[K\(line)")
    }

    mutating func clear() {
        if isDrawn { write("\r\u{1B}[K") }
        isDrawn = false
    }

    private func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
