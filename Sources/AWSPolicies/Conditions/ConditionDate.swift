internal import CloudTrail

/// A moment in milliseconds, as IAM's date operators read it.
struct ConditionDate: Comparable {
    private let milliseconds: Int64

    static func < (left: ConditionDate, right: ConditionDate) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// Nil for what is no date.
    ///
    /// It is a day, a day with a time of day, with or without a zone (UTC without one), or seconds since 1970. What is finer than a millisecond is cut off.
    init?(_ text: String) {
        if let seconds = Int64(text) {
            let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
            guard !overflow else { return nil }
            milliseconds = product
            return
        }
        let form =
            /(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?(Z|[+-]\d{2}:?\d{2})?)?/
        guard let match = text.wholeMatch(of: form.asciiOnlyDigits()) else { return nil }
        func number(_ text: Substring?) -> Int64 { text.flatMap { Int64($0) } ?? 0 }
        let (year, month, day) = (number(match.1), number(match.2), number(match.3))
        let (hour, minute, second) = (number(match.4), number(match.5), number(match.6))
        guard (1...12).contains(month), day >= 1, day <= EventTime.daysInMonth(month, year: year), hour < 24,
            minute < 60,
            second < 60
        else { return nil }
        var fraction = match.7.map { String($0.prefix(3)) } ?? ""
        while fraction.utf8.count < 3 { fraction += "0" }
        var seconds =
            EventTime.daysFromCivil(year: year, month: month, day: day) * 86_400 + hour * 3600 + minute * 60
            + second
        if let zone = match.8, zone != "Z" {
            let digits = zone.dropFirst().filter { $0 != ":" }
            let offset = number(digits.prefix(2)) * 3600 + number(digits.suffix(2)) * 60
            seconds += zone.hasPrefix("-") ? offset : -offset
        }
        milliseconds = seconds * 1000 + number(Substring(fraction))
    }
}
