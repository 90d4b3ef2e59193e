import Foundation
import Glibc
import Kafka

/// What Prometheus' clients tell of every process
/// (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics).
enum ProcessMetrics {
    static func write(to text: inout PrometheusText) {
        guard let process = Process() else { return }
        let ticks = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
        let page = Double(sysconf(Int32(_SC_PAGESIZE)))
        text.counters(
            "process_cpu_seconds_total",
            "Processor time of the process, in seconds.",
            [([], Double(process.ticks) / ticks)]
        )
        text.gauges(
            "process_resident_memory_bytes",
            "Memory of the process that is not swapped out.",
            [([], Double(process.residentPages) * page)]
        )
        text.gauges(
            "process_virtual_memory_bytes",
            "Addresses that the process uses.",
            [([], Double(process.virtualBytes))]
        )
        text.gauges("process_threads", "Threads of the process.", [([], Double(process.threads))])
        if let start = process.start(ticks) {
            text.gauges(
                "process_start_time_seconds",
                "When it started, in seconds since 1970.",
                [([], start)]
            )
        }
        if let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            text.gauges(
                "process_open_fds",
                "Files and connections that the process has open.",
                [([], Double(descriptors.count))]
            )
        }
        text.gauges(
            "amiwatch_heap_bytes",
            "Memory that is allocated and in use: the state, and what is in hand.",
            [([], Double(FetchMemory.bytesInUse))]
        )
    }

    /// The process as `/proc/self/stat` has it.
    private struct Process {
        let ticks: Int
        let threads: Int
        let startTicks: Int
        let virtualBytes: Int
        let residentPages: Int

        init?() {
            guard let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
                // The name before may hold anything.
                let end = text.lastIndex(of: ")")
            else { return nil }
            let fields = text[text.index(after: end)...].split(separator: " ").map { Int($0) ?? 0 }
            guard fields.count > 21 else { return nil }
            ticks = fields[11] + fields[12]
            threads = fields[17]
            startTicks = fields[19]
            virtualBytes = fields[20]
            residentPages = fields[21]
        }

        /// When it was started, in seconds since 1970.
        func start(_ ticks: Double) -> Double? {
            var (now, sinceBoot) = (timespec(), timespec())
            guard clock_gettime(CLOCK_REALTIME, &now) == 0, clock_gettime(CLOCK_BOOTTIME, &sinceBoot) == 0
            else {
                return nil
            }
            let age = Double(sinceBoot.tv_sec) - Double(startTicks) / ticks
            return Double(now.tv_sec) - age
        }
    }
}
