import CloudTrail
package import Configuration
import Glibc
import Kafka

/// Logs as JSON lines on standard error: time, level, the worker's own name, message, and what belongs to it; never
/// one an event.
///
/// Usable from any thread; a line is one write.
package struct RunLog: Sendable {
    private let level: RunConfiguration.LogLevel
    private let instanceID: String?
    private let descriptor: Int32

    /// A log that leaves out what is less urgent than `level`.
    ///
    /// Each line names the worker by its `instance_id`, when it has one.
    package init(level: RunConfiguration.LogLevel, instanceID: String? = nil, descriptor: Int32 = 2) {
        self.level = level
        self.instanceID = instanceID
        self.descriptor = descriptor
    }

    package enum Value: Sendable, ExpressibleByStringInterpolation {
        case text(String)
        case number(Int)
        /// A number with one digit behind the point.
        case decimal(Double)
        case numbers([Int])
        case texts([String])

        package init(stringLiteral value: String) { self = .text(value) }
    }

    /// What belongs to a line, in its order.
    package struct Fields: Sendable, ExpressibleByDictionaryLiteral {
        fileprivate var list: [(key: String, value: Value)]

        package init(dictionaryLiteral elements: (String, Value)...) {
            list = elements.map { (key: $0.0, value: $0.1) }
        }

        static func + (left: Fields, right: Fields) -> Fields {
            var sum = left
            sum.list += right.list
            return sum
        }

        /// Writes them as members of an object.
        func write(to json: inout JSONWriter) {
            for (key, value) in list {
                json.key(text: key)
                value.write(to: &json)
            }
        }

        static func += (left: inout Fields, right: Fields) { left.list += right.list }
    }

    /// Something is lost or wrong.
    package func error(_ message: String, _ fields: Fields = [:]) { write(.error, message, fields) }

    /// Something needs a look.
    package func warning(_ message: String, _ fields: Fields = [:]) { write(.warning, message, fields) }

    package func info(_ message: String, _ fields: Fields = [:]) { write(.info, message, fields) }

    /// What helps to follow the work step by step.
    package func debug(
        _ message: @autoclosure () -> String,
        _ fields: @autoclosure () -> Fields = [:]
    ) {
        // What goes into a line of each transaction costs nothing while nobody wants to see it.
        guard level == .debug else { return }
        write(.debug, message(), fields())
    }

    /// A line that waits to be written.
    struct Line {
        let level: RunConfiguration.LogLevel
        let message: String
        let fields: Fields
    }

    func write(_ line: Line) { write(line.level, line.message, line.fields) }

    private func write(_ level: RunConfiguration.LogLevel, _ message: String, _ fields: Fields) {
        guard level.rank <= self.level.rank else { return }
        var json = JSONWriter()
        json.object { json in
            json.member("time", EventTime.text(milliseconds: HostClock.milliseconds))
            json.member("level", level.rawValue)
            if let instanceID {
                json.member("instance_id", instanceID)
            }
            json.member("message", message)
            fields.write(to: &json)
        }
        let line = json.bytes + [0x0A]
        // That nobody reads the log is no reason to stop.
        _ = line.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }

    /// Takes librdkafka's own log: its errors are warnings here, because it goes on trying.
    ///
    /// With `isQuiet` nothing is: whoever asks throws what fails.
    func kafkaSink(_ client: String, isQuiet: Bool = false) -> KafkaLogSink {
        { level, facility, text in
            // Connections come and go; what it means for the work is told by the calls that fail.
            let isTold = !isQuiet && level <= .error && facility != "FAIL"
            let ours: RunConfiguration.LogLevel = isTold ? .warning : .debug
            write(ours, text, ["client": .text(client), "facility": .text(facility)])
        }
    }
}

extension RunLog.Value {
    fileprivate func write(to json: inout JSONWriter) {
        switch self {
        case .text(let text): json.string(text)
        case .number(let number): json.number(number)
        case .decimal(let number):
            let tenths = number.isFinite ? (number * 10).rounded() : 0
            json.number(String(tenths / 10))
        case .numbers(let numbers): json.array { json in for number in numbers { json.number(number) } }
        case .texts(let texts): json.array { json in for text in texts { json.string(text) } }
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

enum HostClock {
    /// Milliseconds since 1970.
    static var milliseconds: Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    }
}
