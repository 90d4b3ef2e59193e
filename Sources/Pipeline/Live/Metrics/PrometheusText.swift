/// Metrics as Prometheus reads them (https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4).
struct PrometheusText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private(set) var bytes: [UInt8] = []

    typealias Labels = [(name: String, value: String)]

    /// Numbers that only grow while the process lives.
    mutating func counters(_ name: String, _ help: String, _ samples: [(labels: Labels, value: Double)]) {
        family(name, "counter", help, samples)
    }

    mutating func counters(_ name: String, _ help: String, _ samples: [(labels: Labels, value: Int)]) {
        family(name, "counter", help, samples.map { ($0.labels, Double($0.value)) })
    }

    /// Numbers that stand for a moment.
    mutating func gauges(_ name: String, _ help: String, _ samples: [(labels: Labels, value: Double)]) {
        family(name, "gauge", help, samples)
    }

    mutating func histograms(
        _ name: String,
        _ help: String,
        _ samples: [(labels: Labels, histogram: Histogram)]
    ) {
        guard !samples.isEmpty else { return }
        header(name, "histogram", help)
        for (labels, histogram) in samples {
            var total = 0
            for (bound, count) in zip(histogram.bounds, histogram.counts) {
                total += count
                sample("\(name)_bucket", labels + [("le", Self.number(bound))], Double(total))
            }
            total += histogram.counts.last ?? 0
            sample("\(name)_bucket", labels + [("le", "+Inf")], Double(total))
            sample("\(name)_sum", labels, histogram.sum)
            sample("\(name)_count", labels, Double(total))
        }
    }

    private mutating func family(
        _ name: String,
        _ type: String,
        _ help: String,
        _ samples: [(labels: Labels, value: Double)]
    ) {
        guard !samples.isEmpty else { return }
        header(name, type, help)
        for (labels, value) in samples { sample(name, labels, value) }
    }

    private mutating func header(_ name: String, _ type: String, _ help: String) {
        bytes += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n".utf8
    }

    private mutating func sample(_ name: String, _ labels: Labels, _ value: Double) {
        bytes += name.utf8
        if !labels.isEmpty {
            let pairs = labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }
            bytes += "{\(pairs.joined(separator: ","))}".utf8
        }
        bytes += " \(Self.number(value))\n".utf8
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    private static func number(_ value: Double) -> String {
        if let whole = Int(exactly: value) { return String(whole) }
        if value.isNaN { return "NaN" }
        return value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : "\(value)"
    }
}
