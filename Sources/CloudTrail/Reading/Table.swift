// CSV, as CloudTrail Lake, Athena and the console export events: no JSON, and told once, not line by line.

extension RecordReader {
    /// Whether bytes begin with the header line of a table of CloudTrail events.
    public static func isTable(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let start = bytes.skippingSpace(from: 0)
        guard start < bytes.count, bytes[start] | 0x20 != 0x7B else { return false }
        let line = bytes.part(start, min(bytes.endOfLine(from: start), start + longestHeader))
        var columns = 0
        for cell in line.split(omittingEmptySubsequences: true, whereSeparator: { separators.contains($0) }) {
            let name = cell.filter { isNameByte($0) }.map { $0 | 0x20 }
            if knownColumns.contains(where: { $0.utf8.elementsEqual(name) }) { columns += 1 }
        }
        return columns > 1
    }

    /// No header is longer.
    private static let longestHeader = 1 << 14

    /// Comma, semicolon, tab.
    private static let separators: [UInt8] = [0x2C, 0x3B, 0x09]

    /// Two of these make a table, whatever their case (`eventName`, `eventname`, `Event name`, `event_name`).
    private static let knownColumns = ["eventname", "eventtime", "eventid", "eventsource", "eventversion"]

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x22, 0x20, 0x5F, 0x0D, 0x0A: false
        default: true
        }
    }

    /// Reads a table, up to a line that begins a value: gives the offset behind it.
    func readTable(_ bytes: UnsafeRawBufferPointer, _ body: (Reading) throws -> Void) rethrows -> Int {
        let start = bytes.skippingSpace(from: 0)
        let end = bytes.nextValueLine(from: start) ?? bytes.count
        let refusal = Refusal(
            .notJSON,
            "CSV has no records: export JSON (--output json of the AWS CLI, or JSON from CloudTrail Lake)"
        )
        try emit(refusal, bytes.trimmed(start, end), body)
        return end
    }
}
