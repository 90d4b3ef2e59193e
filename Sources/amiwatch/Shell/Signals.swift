import Glibc

/// SIGTERM, SIGINT and SIGHUP, noted until somebody looks.
///
/// Blocked in this thread and so in all that it starts: they interrupt nothing.
struct Signals {
    private var set = sigset_t()

    /// Keeps a SIGHUP from ending the process before anybody looks: what it asks for is about to be read anyway.
    static func ignoreHangUp() { signal(SIGHUP, SIG_IGN) }

    init() {
        sigemptyset(&set)
        for signal in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&set, signal) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGHUP, SIG_DFL)
    }

    /// One that has come and was not told yet.
    func next() -> Int32? {
        var (set, limit) = (set, timespec())
        let signal = sigtimedwait(&set, nil, &limit)
        return signal > 0 ? signal : nil
    }
}
