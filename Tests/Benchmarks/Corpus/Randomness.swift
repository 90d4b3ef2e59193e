import TestSupport

extension SplitMix64 {
    /// A number below a bound.
    mutating func below(_ bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// True once in so many times.
    mutating func isOne(in times: Int) -> Bool { below(times) == 0 }

    /// An element; earlier ones are likelier, as accounts, roles and services are in a real trail.
    mutating func skewed(_ bound: Int) -> Int {
        let unit = Double(next() >> 11) / Double(1 << 53)
        return min(bound - 1, Int(unit * unit * Double(bound)))
    }
}

/// Picks by weight, with one random number and one look-up in a table of 4,096 places.
struct WeightedChoice {
    private let places: [UInt16]

    init(_ weights: [Double]) {
        let total = weights.reduce(0, +)
        var places: [UInt16] = []
        var sum = 0.0
        for (index, weight) in weights.enumerated() {
            sum += weight
            let end = Int((sum / total * 4096).rounded())
            while places.count < end { places.append(UInt16(index)) }
        }
        self.places = places
    }

    func pick(_ random: inout SplitMix64) -> Int { Int(places[random.below(places.count)]) }
}
