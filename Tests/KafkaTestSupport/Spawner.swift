import Foundation
import Glibc
import Synchronization

/// The one thread that starts processes; it ends only with this process.
final class Spawner: Sendable {
    static let shared = Spawner()
    private let jobs = Mutex<[@Sendable () -> Void]>([])
    private let waiting = DispatchSemaphore(value: 0)

    private init() {
        Thread.detachNewThread { [self] in
            while true {
                waiting.wait()
                let job = jobs.withLock { $0.removeFirst() }
                job()
            }
        }
    }

    /// Starts a program with these files as standard input, output and error.
    func spawn(_ command: [String], environment: [String: String], files: [String]) throws -> pid_t {
        let outcome = Outcome()
        let done = DispatchSemaphore(value: 0)
        jobs.withLock {
            $0.append {
                outcome.value.withLock {
                    $0 = Result { try startProcess(command, environment: environment, files: files) }
                }
                done.signal()
            }
        }
        waiting.signal()
        done.wait()
        return try outcome.value.withLock { $0 }.get()
    }

    private final class Outcome: Sendable {
        let value = Mutex<Result<pid_t, any Error>>(.failure(POSIXError(.ECHILD)))
    }
}

private func startProcess(
    _ command: [String],
    environment: [String: String],
    files: [String]
) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, files[0], O_RDWR, 0)
    posix_spawn_file_actions_addopen(&actions, 1, files[1], O_WRONLY | O_CREAT | O_APPEND, 0o644)
    posix_spawn_file_actions_addopen(&actions, 2, files[2], O_WRONLY | O_CREAT | O_APPEND, 0o644)
    // Signals that the test runner ignores or blocks shall work in the child.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] =
        environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for string in arguments + variables { free(string) } }
    var pid: pid_t = 0
    let code = posix_spawnp(&pid, command[0], &actions, &attributes, &arguments, &variables)
    guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EINVAL) }
    return pid
}
