import Foundation
import KafkaTestSupport
import TestSupport
import Testing

@testable import Pipeline

/// The commands that `topics` prints, as a shell reads them.
struct MendingCommandTests {
    @Test("A shell reads every word back unchanged", arguments: ["sh", "bash"])
    func words(shell: String) throws {
        var hostile = HostileText(seed: 23)
        let words = (0..<100_000).map { _ in hostile.text().replacing("\0", with: "") }
        let folder = try TestFolder()
        let lines = words.map { "printf '%s\\0' \(MendingCommands.quoted($0))" }
        let script = try folder.write("script", lines.joined(separator: "\n"))
        let found = folder.path + "/found"
        let result = try runCommand([shell, "-c", "cd \(folder.path) && \(shell) \(script) > \(found)"])
        #expect(result.status == 0, "\(result.errors.prefix(500))")
        let bytes = try Data(contentsOf: URL(fileURLWithPath: found))
        #expect(bytes.elementsEqual(words.flatMap { Array($0.utf8) + [0] }))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2)
    }
}
