import Foundation
import KafkaTestSupport
import TestSupport
import Testing

/// What `replay` tells of how far it is, and how long it took.
struct ReplayProgressTests {
    private let tree: TestFolder

    init() throws { tree = try TestFolder() }

    @Test("The bar is whole on a terminal of any width", arguments: [24, 40, 60, 80, 120])
    func bar(columns: Int) throws {
        // Enough to take a moment.
        let trail = Array(repeating: SampleDay.document(SampleDay.records), count: 60).joined(separator: "\n")
        let path = try tree.write("trail.json", trail)
        let trails = Array(repeating: path, count: 16).joined(separator: " ")
        let command = "stty cols \(columns) && '\(Binary.path)' replay \(trails) -o /dev/null"
        let result = try runCommand(["script", "-qec", command, "/dev/null"])
        #expect(result.status == 0, "\(result)")
        let drawn = result.output.components(separatedBy: "\r\u{1B}[K").dropFirst().dropLast()
        #expect(!drawn.isEmpty, "\(result)")
        let line = /(\[=* *\] )?[0-9]+ %(  [0-9,]+ records, [0-9].* a second)?(, .+ left)?/
        for text in drawn {
            #expect(text.utf8.count < columns && text.wholeMatch(of: line) != nil, "\(text)")
        }
    }

    @Test("The time that it tells is all of it, from the start of the program")
    func time() throws {
        let trail = try tree.write("events.jsonl", SampleDay.records[0])
        let command = "\"$0\" replay '\(trail)' -o /dev/null --policy <(sleep 2; echo 'version: 1')"
        let result = try Binary.script(command)
        #expect(result.status == 0, "\(result.errors)")
        let told = result.errors.firstMatch(of: /records? in ([0-9.]+) s/).flatMap { Double($0.output.1) }
        // The shell may begin to wait a little before the program begins.
        #expect(told ?? 0 >= 1, "\(result.errors)")
    }
}
