import Glibc

/// What something took: seconds on the wall, and seconds of processor time of this process and of children that
/// have ended.
struct Cost {
    var wall = 0.0
    var processor = 0.0

    static func - (more: Cost, less: Cost) -> Cost {
        Cost(wall: more.wall - less.wall, processor: more.processor - less.processor)
    }

    static func / (cost: Cost, count: Int) -> Cost {
        Cost(wall: cost.wall / Double(count), processor: cost.processor / Double(count))
    }
}

struct Stopwatch {
    private let start = Stopwatch.now()

    var elapsed: Cost {
        let now = Self.now()
        return Cost(wall: now.wall - start.wall, processor: now.processor - start.processor)
    }

    private static func now() -> Cost {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Cost(
            wall: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9,
            processor: processor(RUSAGE_SELF.rawValue) + processor(RUSAGE_CHILDREN.rawValue)
        )
    }

    private static func processor(_ who: Int32) -> Double {
        var usage = rusage()
        getrusage(who, &usage)
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }
}

/// The memory of this process that is resident, in bytes.
func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var total = 0
    var resident = 0
    _ = withUnsafeMutablePointer(to: &total) { total in
        withUnsafeMutablePointer(to: &resident) { resident in
            withVaList([total, resident]) { vfscanf(file, "%ld %ld", $0) }
        }
    }
    return resident * Int(getpagesize())
}

/// Keeps the optimiser from leaving out what nobody reads.
@inline(never)
@_optimize(none)
func keep<Value>(_ value: Value) {}
