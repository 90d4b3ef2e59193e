/// A time in whole seconds since 1970-01-01T00:00:00Z, as CloudTrail's `eventTime` has it.
///
/// Some converters add fractions of a second; they are cut off, so that copies of one record agree.
public struct EventTime: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Seconds since 1970-01-01T00:00:00Z.
    public let seconds: Int64

    /// A time from seconds since 1970-01-01T00:00:00Z.
    public init(seconds: Int64) { self.seconds = seconds }

    /// Before every other time.
    public static let distantPast = EventTime(seconds: .min)
    /// After every other time.
    public static let distantFuture = EventTime(seconds: .max)

    /// The first second of the year 0, and the last of the year 9999.
    private static let (firstTold, lastTold): (Int64, Int64) = (-62_167_219_200, 253_402_300_799)

    /// Reads RFC 3339 and what converters make of it: a space for the `T`, fractions, an offset, or no zone
    /// at all (read as UTC).
    ///
    /// Nil when the text is no such date, or a date that no calendar has (`2025-02-00`).
    public init?(_ text: String) {
        self.init(utf8: text.utf8)
    }

    /// Reads a time, or a day (`2026-03-17`): its first second, or its last.
    public init?(timeOrDay text: String, endOfDay: Bool) {
        guard let time = Self(text) ?? Self(text + (endOfDay ? "T23:59:59Z" : "T00:00:00Z")) else {
            return nil
        }
        self = time
    }

    /// As `init(_:)`, from UTF-8.
    public init?(utf8 text: some Collection<UInt8>) {
        if let time = text.withContiguousStorageIfAvailable({ Self(usual: $0) }), let time {
            self = time
        } else {
            self.init(unusual: text)
        }
    }

    /// Reads the form of CloudTrail itself, `2026-11-21T09:40:15Z`.
    ///
    /// Nil for every other one.
    private init?(usual text: UnsafeBufferPointer<UInt8>) {
        guard text.count == 20, text[4] == 0x2D, text[7] == 0x2D, text[10] == 0x54, text[13] == 0x3A,
            text[16] == 0x3A, text[19] == 0x5A
        else { return nil }
        var isNumeric = true
        func number(_ offset: Int) -> Int64 {
            let (tens, ones) = (text[offset] &- 0x30, text[offset + 1] &- 0x30)
            isNumeric = isNumeric && tens < 10 && ones < 10
            return Int64(tens) &* 10 &+ Int64(ones)
        }
        let year = number(0) &* 100 &+ number(2)
        let (month, day, hour, minute, second) = (number(5), number(8), number(11), number(14), number(17))
        guard isNumeric, (1...12).contains(month), day >= 1, day <= Self.daysInMonth(month, year: year),
            hour < 24, minute < 60, second < 60
        else { return nil }
        let days = Self.daysFromCivil(year: year, month: month, day: day)
        seconds = days * 86_400 + hour * 3600 + minute * 60 + second
    }

    private init?(unusual text: some Collection<UInt8>) {
        var input = text[...]
        func number(_ digits: Int) -> Int64? {
            var value: Int64 = 0
            for _ in 0..<digits {
                guard let digit = input.popFirst(), digit >= 0x30, digit <= 0x39 else { return nil }
                value = value * 10 + Int64(digit - 0x30)
            }
            return value
        }
        func skip(_ accepted: UInt8...) -> Bool {
            guard let next = input.first, accepted.contains(next) else { return false }
            input.removeFirst()
            return true
        }
        guard let year = number(4), skip(0x2D), let month = number(2), skip(0x2D), let day = number(2),
            skip(0x54, 0x74, 0x20), let hour = number(2), skip(0x3A), let minute = number(2), skip(0x3A),
            let second = number(2), (1...12).contains(month), day >= 1,
            day <= Self.daysInMonth(month, year: year), hour < 24, minute < 60, second <= 60
        else { return nil }
        if skip(0x2E, 0x2C) {
            guard let first = input.first, first >= 0x30, first <= 0x39 else { return nil }
            while let digit = input.first, digit >= 0x30, digit <= 0x39 { input.removeFirst() }
        }
        var offset: Int64 = 0
        if let sign = input.first, sign == 0x2B || sign == 0x2D {
            input.removeFirst()
            guard let hours = number(2), hours < 24 else { return nil }
            _ = skip(0x3A)
            guard let minutes = number(2), minutes < 60 else { return nil }
            offset = (hours * 3600 + minutes * 60) * (sign == 0x2D ? -1 : 1)
        } else {
            _ = skip(0x5A, 0x7A)
        }
        guard input.isEmpty else { return nil }
        let days = Self.daysFromCivil(year: year, month: month, day: day)
        seconds = days * 86_400 + hour * 3600 + minute * 60 + min(second, 59) - offset
    }

    /// RFC 3339 in UTC without fractions, `2026-11-21T09:40:15Z`; what its four digits of a year cannot tell is told
    /// as the first or the last second that they can.
    public var description: String {
        let seconds = min(max(self.seconds, Self.firstTold), Self.lastTold)
        return String(unsafeUninitializedCapacity: 24) { buffer in
            let days = seconds.flooredDivision(by: 86_400)
            let rest = seconds - days * 86_400
            let (year, month, day) = Self.civil(fromDays: days)
            var count = 0
            func put(_ value: Int64, digits: Int) {
                var scale: Int64 = 1
                for _ in 1..<digits { scale *= 10 }
                while scale > 0 {
                    buffer[count] = 0x30 + UInt8(truncatingIfNeeded: value / scale % 10)
                    count += 1
                    scale /= 10
                }
            }
            func put(_ byte: UInt8) {
                buffer[count] = byte
                count += 1
            }
            put(year, digits: 4)
            put(0x2D)
            put(month, digits: 2)
            put(0x2D)
            put(day, digits: 2)
            put(0x54)
            put(rest / 3600, digits: 2)
            put(0x3A)
            put(rest / 60 % 60, digits: 2)
            put(0x3A)
            put(rest % 60, digits: 2)
            put(0x5A)
            return count
        }
    }

    /// A time in milliseconds since 1970, not before, as RFC 3339 in UTC with three digits of a second.
    public static func text(milliseconds: Int64) -> String {
        let milliseconds = max(0, milliseconds)
        let rest = String(milliseconds % 1000)
        return EventTime(seconds: milliseconds / 1000).description.dropLast()
            + ".\(String(repeating: "0", count: 3 - rest.count))\(rest)Z"
    }

    /// The time some seconds later (or earlier, when negative); the two distant times stay where they are.
    public func advanced(bySeconds delta: Int64) -> EventTime {
        let (sum, overflow) = seconds.addingReportingOverflow(delta)
        guard !overflow, seconds != .min, seconds != .max else {
            return overflow ? (delta > 0 ? .distantFuture : .distantPast) : self
        }
        return EventTime(seconds: sum)
    }

    /// In order of time.
    public static func < (left: EventTime, right: EventTime) -> Bool { left.seconds < right.seconds }

    /// Days of a month, 1 to 12.
    package static func daysInMonth(_ month: Int64, year: Int64) -> Int64 {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01 of a date of the proleptic Gregorian calendar, counted in years that begin in March.
    package static func daysFromCivil(year: Int64, month: Int64, day: Int64) -> Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let era = marchYear.flooredDivision(by: 400)
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted.flooredDivision(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}

extension Int64 {
    fileprivate func flooredDivision(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
