import CloudTrail
public import Configuration
import Foundation
import Kafka

/// Logs as JSON lines on standard error: time, level, message, and what belongs to it; never one an event.
///
/// Usable from any thread; a line is one write.
public struct RunLog: Sendable {
    private let level: RunConfiguration.LogLevel
    private let descriptor: Int32

    /// A log that leaves out what is less urgent than `level`.
    public init(level: RunConfiguration.LogLevel, descriptor: Int32 = 2) {
        self.level = level
        self.descriptor = descriptor
    }

    /// A value in a line.
    public enum Value: Sendable, ExpressibleByStringInterpolation {
        /// A string.
        case text(String)
        /// A number.
        case number(Int)

        /// A string.
        public init(stringLiteral value: String) { self = .text(value) }
    }

    /// Something is lost or wrong.
    public func error(_ message: String, _ fields: KeyValuePairs<String, Value> = [:]) {
        write(.error, message, fields)
    }

    /// Something needs a look.
    public func warning(_ message: String, _ fields: KeyValuePairs<String, Value> = [:]) {
        write(.warning, message, fields)
    }

    /// What goes on.
    public func info(_ message: String, _ fields: KeyValuePairs<String, Value> = [:]) {
        write(.info, message, fields)
    }

    func info(_ message: String, _ fields: [(key: String, value: Value)]) { write(.info, message, fields) }

    func debug(_ message: String, _ fields: KeyValuePairs<String, Value> = [:]) {
        write(.debug, message, fields)
    }

    private func write(
        _ level: RunConfiguration.LogLevel,
        _ message: String,
        _ fields: some Sequence<(key: String, value: Value)>
    ) {
        guard level.rank <= self.level.rank else { return }
        var json = JSONWriter()
        json.object { json in
            json.key("time")
            json.string(Self.now())
            json.key("level")
            json.string(level.rawValue)
            json.key("message")
            json.string(message)
            for (key, value) in fields {
                json.key(text: key)
                switch value {
                case .text(let text): json.string(text)
                case .number(let number): json.number(number)
                }
            }
        }
        let line = json.bytes + [0x0A]
        // That nobody reads the log is no reason to stop.
        _ = line.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
    }

    private static func now() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        gmtime_r(&now.tv_sec, &parts)
        func digits(_ number: Int, _ count: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        let date = [Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday)]
            .enumerated().map { digits($1, $0 == 0 ? 4 : 2) }.joined(separator: "-")
        let time = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { digits(Int($0), 2) }.joined(
            separator: ":"
        )
        return "\(date)T\(time).\(digits(now.tv_nsec / 1_000_000, 3))Z"
    }

    /// Takes librdkafka's own log: its errors are warnings here, because it goes on trying.
    ///
    /// With `isQuiet` nothing is: whoever asks throws what fails.
    func kafkaSink(_ client: String, isQuiet: Bool = false) -> KafkaLogSink {
        { level, facility, text in
            // Connections come and go; what it means for the work is told by the calls that fail.
            let isTold = !isQuiet && level <= .error && facility != "FAIL"
            let ours: RunConfiguration.LogLevel = isTold ? .warning : .debug
            write(ours, text, [("client", .text(client)), ("facility", .text(facility))])
        }
    }
}

extension RunConfiguration.LogLevel {
    fileprivate var rank: Int {
        switch self {
        case .error: 0
        case .warning: 1
        case .info: 2
        case .debug: 3
        }
    }
}
