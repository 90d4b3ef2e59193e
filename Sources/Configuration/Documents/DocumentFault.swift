/// Where and why the text of a file is no YAML, or no JSON.
package struct DocumentFault: Error {
    let location: FileLocation
    let message: String
    var instead: String?
    /// The strings that stand in { } without keys, as if in a list.
    var bareStrings: [String] = []

    /// A fault if the file is not UTF-8 (editors and shells on Windows write UTF-16).
    static func encoding(of bytes: [UInt8], file: String) -> DocumentFault? {
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            return DocumentFault(
                location: FileLocation(file: file, line: 1, column: 1),
                message: "the file is UTF-16; save it as UTF-8"
            )
        }
        guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
        var line = 1
        var rest = bytes[...]
        // Only the first broken line is decoded bytewise; those before it are known to be sound.
        while let end = rest.firstIndex(of: 0x0A), String(validating: rest[..<end], as: UTF8.self) != nil {
            rest = rest[(end + 1)...]
            line += 1
        }
        var column = 1
        var decoder = UTF8()
        var iterator = rest.makeIterator()
        while case .scalarValue = decoder.decode(&iterator) { column += 1 }
        return DocumentFault(
            location: FileLocation(file: file, line: line, column: column),
            message: "the bytes here are not UTF-8; save the file as UTF-8"
        )
    }
}
