/// Reads JSON strictly (RFC 8259) into nodes.
///
/// libyaml would read it too, but takes much that is not JSON for YAML, and refuses surrogate pairs, tabs and long
/// keys that JSON allows. As AWS's tools take JSON only, what they would refuse is refused here, with its place.
package struct JSONDocument {
    private let bytes: [UInt8]
    private let file: String
    private var at = 0
    private var line = 1
    private var column = 1
    private var counted = 0
    private var depth = 0

    private let maximumDepth: Int
    private let replacesHalfPairs: Bool

    private init(_ bytes: [UInt8], _ file: String, _ maximumDepth: Int, _ replacesHalfPairs: Bool) {
        (self.bytes, self.file) = (bytes, file)
        (self.maximumDepth, self.replacesHalfPairs) = (maximumDepth, replacesHalfPairs)
    }

    /// The one value of a file, or the first thing that is not JSON in it.
    ///
    /// Deeper nesting is refused, and so is half of a surrogate pair, unless it is replaced by U+FFFD.
    package static func read(
        _ bytes: [UInt8],
        file: String,
        maximumDepth: Int = 64,
        replacesHalfPairs: Bool = false
    ) -> Result<Node, DocumentFault> {
        if let fault = DocumentFault.encoding(of: bytes, file: file) { return .failure(fault) }
        var document = JSONDocument(bytes, file, maximumDepth, replacesHalfPairs)
        return Result { () throws(DocumentFault) in try document.whole() }
    }

    private mutating func whole() throws(DocumentFault) -> Node {
        skipSpace()
        guard at < bytes.count else { throw fault("the file holds no JSON value") }
        let node = try value()
        skipSpace()
        guard at == bytes.count else {
            throw fault("something follows after the end of the JSON value", instead: "nothing after it")
        }
        return node
    }

    private mutating func value() throws(DocumentFault) -> Node {
        let start = location
        switch bytes[at] {
        case UInt8(ascii: "{"): return Node(location: start, value: .mapping(try object(start)))
        case UInt8(ascii: "["): return Node(location: start, value: .sequence(try array(start)))
        case UInt8(ascii: "\""): return Node(location: start, value: .scalar(try string(), .quoted))
        default: return Node(location: start, value: .scalar(try literal(), .plain))
        }
    }

    private mutating func object(_ start: FileLocation) throws(DocumentFault) -> [Node.Entry] {
        try enter()
        var entries: [Node.Entry] = []
        if try closesHere(UInt8(ascii: "}"), of: "object", start) { return entries }
        while true {
            let keyPlace = location
            guard bytes[at] == UInt8(ascii: "\"") else {
                throw fault("an object's key must be a string in double quotes", instead: "\"KEY\": …")
            }
            let key = try string()
            skipSpace()
            if at < bytes.count, bytes[at] == UInt8(ascii: ",") || bytes[at] == UInt8(ascii: "}") {
                throw try bareStrings(from: key, keyPlace)
            }
            guard at < bytes.count, bytes[at] == UInt8(ascii: ":") else {
                throw at < bytes.count
                    ? fault("a colon is missing after the key \(JSONText.string(key))", instead: ":")
                    : unclosed("object", start)
            }
            at += 1
            skipSpace()
            guard at < bytes.count else { throw unclosed("object", start) }
            entries.append(Node.Entry(key: key, location: keyPlace, value: try value()))
            if try closes(UInt8(ascii: "}"), of: "object", start) { return entries }
        }
    }

    /// What to write for strings that stand in an object as if in a list.
    private mutating func bareStrings(
        from first: String,
        _ place: FileLocation
    ) throws(DocumentFault) -> DocumentFault {
        var strings = [first]
        while at + 1 < bytes.count, bytes[at] == UInt8(ascii: ",") {
            at += 1
            skipSpace()
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { break }
            strings.append(try string())
            skipSpace()
        }
        let list = strings.map { JSONText.string($0) }.joined(separator: ", ")
        return DocumentFault(
            location: place,
            message: "an object holds keys with values, and this is a bare string",
            instead: "[\(list)] instead of { … }",
            bareStrings: strings
        )
    }

    private mutating func array(_ start: FileLocation) throws(DocumentFault) -> [Node] {
        try enter()
        var items: [Node] = []
        if try closesHere(UInt8(ascii: "]"), of: "list", start) { return items }
        while true {
            items.append(try value())
            if try closes(UInt8(ascii: "]"), of: "list", start) { return items }
        }
    }

    private mutating func enter() throws(DocumentFault) {
        depth += 1
        guard depth <= maximumDepth else {
            throw fault("nested deeper than \(maximumDepth) levels")
        }
        at += 1
    }

    /// Whether the bracket closes here.
    private mutating func closesHere(
        _ end: UInt8,
        of what: String,
        _ start: FileLocation
    ) throws(DocumentFault) -> Bool {
        skipSpace()
        guard at < bytes.count else { throw unclosed(what, start) }
        guard bytes[at] == end else { return false }
        at += 1
        depth -= 1
        return true
    }

    /// After a member: whether the bracket closes, or a comma and another member follow.
    private mutating func closes(
        _ end: UInt8,
        of what: String,
        _ start: FileLocation
    ) throws(DocumentFault) -> Bool {
        if try closesHere(end, of: what, start) { return true }
        guard bytes[at] == UInt8(ascii: ",") else {
            let began = "\(start.line ?? 0):\(start.column ?? 0)"
            let isText = !JSONSyntax.ends(bytes[at])
            throw fault(
                "a comma or the end of the \(what) that begins at \(began) is missing here"
                    + (isText ? ", or a string before this lacks its closing quote" : ""),
                instead: isText ? nil : ", or \(JSONSyntax.text(end))"
            )
        }
        let comma = location
        at += 1
        skipSpace()
        guard at < bytes.count else { throw unclosed(what, start) }
        guard bytes[at] != end else {
            throw DocumentFault(
                location: comma,
                message: "JSON allows no comma after the last member",
                instead: JSONSyntax.text(end)
            )
        }
        return false
    }

    private mutating func unclosed(_ what: String, _ start: FileLocation) -> DocumentFault {
        DocumentFault(
            location: location,
            message:
                "the file ends, but the \(what) opened at \(start.line ?? 0):\(start.column ?? 0) is not closed",
            instead: what == "list" ? "]" : "}"
        )
    }

    private mutating func literal() throws(DocumentFault) -> String {
        let start = at
        while at < bytes.count, !JSONSyntax.ends(bytes[at]) { at += 1 }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if text == "true" || text == "false" || text == "null" || JSONSyntax.isNumber(bytes[start..<at]) {
            return text
        }
        at = start
        guard !text.isEmpty else {
            throw fault("a value is missing before this \(JSONSyntax.text(bytes[at]))")
        }
        if text.hasPrefix("#") || text.hasPrefix("//") || text.hasPrefix("/*") {
            throw fault("JSON has no comments", instead: "nothing here")
        }
        // Perhaps another file was meant, and nothing in that is for the screen.
        guard let first = bytes.first(where: { $0 > 0x20 && ![0xEF, 0xBB, 0xBF].contains($0) }),
            first == 0x7B || first == 0x5B
        else {
            throw fault("this is no JSON", instead: "a file that begins with { or [")
        }
        let meant = JSONSyntax.meant(by: bytes[start...])
        throw fault("\(meant.written) is not a valid JSON value", instead: meant.instead)
    }

    private mutating func string() throws(DocumentFault) -> String {
        let opening = location
        at += 1
        var text: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            switch byte {
            case UInt8(ascii: "\""):
                at += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                try escape(into: &text)
            case 0x0A, 0x0D:
                throw DocumentFault(
                    location: opening,
                    message: "the string that begins here has no closing quote on its line",
                    instead: JSONSyntax.closed(text)
                )
            case 0..<0x20:
                throw fault(
                    "a control character in a string must be escaped",
                    instead: byte == 9 ? "\\t" : "\\u00XX"
                )
            default:
                text.append(byte)
                at += 1
            }
        }
        throw DocumentFault(
            location: opening,
            message: "the string that begins here has no closing quote",
            instead: "\" at its end"
        )
    }

    private mutating func escape(into text: inout [UInt8]) throws(DocumentFault) {
        let start = location
        let bad = DocumentFault(
            location: start,
            message: "a backslash must be followed by one of \" \\ / b f n r t u",
            instead: "\\\\ for a backslash"
        )
        guard at + 1 < bytes.count else { throw bad }
        at += 2
        switch bytes[at - 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(bytes[at - 1])
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hexadecimal(start)
            if (0xD800..<0xDC00).contains(code), at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
                bytes[at + 1] == UInt8(ascii: "u")
            {
                let second = at
                at += 2
                let low = try hexadecimal(start)
                if (0xDC00..<0xE000).contains(low) {
                    code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
                } else {
                    at = second
                }
            }
            guard let scalar = Unicode.Scalar(code) ?? (replacesHalfPairs ? "\u{FFFD}" : nil) else {
                throw DocumentFault(
                    location: start,
                    message: "half of a surrogate pair is not a valid character"
                )
            }
            text += Array(String(Character(scalar)).utf8)
        default: throw bad
        }
    }

    private mutating func hexadecimal(_ start: FileLocation) throws(DocumentFault) -> UInt32 {
        let digits = String(decoding: bytes[at..<min(at + 4, bytes.count)], as: UTF8.self)
        guard digits.utf8.count == 4, digits.allSatisfy(\.isHexDigit), let code = UInt32(digits, radix: 16)
        else {
            throw DocumentFault(location: start, message: "\\u must be followed by four hexadecimal digits")
        }
        at += 4
        return code
    }

    private mutating func skipSpace() {
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x09, 0x0D: at += 1
            case 0x0A:
                at += 1
                line += 1
                (counted, column) = (at, 1)
            default: return
            }
        }
    }

    /// Where the reading stands.
    ///
    /// Characters are counted on from the last place, as one line may hold the whole file.
    private var location: FileLocation {
        mutating get {
            column += bytes[counted..<at].count { $0 & 0xC0 != 0x80 }
            counted = at
            return FileLocation(file: file, line: line, column: column)
        }
    }

    private mutating func fault(_ message: String, instead: String? = nil) -> DocumentFault {
        DocumentFault(location: location, message: message, instead: instead)
    }
}
