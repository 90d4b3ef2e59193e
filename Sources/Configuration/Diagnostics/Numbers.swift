/// Numbers as people read them.
package enum Numbers {
    /// `1,234,567`.
    package static func grouped(_ number: Int) -> String {
        let digits = String(number)
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3), digit != "-", result != "-" {
                result += ","
            }
            result.append(digit)
        }
        return result
    }

    /// `1.2 million`, `345 thousand`, `12`.
    package static func short(_ number: Double) -> String {
        switch number {
        case 1e9...: "\(tenths(number / 1e9)) billion"
        case 1e6...: "\(tenths(number / 1e6)) million"
        case 10_000...: "\(Int(number / 1000)) thousand"
        default: grouped(Int(number))
        }
    }

    /// `0.4 s`, `2 min 5 s`, `3 h 20 min`.
    package static func duration(_ seconds: Double) -> String {
        let whole = Int(seconds)
        if seconds < 60 { return "\(tenths(seconds)) s" }
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(whole / 60 % 60) min"
    }

    /// `1 file`, `2 files`; `1 launch`, `2 launches` with a plural of its own.
    package static func count(_ number: Int, _ one: String, _ many: String? = nil) -> String {
        "\(grouped(number)) \(number == 1 ? one : many ?? one + "s")"
    }

    private static func tenths(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
