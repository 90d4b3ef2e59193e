import Foundation
import Glibc
import Synchronization

/// A file under another name until it is whole; taken away when the command fails or is interrupted.
struct UnfinishedFile {
    /// Where it is written: a name that nobody can foresee, in the folder of the file that it becomes.
    let path: String
    private let target: String
    /// The permissions of the file that it takes the place of.
    private let mode: mode_t?

    /// Nil when the path must be written itself: a device, a pipe, a file that may not be replaced.
    init?(of path: String) {
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFREG, access(path, W_OK) == 0,
                let real = realpath(path, nil)
            else { return nil }
            defer { free(real) }
            target = String(cString: real)
            mode = status.st_mode & 0o7777
        } else {
            target = path
            mode = nil
        }
        let slash = target.utf8.lastIndex(of: UInt8(ascii: "/"))
        var folder = "."
        if let slash { folder = String(target[...slash]) }
        guard access(folder, W_OK) == 0 else { return nil }
        self.path = target + "." + String(UInt64.random(in: .min ... .max), radix: 36) + ".partial"
    }

    /// Makes the file, which must not be there, and is then taken away when the program is interrupted; gives its
    /// descriptor, or -1 and `errno`.
    func begin() -> Int32 {
        Interruption.watch(path)
        return open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
    }

    /// Gives the open file the permissions of the one that it takes the place of.
    func keepMode(_ descriptor: Int32) {
        if let mode { fchmod(descriptor, mode) }
    }

    /// Gives it its name; false, with `errno`, when that cannot be.
    func finish() -> Bool {
        guard rename(path, target) == 0 else { return false }
        Interruption.forget(path)
        return true
    }

    /// Leaves it under the name that it has.
    func keep() { Interruption.forget(path) }

    /// Takes it away.
    func remove() {
        let error = errno
        unlink(path)
        Interruption.forget(path)
        errno = error
    }
}

/// Ctrl-C and its like: unfinished files are taken away, then the signal does what it does.
///
/// A command that ends by itself when asked to is told first; the second signal does not wait for it.
enum Interruption {
    private struct Watch {
        var files: Set<String> = []
        var isStarted = false
        var stop: (@Sendable (Int32) -> Void)?
    }

    private static let state = Mutex(Watch())

    fileprivate static func watch(_ path: String) {
        state.withLock { _ = $0.files.insert(path) }
        start()
    }

    fileprivate static func forget(_ path: String) { state.withLock { _ = $0.files.remove(path) } }

    /// From here on the first signal calls this instead.
    static func first(_ stop: @escaping @Sendable (Int32) -> Void) {
        state.withLock { $0.stop = stop }
        start()
    }

    /// A thread waits for the signals, which are blocked in this one and in all that it starts from now on.
    private static func start() {
        let isFirst = state.withLock { watch in
            defer { watch.isStarted = true }
            return !watch.isStarted
        }
        guard isFirst else { return }
        var wanted = sigset_t()
        sigemptyset(&wanted)
        for signal in [SIGINT, SIGTERM, SIGHUP] where !isIgnored(signal) { sigaddset(&wanted, signal) }
        let signals = wanted
        pthread_sigmask(SIG_BLOCK, &wanted, nil)
        Thread.detachNewThread {
            var (signals, signal) = (signals, Int32(0))
            while sigwait(&signals, &signal) == 0 {
                let stop = state.withLock { watch in
                    defer { watch.stop = nil }
                    return watch.stop
                }
                guard let stop else { break }
                stop(signal)
            }
            // The lock stays taken: nothing is finished any more.
            state.withLock { watch in
                for path in watch.files { unlink(path) }
                pthread_sigmask(SIG_UNBLOCK, &signals, nil)
                raise(signal)
            }
        }
    }

    /// As `nohup` wants it.
    private static func isIgnored(_ signal: Int32) -> Bool {
        var action = sigaction()
        return sigaction(signal, nil, &action) == 0
            && unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
                == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
