/// A decimal number of any length, compared exactly.
struct DecimalNumber: Comparable {
    private let isNegative: Bool
    /// The digits from the first to the last that is not zero; none for zero.
    private let digits: [UInt8]
    /// How many digits stand before the point; negative where zeros follow it.
    private let magnitude: Int

    /// Nil for what is no number: `1`, `+1`, `1.`, `.5` and `1e3` are, `NaN` is not.
    init?(_ text: String) {
        var rest = text.utf8[...]
        var isNegative = false
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            rest.removeFirst()
        }
        func digits() -> [UInt8] {
            let run = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
            rest = rest[run.endIndex...]
            return run.map { $0 - UInt8(ascii: "0") }
        }
        let whole = digits()
        var fraction: [UInt8] = []
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            fraction = digits()
        }
        guard !whole.isEmpty || !fraction.isEmpty else { return nil }
        var exponent = 0
        if let mark = rest.first, mark == UInt8(ascii: "e") || mark == UInt8(ascii: "E") {
            rest.removeFirst()
            guard let value = Int32(String(rest) ?? "") else { return nil }
            exponent = Int(value)
            rest = rest[rest.endIndex...]
        }
        guard rest.isEmpty else { return nil }
        let all = whole + fraction
        guard let first = all.firstIndex(where: { $0 != 0 }), let last = all.lastIndex(where: { $0 != 0 })
        else {
            (self.isNegative, self.digits, magnitude) = (false, [], 0)
            return
        }
        self.isNegative = isNegative
        self.digits = Array(all[first...last])
        magnitude = whole.count - first + exponent
    }

    static func < (left: DecimalNumber, right: DecimalNumber) -> Bool {
        if left.isNegative != right.isNegative { return left.isNegative }
        return left.isNegative ? right.isSmaller(than: left) : left.isSmaller(than: right)
    }

    /// By absolute value.
    private func isSmaller(than other: DecimalNumber) -> Bool {
        if digits.isEmpty || other.digits.isEmpty { return digits.isEmpty && !other.digits.isEmpty }
        if magnitude != other.magnitude { return magnitude < other.magnitude }
        return digits.lexicographicallyPrecedes(other.digits)
    }
}
