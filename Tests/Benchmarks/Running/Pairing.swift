/// Two things measured in turn, so that what disturbs the machine disturbs both.
///
/// Only ratios count: each round gives one, and the median of them is the result.
struct Pairing {
    /// One round.
    private struct Round {
        var baseline: Cost
        var measured: Cost
    }

    /// Which way is better, and from where on the goal is met.
    enum Goal {
        case atMost(Double)
        case atLeast(Double)
    }

    let baseline: String
    let measured: String
    private var rounds: [Round] = []

    /// Runs both so many times, after one round that warms up and is not counted.
    init(
        rounds count: Int,
        baseline: (name: String, run: () throws -> Cost),
        measured: (name: String, run: () throws -> Cost)
    ) throws {
        self.baseline = baseline.name
        self.measured = measured.name
        for round in 0...count {
            // Which comes first changes from round to round.
            let pair: Round
            if round.isMultiple(of: 2) {
                let first = try baseline.run()
                pair = Round(baseline: first, measured: try measured.run())
            } else {
                let first = try measured.run()
                pair = Round(baseline: try baseline.run(), measured: first)
            }
            if round > 0 { rounds.append(pair) }
        }
    }

    /// The baseline's time over the measured time: how many times as fast.
    var speed: Cost {
        Cost(
            wall: rounds.map { $0.baseline.wall / $0.measured.wall }.sorted().median,
            processor: rounds.map { $0.baseline.processor / $0.measured.processor }.sorted().median
        )
    }

    /// Prints cost ratios: measured over baseline.
    func reportCost(of unit: String, goal: Goal?) {
        report(unit: unit, goal: goal) { $1 / $0 }
    }

    /// Prints cost ratios of which the goal is one of processor time: for what shares the machine with a broker.
    func reportProcessorCost(of unit: String, goal: Goal?) {
        report(unit: unit, goal: nil, processorGoal: goal) { $1 / $0 }
    }

    /// Prints speed ratios: the baseline's time over the measured time.
    func reportSpeed(of unit: String, goal: Goal?) {
        report(unit: unit, goal: goal) { $0 / $1 }
    }

    private func report(
        unit: String,
        goal: Goal?,
        processorGoal: Goal? = nil,
        _ ratio: (Double, Double) -> Double
    ) {
        let wall = rounds.map { ratio($0.baseline.wall, $0.measured.wall) }.sorted()
        let processor = rounds.map { ratio($0.baseline.processor, $0.measured.processor) }.sorted()
        print("  \(measured)")
        print("  against \(baseline), \(rounds.count) rounds")
        print("    ratio \(wall.spread)\(Self.verdict(wall.median, goal))")
        print("    processor time \(processor.spread)\(Self.verdict(processor.median, processorGoal))")
        let bare = [rounds.map(\.baseline), rounds.map(\.measured)].map { costs in
            "\(costs.map(\.wall).sorted().median.time) (\(costs.map(\.processor).sorted().median.time) CPU)"
        }
        print("    \(unit): \(bare[0]) and \(bare[1]) on this machine, now")
    }

    private static func verdict(_ ratio: Double, _ goal: Goal?) -> String {
        switch goal {
        case .atMost(let limit): "  goal ≤ \(limit): \(ratio <= limit ? "met" : "NOT MET")"
        case .atLeast(let limit): "  goal ≥ \(limit): \(ratio >= limit ? "met" : "NOT MET")"
        case nil: ""
        }
    }
}

extension [Double] {
    /// The middle one; the elements are sorted.
    var median: Double {
        if isEmpty { return .nan }
        return count.isMultiple(of: 2) ? (self[count / 2 - 1] + self[count / 2]) / 2 : self[count / 2]
    }

    /// The median, and the least and greatest.
    fileprivate var spread: String {
        "\(median.rounded(places: 3)) (\((first ?? .nan).rounded(places: 3))–\((last ?? .nan).rounded(places: 3)))"
    }
}

extension Double {
    func rounded(places: Int) -> Double {
        var factor = 1.0
        for _ in 0..<places { factor *= 10 }
        return (self * factor).rounded() / factor
    }

    /// A time in seconds, in a unit that fits.
    var time: String {
        switch self {
        case 1...: "\(rounded(places: 2)) s"
        case 1e-3...: "\((self * 1e3).rounded(places: 2)) ms"
        case 1e-6...: "\((self * 1e6).rounded(places: 2)) µs"
        default: "\((self * 1e9).rounded(places: 1)) ns"
        }
    }
}
