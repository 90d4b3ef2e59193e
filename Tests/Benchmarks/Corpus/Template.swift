import TestSupport

/// JSON with slots, cut into pieces once: `<uuid>`, `<time>`, `<account>`, `<region>`, `<origin>`, `<hex:17>`,
/// `<number:4>`, `<word:bucket>`, and `<0>` to `<9>` for what the caller hands over.
struct Template {
    private enum Piece {
        case text([UInt8])
        case uuid
        case time
        case account
        case region
        case origin
        case hex(Int)
        case number(Int)
        case word([[UInt8]])
        case argument(Int)
    }

    private var pieces: [Piece] = []

    init(_ text: String) {
        var rest = text[...]
        while let open = rest.firstIndex(of: "<"), let close = rest[open...].firstIndex(of: ">") {
            if open > rest.startIndex { pieces.append(.text(Array(rest[..<open].utf8))) }
            pieces.append(Self.slot(String(rest[rest.index(after: open)..<close])))
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { pieces.append(.text(Array(rest.utf8))) }
    }

    private static func slot(_ name: String) -> Piece {
        let parts = name.split(separator: ":")
        switch parts[0] {
        case "uuid": return .uuid
        case "time": return .time
        case "account": return .account
        case "region": return .region
        case "origin": return .origin
        case "hex": return .hex(Int(parts[1]) ?? 17)
        case "number": return .number(Int(parts[1]) ?? 4)
        case "word": return .word((Words.lists[String(parts[1])] ?? [name]).map { Array($0.utf8) })
        default: return Int(parts[0]).map { .argument($0) } ?? .text(Array("<\(name)>".utf8))
        }
    }

    /// What the slots stand for in one record.
    struct Context {
        var seconds: Int64
        var account: [UInt8]
        var region: [UInt8]
        var origin: [UInt8]
        var arguments: [[UInt8]] = []
    }

    func write(
        _ context: Context,
        _ random: inout SplitMix64,
        _ clock: inout ClockText,
        to buffer: ByteBuffer
    ) {
        for piece in pieces {
            switch piece {
            case .text(let text): buffer.append(text)
            case .uuid:
                let (high, low) = (random.next(), random.next())
                buffer.append(hex: high >> 32, digits: 8)
                buffer.append("-")
                buffer.append(hex: high >> 16, digits: 4)
                buffer.append("-")
                buffer.append(hex: 0x4000 | (high & 0xFFF), digits: 4)
                buffer.append("-")
                buffer.append(hex: 0x8000 | (low >> 50), digits: 4)
                buffer.append("-")
                buffer.append(hex: low, digits: 12)
            case .time: clock.write(context.seconds, to: buffer)
            case .account: buffer.append(context.account)
            case .region: buffer.append(context.region)
            case .origin: buffer.append(context.origin)
            case .hex(let digits):
                for start in stride(from: 0, to: digits, by: 16) {
                    buffer.append(hex: random.next(), digits: min(16, digits - start))
                }
            case .number(let digits):
                buffer.append(decimal: 1 + random.next() % 9, digits: 1)
                buffer.append(decimal: random.next(), digits: digits - 1)
            case .word(let words): buffer.append(words[random.skewed(words.count)])
            case .argument(let index): buffer.append(context.arguments[index])
            }
        }
    }
}

/// Seconds of the epoch as `2026-03-01T00:00:00Z`; the date is worked out once a day.
struct ClockText {
    private var day: Int64 = .min
    private var date: [UInt8] = []

    mutating func write(_ seconds: Int64, to buffer: ByteBuffer) {
        if seconds / 86_400 != day {
            day = seconds / 86_400
            date = Array(Self.date(day).utf8)
        }
        let second = UInt64(seconds % 86_400)
        buffer.append(date)
        buffer.append("T")
        buffer.append(decimal: second / 3600, digits: 2)
        buffer.append(":")
        buffer.append(decimal: second / 60 % 60, digits: 2)
        buffer.append(":")
        buffer.append(decimal: second % 60, digits: 2)
        buffer.append("Z")
    }

    /// The date of a day of the epoch (Howard Hinnant, "chrono-compatible low-level date algorithms").
    static func date(_ day: Int64) -> String {
        let shifted = day + 719_468
        let era = shifted / 146_097
        let ofEra = shifted % 146_097
        let year = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * year + year / 4 - year / 100)
        let march = (5 * ofYear + 2) / 153
        let month = march < 10 ? march + 3 : march - 9
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return
            "\(year + era * 400 + (month <= 2 ? 1 : 0))-\(two(month))-\(two(ofYear - (153 * march + 2) / 5 + 1))"
    }
}
