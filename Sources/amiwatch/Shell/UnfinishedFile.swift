import Foundation
import Glibc
import Synchronization

/// A file under another name until it is whole; taken away when the command fails or is interrupted.
struct UnfinishedFile {
    /// Where it is written.
    let path: String
    /// Where it will be.
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
        self.path = target + ".partial"
        let folder = (target as NSString).deletingLastPathComponent
        guard access(folder.isEmpty ? "." : folder, W_OK) == 0 else { return nil }
    }

    /// From here on it is taken away when the program is interrupted; call it before the file is there.
    func begin() { Interruption.watch(path) }

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

    /// Takes it away.
    func remove() {
        let error = errno
        unlink(path)
        Interruption.forget(path)
        errno = error
    }
}

/// Ctrl-C and its like, while there are unfinished files: they are taken away, then the signal does what it does.
private enum Interruption {
    private static let files = Mutex<Set<String>?>(nil)

    static func watch(_ path: String) {
        let isFirst = files.withLock { files in
            defer { files = (files ?? []).union([path]) }
            return files == nil
        }
        if isFirst { start() }
    }

    static func forget(_ path: String) { files.withLock { _ = $0?.remove(path) } }

    /// A thread waits for the signals, which are blocked in this one and in all that it starts from now on.
    private static func start() {
        var wanted = sigset_t()
        sigemptyset(&wanted)
        for signal in [SIGINT, SIGTERM, SIGHUP] where !isIgnored(signal) { sigaddset(&wanted, signal) }
        let signals = wanted
        pthread_sigmask(SIG_BLOCK, &wanted, nil)
        Thread.detachNewThread {
            var (signals, signal) = (signals, Int32(0))
            guard sigwait(&signals, &signal) == 0 else { return }
            // The lock stays taken: nothing is finished any more.
            files.withLock { files in
                for path in files ?? [] { unlink(path) }
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
