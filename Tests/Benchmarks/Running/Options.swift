/// What stands behind a benchmark's name: pairs of `--name value`.
struct Options {
    private var values: [String: String] = [:]

    init(_ arguments: ArraySlice<String>, known: Set<String>) throws {
        var rest = arguments
        while let name = rest.popFirst() {
            guard name.hasPrefix("--"), known.contains(String(name.dropFirst(2))) else {
                let names = known.sorted().map { "--\($0)" }
                throw UsageError("\(name) is unknown; known are \(names.joined(separator: " "))")
            }
            guard let value = rest.popFirst() else { throw UsageError("\(name) needs a value") }
            values[String(name.dropFirst(2))] = value
        }
    }

    func text(_ name: String) -> String? { values[name] }

    func number(_ name: String, _ standard: Int) throws -> Int {
        guard let text = values[name] else { return standard }
        guard let number = Int(text.split(separator: "_").joined()) else {
            throw UsageError("--\(name) needs a number")
        }
        return number
    }
}

/// What was wrong with the command line.
struct UsageError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
