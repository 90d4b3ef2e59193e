import Foundation

/// Commands pasted into a shell in which `aws` notes the arguments that it gets.
public struct PastedCommands {
    /// The arguments of each call, in order; a call of its own for each line when all is well.
    public let calls: [[String]]
    /// What the shell said on standard error.
    public let errors: String
    /// Files that are there afterwards and were not before.
    public let files: [String]

    /// Runs all lines in one shell, and nothing but them: every other program is out of reach.
    public init(_ lines: [String], shell: [String], before: String = "") throws {
        let folder = try TestFolder()
        let script = try folder.write(
            "script",
            "PATH=\naws() { printf '%s\\000' \"$#\" \"$@\"; }\n\(before)\n" + lines.map { $0 + "\n" }.joined()
        )
        for name in ["in", "out", "errors"] { try folder.write(name, "") }
        let process = Process()
        process.executableURL = URL(filePath: shell[0])
        process.arguments = shell.dropFirst() + [script]
        process.currentDirectoryURL = URL(filePath: folder.path)
        process.standardInput = try FileHandle(forReadingFrom: URL(filePath: folder.path + "/in"))
        // No pipes: a program that another test starts at this moment could inherit them, and keep them open.
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: folder.path + "/out"))
        process.standardError = try FileHandle(forWritingTo: URL(filePath: folder.path + "/errors"))
        try process.run()
        process.waitUntilExit()
        errors = try folder.read("errors")
        files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
            !["script", "in", "out", "errors"].contains($0)
        }
        let output = try Data(contentsOf: URL(filePath: folder.path + "/out"))
        var words = output.split(separator: 0, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }[...]
        var calls: [[String]] = []
        while words.count > 1, let count = words.popFirst().flatMap({ Int($0) }), count <= words.count {
            calls.append(Array(words.prefix(count)))
            words = words.dropFirst(count)
        }
        self.calls = calls
    }
}
