package import Foundation
import Glibc
import Synchronization

/// A process that ends with the test process, however that one ends.
///
/// `setpriv --pdeathsig KILL` makes the kernel end it; the kernel looks at the *thread* that started it, which is
/// why one thread that never ends starts them all.
package final class ChildProcess: Sendable {
    /// Its process id; that of the program itself, since `setpriv` becomes it.
    package let pid: pid_t
    private let status = Mutex<Int32?>(nil)

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - arguments: the program (a path, or a name to look up) and its arguments.
    ///   - environment: set over this process's own environment.
    ///   - input: a file for its standard input; nothing otherwise.
    ///   - output: a file for its standard output, appended to; dropped otherwise.
    ///   - errors: the same for its standard error.
    /// - Throws: `POSIXError`.
    package init(
        _ arguments: [String],
        environment: [String: String] = [:],
        input: String? = nil,
        output: String? = nil,
        errors: String? = nil
    ) throws {
        let command = ["setpriv", "--pdeathsig", "KILL", "--"] + arguments
        let settings = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        pid = try Spawner.shared.spawn(
            command,
            environment: settings,
            files: [input ?? "/dev/null", output ?? "/dev/null", errors ?? "/dev/null"]
        )
    }

    deinit {
        guard exitStatus() == nil else { return }
        signal(SIGKILL)
        _ = wait(timeout: .seconds(5))
    }

    /// Sends a signal, if the process is still there.
    package func signal(_ number: Int32) {
        status.withLock { if $0 == nil { kill(pid, number) } }
    }

    /// Its exit status (128 + the signal that ended it); nil while it runs.
    package func exitStatus() -> Int32? {
        status.withLock { known in
            if known == nil {
                var raw: Int32 = 0
                if waitpid(pid, &raw, WNOHANG) == pid {
                    known = raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + (raw & 0x7f)
                }
            }
            return known
        }
    }

    /// Waits for its end: its exit status, or nil when it still runs after the time limit.
    package func wait(timeout: Duration) -> Int32? {
        let deadline = ContinuousClock.now + timeout
        while true {
            if let status = exitStatus() { return status }
            if ContinuousClock.now >= deadline { return nil }
            usleep(5000)
        }
    }
}

/// What a program printed, and how it ended.
package struct CommandResult: Sendable {
    /// Its exit status; nil when it was ended because its time was over.
    package let status: Int32?
    /// Its standard output.
    package let output: String
    /// Its standard error.
    package let errors: String

    /// An outcome.
    package init(status: Int32?, output: String, errors: String) {
        (self.status, self.output, self.errors) = (status, output, errors)
    }
}

/// Runs a program to its end.
///
/// - Throws: when it cannot be started.
package func runCommand(
    _ arguments: [String],
    environment: [String: String] = [:],
    input: String? = nil,
    timeout: Duration = patience
) throws -> CommandResult {
    let folder = try temporaryFolder("amiwatch-command")
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (inputPath, outputPath, errorPath) = ("\(folder)/in", "\(folder)/out", "\(folder)/err")
    if let input { try Data(input.utf8).write(to: URL(fileURLWithPath: inputPath)) }
    let child = try ChildProcess(
        arguments,
        environment: environment,
        input: input == nil ? nil : inputPath,
        output: outputPath,
        errors: errorPath
    )
    let status = child.wait(timeout: timeout)
    if status == nil {
        child.signal(SIGKILL)
        _ = child.wait(timeout: .seconds(5))
    }
    return CommandResult(status: status, output: text(outputPath), errors: text(errorPath))
}

/// A new folder below the system's temporary one; the caller removes it.
package func temporaryFolder(_ name: String) throws -> String {
    let path =
        FileManager.default.temporaryDirectory.path + "/\(name)-\(getpid())-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
}

func text(_ path: String) -> String {
    // Foundation leaks its buffer on an empty file (Swift 6.3.1, found by the address sanitizer).
    var status = stat()
    guard stat(path, &status) == 0, status.st_size > 0 else { return "" }
    return String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
}
