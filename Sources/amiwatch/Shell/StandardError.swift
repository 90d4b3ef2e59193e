import Glibc

enum StandardError {
    /// Writes one line; that nobody reads it is no failure.
    static func line(_ line: TerminalLine) {
        let bytes = Array((line.text + "\n").utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes {
                Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count)
            }
            if count > 0 { written += count } else if errno != EINTR { return }
        }
    }
}
