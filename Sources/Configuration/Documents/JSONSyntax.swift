/// What JSON is made of, byte by byte.
enum JSONSyntax {
    /// Whether a number, `true`, `false` or `null` ends before this byte.
    static func ends(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, 0x09, 0x0A, 0x0D: true
        case UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "]"), UInt8(ascii: "}"): true
        case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "\""): true
        default: false
        }
    }

    /// Whether the bytes are a number of JSON's.
    static func isNumber(_ text: ArraySlice<UInt8>) -> Bool {
        var rest = text
        func digits() -> Int {
            let before = rest.count
            while let next = rest.first, next >= 0x30, next <= 0x39 { rest.removeFirst() }
            return before - rest.count
        }
        if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
        let leadsWithZero = rest.first == 0x30
        let whole = digits()
        guard whole > 0, whole == 1 || !leadsWithZero else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            guard digits() > 0 else { return false }
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest.removeFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
            guard digits() > 0 else { return false }
        }
        return rest.isEmpty
    }

    /// A string that lacks its closing quote, with it: the comma or bracket at the end of its line is none of it.
    static func closed(_ text: [UInt8]) -> String {
        let tail = text.reversed().prefix { [0x20, 0x09].contains($0) || ",]}".utf8.contains($0) }.count
        let (content, rest) = (text.dropLast(tail), text.suffix(tail))
        guard !content.isEmpty, content.count <= 200 else { return "\" at its end" }
        let behind = String(decoding: rest.filter { ",]}".utf8.contains($0) }, as: UTF8.self)
        return JSONText.string(String(decoding: content, as: UTF8.self)) + behind
    }

    /// Something that is no JSON value: as it is written, and what was probably meant.
    static func meant(by bytes: ArraySlice<UInt8>) -> (written: String, instead: String) {
        // An ARN without its quotes holds colons, so that only a comma, a bracket or the line ends it.
        let end = bytes.firstIndex { [0x0A, 0x0D].contains($0) || ",]}".utf8.contains($0) } ?? bytes.endIndex
        var text = Substring(decoding: bytes[..<min(end, bytes.startIndex + 200)], as: UTF8.self)
        while text.last == " " { text.removeLast() }
        switch text.lowercased() {
        case "true", "false", "null": return (String(text), text.lowercased())
        case "none", "nil": return (String(text), "null")
        default:
            let quotes: Set<Character> = ["\"", "'", "\u{201C}", "\u{201D}"]
            var bare = text.drop { quotes.contains($0) }
            while let last = bare.last, quotes.contains(last) { bare.removeLast() }
            return (String(text), JSONText.string(String(bare)))
        }
    }

    /// One byte of ASCII as a text.
    static func text(_ byte: UInt8) -> String { String(UnicodeScalar(byte)) }
}
