import Testing

/// What fuzzing has found, once more on every run of the tests.
@Suite
struct KeptInputTests {
    @Test(
        "What once was a fault, and what reaches deep, is taken as it should be",
        arguments: Fuzzing.targets.map { $0.name }
    )
    func kept(name: String) throws {
        let type = try #require(Fuzzing.targets.first { $0.name == name })
        let target = try type.init()
        let seeds = try type.seeds()
        #expect(!seeds.isEmpty)
        for input in seeds + Fuzzing.kept("Corpus", of: type) + Fuzzing.kept("Crashers", of: type) {
            do { try target.take(input) } catch { Issue.record("\(error)\nof \(KeptInput.line(input))") }
        }
        #expect(!target.reached.isEmpty)
    }

    @Test(
        "Inputs are kept as they are, whatever their bytes",
        arguments: [
            [], [0], Array("{\"a\\n\":\n1}\\x41".utf8), Array("é\u{1F600}\u{85}\u{7F}#".utf8), Array(0...255),
            [0xC3], [0xC3, 0x28, 0x5C],
        ] as [[UInt8]]
    )
    func lines(bytes: [UInt8]) {
        let line = KeptInput.line(bytes)
        #expect(!line.utf8.contains(0x0A))
        #expect(KeptInput.inputs(Array("# a comment\n\(line)\n".utf8)) == (bytes.isEmpty ? [] : [bytes]))
    }
}
