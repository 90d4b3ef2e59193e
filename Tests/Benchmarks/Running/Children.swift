import Foundation
import KafkaTestSupport

/// The programs that benchmarks measure from outside.
enum Children {
    /// Where this program is, and the shipped one beside it.
    private static let folder: String = {
        let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: path).deletingLastPathComponent().path
    }()

    static var amiwatch: String { folder + "/amiwatch" }
    static var benchmarks: String { folder + "/Benchmarks" }

    /// Runs a program on some of the processors (`0`, `0,1`); what it took, and what it printed.
    static func run(_ arguments: [String], on processors: String?) throws -> (Cost, CommandResult) {
        let watch = Stopwatch()
        let pinned = processors.map { ["taskset", "-c", $0] + arguments } ?? arguments
        let result = try runCommand(pinned, timeout: .seconds(600))
        let cost = watch.elapsed
        guard result.status == 0 else {
            throw UsageError(
                "\(arguments.prefix(2)) ended with \(result.status ?? -1): \(result.errors.suffix(2000))"
            )
        }
        return (cost, result)
    }

    /// Moves this process, or all that it has started, to some of the processors.
    static func pin(children: Bool = false, to processors: String) throws {
        let pids = children ? descendants(of: getpid()) : [getpid()]
        for pid in pids { _ = try runCommand(["taskset", "-acp", processors, "\(pid)"]) }
    }

    private static func descendants(of pid: pid_t) -> [pid_t] {
        var result: [pid_t] = []
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
        for thread in threads {
            let list =
                (try? String(contentsOfFile: "/proc/\(pid)/task/\(thread)/children", encoding: .utf8)) ?? ""
            for child in list.split(separator: " ").compactMap({ pid_t($0) }) {
                result += [child] + descendants(of: child)
            }
        }
        return result
    }
}
