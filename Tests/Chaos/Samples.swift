import Foundation
import Glibc

/// Whether something stayed the same over the second half of a soak.
struct Flatness {
    let name: String
    /// What it came to over the second half: by the line that fits best, or from one part to the next.
    let growth: Double
    let limit: Double
    /// The mean over the second half.
    let mean: Double

    var isMet: Bool { growth <= limit }

    var line: String {
        func text(_ number: Double) -> String { String(format: "%.1f", number) }
        return "  \(isMet ? "flat" : "NOT FLAT"): \(name): mean \(text(mean)), growth over the second half "
            + "\(text(growth)), at most \(text(limit))"
    }
}

/// What each worker had in use, again and again.
struct Samples {
    private struct Row {
        let seconds: Double
        let worker: String
        let pid: pid_t
        let values: [Double]
    }

    /// Each with the least growth that counts.
    private static let kinds: [(name: String, slack: Double)] = [
        ("resident MiB", 4), ("allocated MiB", 4), ("file descriptors", 4), ("threads", 2),
        ("snapshot MiB", 1),
    ]

    private var rows: [Row] = []

    /// Adds a sample of a worker, if it runs.
    mutating func take(_ worker: ChaosWorker, at seconds: Double) {
        guard let pid = worker.pid else { return }
        let statm = (try? String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8)) ?? ""
        guard let pages = statm.split(separator: " ").dropFirst().first.flatMap({ Double($0) }) else {
            return
        }
        func count(_ folder: String) -> Double {
            Double(
                (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/\(folder)").count) ?? 0
            )
        }
        let mebibyte = 1_048_576.0
        rows.append(
            Row(
                seconds: seconds,
                worker: worker.name,
                pid: pid,
                values: [
                    pages * Double(getpagesize()) / mebibyte, Double(worker.heapBytes) / mebibyte,
                    count("fd"), count("task"), Double(worker.diskBytes) / mebibyte,
                ]
            )
        )
    }

    var tsv: String {
        let head = (["seconds", "worker", "process"] + Self.kinds.map(\.name)).joined(separator: "\t")
        return rows.reduce(into: head + "\n") { text, row in
            let values = row.values.map { String(format: "%.2f", $0) }
            text +=
                (["\(Int(row.seconds))", row.worker, "\(row.pid)"] + values).joined(separator: "\t") + "\n"
        }
    }

    /// Memory, descriptors and threads of a worker that was never killed: the line that fits the second half best rises
    /// by a tenth of the mean at most.
    func verdicts(of worker: String) -> [Flatness] {
        Self.kinds.indices.dropLast().map { index in
            let half = secondHalf(of: worker)
            let mean = half.reduce(0) { $0 + $1.values[index] } / Double(max(1, half.count))
            return Flatness(
                name: "\(Self.kinds[index].name) of worker \(worker)",
                growth: rise(half.map { ($0.seconds, $0.values[index]) }),
                limit: max(mean / 10, Self.kinds[index].slack),
                mean: mean
            )
        }
    }

    /// The disk of each worker: the most of the second half is at most a tenth above the most of the first.
    var diskVerdicts: [Flatness] {
        let index = Self.kinds.count - 1
        return Set(rows.map(\.worker)).sorted().map { worker in
            let half = secondHalf(of: worker)
            let all = rows.filter { $0.worker == worker }
            let first = all.dropLast(half.count).map { $0.values[index] }.max() ?? 0
            let second = half.map { $0.values[index] }.max() ?? 0
            return Flatness(
                name: "\(Self.kinds[index].name) of worker \(worker)",
                growth: second - first,
                limit: max(first / 10, Self.kinds[index].slack),
                mean: half.reduce(0) { $0 + $1.values[index] } / Double(max(1, half.count))
            )
        }
    }

    private func secondHalf(of worker: String) -> [Row] {
        let all = rows.filter { $0.worker == worker }
        return Array(all.dropFirst(all.count / 2))
    }

    /// How much the line through the points that fits best (least squares) rises from the first to the last.
    private func rise(_ points: [(x: Double, y: Double)]) -> Double {
        guard let first = points.first, let last = points.last, last.x > first.x else { return 0 }
        let count = Double(points.count)
        let (meanX, meanY) = (
            points.reduce(0) { $0 + $1.x } / count, points.reduce(0) { $0 + $1.y } / count
        )
        let covariance = points.reduce(0) { $0 + ($1.x - meanX) * ($1.y - meanY) }
        let variance = points.reduce(0) { $0 + ($1.x - meanX) * ($1.x - meanX) }
        return covariance / variance * (last.x - first.x)
    }
}

/// How long records waited for their alerts, by the minute in which they were produced.
struct LatencyWindows {
    let seconds: Double
    private var windows: [[Double]] = []

    init(seconds: Double) { self.seconds = seconds }

    /// Adds a delay in seconds, of a record that was produced so many seconds after the first.
    mutating func add(_ delay: Double, at time: Double) {
        let index = Int(time / seconds)
        while windows.count <= index { windows.append([]) }
        windows[index].append(delay)
    }

    private func part(_ share: Double, of delays: [Double]) -> Double {
        let sorted = delays.sorted()
        return sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }

    var tsv: String {
        windows.enumerated().reduce(into: "seconds\trecords\tp50 ms\tp99 ms\tmost ms\n") { text, window in
            let values = [0.5, 0.99, 1].map { String(format: "%.1f", part($0, of: window.element) * 1000) }
            text +=
                (["\(Int(Double(window.offset) * seconds))", "\(window.element.count)"] + values)
                .joined(separator: "\t") + "\n"
        }
    }

    /// The middle one of the p99 of the windows of the last quarter is at most half again that of the third, or half a
    /// second above it.
    var verdict: Flatness {
        // The last window is not whole.
        let p99 = windows.dropLast().map { part(0.99, of: $0) }
        let quarter = p99.count / 4
        let third = part(0.5, of: Array(p99.dropLast(quarter).suffix(quarter)))
        let last = part(0.5, of: Array(p99.suffix(quarter)))
        return Flatness(
            name: "p99 of latency in seconds",
            growth: last - third,
            limit: max(third / 2, 0.5),
            mean: last
        )
    }
}
